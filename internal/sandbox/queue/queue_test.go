package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"souk.dev/souk/internal/clock"
)

const account = "444455556666"

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// stage is a service with one queue, a clock that the test moves, and everything it was told.
type stage struct {
	*Service
	clk   *clock.Virtual
	log   []Change
	ready int
	ids   int
}

func newStage(t *testing.T, attrs map[string]string) *stage {
	st := &stage{clk: clock.NewVirtual(noon)}
	st.Service = New(Options{
		Clock: st.clk,
		NewID: func() string { st.ids++; return "m" + strconv.Itoa(st.ids) },
		Log:   func(c Change) error { st.log = append(st.log, c); return nil },
		Ready: func() { st.ready++ },
	})
	if err := st.Create(account, "q", attrs); err != nil {
		t.Fatal(err)
	}
	return st
}

func (st *stage) send(t *testing.T, bodies ...string) {
	t.Helper()
	for _, b := range bodies {
		if _, err := st.Send(account, "q", Message{Body: b}, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func (st *stage) receive(t *testing.T, most int) []Received {
	t.Helper()
	got, err := st.Receive(t.Context(), account, "q", Receiving{Max: most})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func bodies(got []Received) (out []string) {
	for _, r := range got {
		out = append(out, r.Body)
	}
	return out
}

func code(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

func TestOldestFirstThenHiddenUntilTheTimeoutOnTheSandboxClock(t *testing.T) {
	st := newStage(t, nil)
	st.send(t, "a", "b", "c")
	if got := bodies(st.receive(t, 2)); fmt.Sprint(got) != "[a b]" {
		t.Fatalf("first %v", got)
	}
	if got := bodies(st.receive(t, 10)); fmt.Sprint(got) != "[c]" {
		t.Fatalf("then %v", got)
	}
	if at, ok := st.Due(); !ok || !at.Equal(noon.Add(30*time.Second)) {
		t.Fatalf("due %v %v; want the end of the visibility timeout", at, ok)
	}
	st.clk.Set(noon.Add(30*time.Second - time.Nanosecond))
	if did, err := st.RunDue(); did || err != nil || len(st.receive(t, 10)) != 0 {
		t.Fatal("came back too early")
	}
	st.clk.Set(noon.Add(30 * time.Second))
	before := st.ready
	if did, err := st.RunDue(); !did || err != nil || st.ready != before+1 {
		t.Fatal("nobody was told that messages are back")
	}
	got := st.receive(t, 10)
	if fmt.Sprint(bodies(got)) != "[a b c]" || got[0].Receives != 2 || !got[0].FirstReceivedAt.Equal(noon) {
		t.Errorf("back came %v, received %d times, first at %v", bodies(got), got[0].Receives, got[0].FirstReceivedAt)
	}
	if _, ok := st.Due(); !ok {
		t.Error("they are hidden again and due again")
	}
}

func TestDeleteNeedsTheNewestHandle(t *testing.T) {
	st := newStage(t, nil)
	st.send(t, "a")
	first := st.receive(t, 1)[0]
	st.clk.Set(noon.Add(time.Minute))
	second := st.receive(t, 1)[0]
	if first.Handle == second.Handle {
		t.Fatal("a new receive gives a new handle")
	}
	for _, h := range []string{first.Handle, second.Handle, second.Handle} { // an old one, the right one, and again
		if wrong, err := st.Delete(account, "q", h); err != nil || wrong[0] != nil {
			t.Fatal(wrong, err)
		}
		if h == first.Handle && len(st.Waiting(account, "q")) != 1 {
			t.Fatal("an old handle deleted")
		}
	}
	if n := len(st.Waiting(account, "q")); n != 0 {
		t.Errorf("%d messages are left", n)
	}
	wrong, err := st.Delete(account, "q", "garbage", second.Handle[:len(second.Handle)-4])
	if err != nil || code(wrong[0]) != ReceiptHandleInvalid || code(wrong[1]) != ReceiptHandleInvalid {
		t.Errorf("garbled handles: %v %v", wrong, err)
	}
}

func TestHandleStillDeletesAfterTheTimeout(t *testing.T) {
	st := newStage(t, nil)
	st.send(t, "a")
	got := st.receive(t, 1)[0]
	st.clk.Set(noon.Add(time.Hour))
	if _, err := st.Delete(account, "q", got.Handle); err != nil || len(st.receive(t, 1)) != 0 {
		t.Error("a handle outlives its visibility timeout as long as nobody else received the message", err)
	}
}

func TestChangeVisibility(t *testing.T) {
	st := newStage(t, nil)
	st.send(t, "a")
	got := st.receive(t, 1)[0]
	if err := st.ChangeVisibility(account, "q", got.Handle, time.Hour); err != nil {
		t.Fatal(err)
	}
	st.clk.Set(noon.Add(59 * time.Minute))
	if len(st.receive(t, 1)) != 0 {
		t.Fatal("shown too early")
	}
	before := st.ready
	if err := st.ChangeVisibility(account, "q", got.Handle, 0); err != nil || st.ready != before+1 {
		t.Fatal("0 must show it at once, and tell", err)
	}
	if err := st.ChangeVisibility(account, "q", got.Handle, time.Minute); code(err) != MessageNotInflight {
		t.Errorf("not in flight: %v", err)
	}
	if len(st.receive(t, 1)) != 1 {
		t.Error("not shown")
	}
	if err := st.ChangeVisibility(account, "q", got.Handle, 13*time.Hour); code(err) != InvalidParameterValue {
		t.Errorf("13 hours: %v", err)
	}
}

func TestDelayHidesAtFirst(t *testing.T) {
	st := newStage(t, map[string]string{"DelaySeconds": "5"})
	st.send(t, "late")
	if _, err := st.Send(account, "q", Message{Body: "now"}, new(time.Duration(0))); err != nil {
		t.Fatal(err)
	}
	if got := bodies(st.receive(t, 10)); fmt.Sprint(got) != "[now]" {
		t.Fatalf("got %v", got)
	}
	st.clk.Set(noon.Add(5 * time.Second))
	if got := bodies(st.receive(t, 10)); fmt.Sprint(got) != "[late]" {
		t.Fatalf("after the delay %v", got)
	}
}

func TestDeadLetters(t *testing.T) {
	st := newStage(t, map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + ARN(account, "dead") + `","maxReceiveCount":"2"}`})
	if err := st.Create(account, "dead", nil); err != nil {
		t.Fatal(err)
	}
	st.send(t, "poison")
	for i := range 2 {
		if len(st.receive(t, 1)) != 1 {
			t.Fatal("receive", i)
		}
		st.clk.Set(st.clk.Now().Add(time.Minute))
	}
	if len(st.receive(t, 1)) != 0 {
		t.Fatal("received a third time")
	}
	got, err := st.Receive(t.Context(), account, "dead", Receiving{})
	if err != nil || len(got) != 1 || got[0].DeadLetterOf != ARN(account, "q") || !got[0].SentAt.Equal(noon) {
		t.Errorf("dead letters %+v, %v", got, err)
	}
}

func TestRetentionOnTheSandboxClock(t *testing.T) {
	st := newStage(t, map[string]string{"MessageRetentionPeriod": "60"})
	st.send(t, "a")
	st.clk.Set(noon.Add(time.Minute))
	if len(st.receive(t, 1)) != 0 {
		t.Error("kept beyond its retention")
	}
}

func TestLongPoll(t *testing.T) {
	wait := func(d time.Duration) Receiving { return Receiving{Wait: &d} }
	t.Run("returns as soon as a message is there", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := newStage(t, nil)
			elapsed := clock.Stopwatch()
			go func() {
				time.Sleep(7 * time.Second)
				_, _ = st.Send(account, "q", Message{Body: "a"}, nil)
			}()
			got, err := st.Receive(t.Context(), account, "q", wait(20*time.Second))
			if err != nil || len(got) != 1 || elapsed() != 7*time.Second {
				t.Errorf("%v, %v after %v", got, err, elapsed())
			}
		})
	})
	t.Run("is empty when the wait is over, though time stands still", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := newStage(t, map[string]string{"ReceiveMessageWaitTimeSeconds": "3"})
			elapsed := clock.Stopwatch()
			got, err := st.Receive(t.Context(), account, "q", Receiving{})
			if err != nil || len(got) != 0 || elapsed() != 3*time.Second {
				t.Errorf("%v, %v after %v", got, err, elapsed())
			}
		})
	})
	t.Run("sees a message come back when the clock is moved", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := newStage(t, nil)
			st.send(t, "a")
			st.receive(t, 1)
			go func() {
				time.Sleep(time.Second)
				st.clk.Set(noon.Add(30 * time.Second))
			}()
			elapsed := clock.Stopwatch()
			if got, err := st.Receive(t.Context(), account, "q", wait(20*time.Second)); err != nil || len(got) != 1 || elapsed() != time.Second {
				t.Errorf("%v, %v after %v", got, err, elapsed())
			}
		})
	})
	t.Run("ends with its client and receives nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := newStage(t, nil)
			ctx, cancel := context.WithCancel(t.Context())
			go func() { time.Sleep(time.Second); cancel() }()
			if _, err := st.Receive(ctx, account, "q", wait(20*time.Second)); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			st.send(t, "a")
			if got := st.receive(t, 1); len(got) != 1 || got[0].Receives != 1 {
				t.Error("the message went to the client that had gone")
			}
		})
	})
	t.Run("ends with its queue", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := newStage(t, nil)
			go func() { time.Sleep(time.Second); _ = st.Drop(account, "q") }()
			if _, err := st.Receive(t.Context(), account, "q", wait(20*time.Second)); code(err) != QueueDoesNotExist {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestRefusals(t *testing.T) {
	st := newStage(t, nil)
	send := func(m Message) error { _, err := st.Send(account, "q", m, nil); return err }
	receive := func(how Receiving) error { _, err := st.Receive(t.Context(), account, "q", how); return err }
	for name, c := range map[string]struct {
		err  error
		want Code
	}{
		"no such queue":      {st.Drop(account, "other"), QueueDoesNotExist},
		"bad name":           {st.Create(account, "a b", nil), InvalidParameterValue},
		"other attributes":   {st.Create(account, "q", map[string]string{"DelaySeconds": "1"}), QueueNameExists},
		"same attributes":    {st.Create(account, "q", map[string]string{"DelaySeconds": "0"}), ""},
		"unknown attribute":  {st.Set(account, "q", map[string]string{"Colour": "red"}), InvalidAttributeName},
		"attribute's bounds": {st.Set(account, "q", map[string]string{"VisibilityTimeout": "43201"}), InvalidAttributeValue},
		"fifo":               {st.Create(account, "f", map[string]string{"FifoQueue": "true"}), InvalidAttributeValue},
		"redrive":            {st.Set(account, "q", map[string]string{"RedrivePolicy": "{}"}), InvalidAttributeValue},
		"no body":            {send(Message{}), MissingParameter},
		"control character":  {send(Message{Body: "\x00"}), InvalidMessage},
		"too long":           {send(Message{Body: string(make([]byte, MaxMessageBytes+1))}), InvalidParameterValue},
		"eleven at once":     {receive(Receiving{Max: 11}), InvalidParameterValue},
		"wait of 21 s":       {receive(Receiving{Wait: new(21 * time.Second)}), InvalidParameterValue},
		"first purge":        {st.Purge(account, "q"), ""},
		"second purge":       {st.Purge(account, "q"), PurgeInProgress},
	} {
		if got := code(c.err); got != c.want {
			t.Errorf("%s: %v, want %q", name, c.err, c.want)
		}
	}
}

func TestAttributesCount(t *testing.T) {
	st := newStage(t, nil)
	st.send(t, "a", "b", "c")
	st.receive(t, 1)
	_, _ = st.Send(account, "q", Message{Body: "d"}, new(time.Minute))
	got, err := st.Attributes(account, "q")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"ApproximateNumberOfMessages": "2", "ApproximateNumberOfMessagesNotVisible": "1",
		"ApproximateNumberOfMessagesDelayed": "1", "VisibilityTimeout": "30", "QueueArn": "arn:aws:sqs:us-east-1:444455556666:q", "CreatedTimestamp": "1793534400"} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

// TestReplayBringsBackWhatWasNotDeleted plays random acts, kills the service after each few and rebuilds it from its
// log: exactly the messages that were sent and not deleted must be there to be received.
func TestReplayBringsBackWhatWasNotDeleted(t *testing.T) {
	for seed := range uint64(50) {
		st := newStage(t, nil)
		rnd := rand.New(rand.NewPCG(seed, 1))
		left := map[string]bool{}
		var handles []Received
		for range 200 {
			switch rnd.IntN(5) {
			case 0, 1:
				id, err := st.Send(account, "q", Message{Body: "x"}, new(time.Duration(rnd.IntN(60))*time.Second))
				if err != nil {
					t.Fatal(err)
				}
				left[id] = true
			case 2:
				handles = append(handles, st.receive(t, 1+rnd.IntN(10))...)
			case 3:
				if len(handles) > 0 {
					h := handles[rnd.IntN(len(handles))]
					before := len(st.Waiting(account, "q"))
					if _, err := st.Delete(account, "q", h.Handle); err != nil {
						t.Fatal(err)
					}
					if len(st.Waiting(account, "q")) < before {
						delete(left, h.ID)
					}
				}
			case 4:
				st.clk.Set(st.clk.Now().Add(time.Duration(rnd.IntN(40)) * time.Second))
			}
		}
		again := New(Options{Clock: st.clk, NewID: func() string { return "" }})
		for _, c := range st.log {
			text, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			var back Change
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatal(err)
			}
			if err := again.Replay(back); err != nil {
				t.Fatal(err)
			}
		}
		st.clk.Set(st.clk.Now().Add(time.Hour))
		found := map[string]bool{}
		for {
			got, err := again.Receive(t.Context(), account, "q", Receiving{Max: 10})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) == 0 {
				break
			}
			for _, r := range got {
				found[r.ID] = true
			}
		}
		if len(found) != len(left) {
			t.Fatalf("seed %d: %d messages after the restart, want %d", seed, len(found), len(left))
		}
		for id := range left {
			if !found[id] {
				t.Fatalf("seed %d: %s was lost", seed, id)
			}
		}
	}
}

func TestHandleFromBeforeARestartDeletes(t *testing.T) {
	st := newStage(t, nil)
	st.send(t, "a")
	got := st.receive(t, 1)[0]
	again := New(Options{Clock: st.clk})
	for _, c := range st.log {
		if err := again.Replay(c); err != nil {
			t.Fatal(err)
		}
	}
	if wrong, err := again.Delete(account, "q", got.Handle); err != nil || wrong[0] != nil || len(again.Waiting(account, "q")) != 0 {
		t.Error("not deleted", wrong, err)
	}
}

func TestWhatCannotBeWrittenDownDoesNotHappen(t *testing.T) {
	full := errors.New("disk full")
	st := newStage(t, nil)
	st.send(t, "a")
	got := st.receive(t, 1)[0]
	st.Service.log = func(Change) error { return full }
	if _, err := st.Send(account, "q", Message{Body: "b"}, nil); !errors.Is(err, full) {
		t.Error(err)
	}
	if _, err := st.Delete(account, "q", got.Handle); !errors.Is(err, full) {
		t.Error(err)
	}
	if err := st.Purge(account, "q"); !errors.Is(err, full) {
		t.Error(err)
	}
	if n := len(st.Waiting(account, "q")); n != 1 {
		t.Errorf("%d messages, want the one of before", n)
	}
}

func FuzzReadHandle(f *testing.F) {
	f.Add(handle("q", "m1", 3))
	f.Add("")
	f.Fuzz(func(t *testing.T, h string) {
		id, n, err := readHandle("q", h)
		if err != nil {
			return
		}
		if again, m, err := readHandle("q", handle("q", id, n)); err != nil || again != id || m != n {
			t.Errorf("%q reads as %q %d, and that as %q %d, %v", h, id, n, again, m, err)
		}
	})
}
