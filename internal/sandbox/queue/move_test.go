package queue

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/clock"
)

// graveyard is a stage whose queue gives up what was received once, to the queue "dead".
func graveyard(t testing.TB, letters ...string) *stage {
	st := &stage{clk: clock.NewVirtual(noon)}
	st.Service = New(Options{Clock: st.clk, Log: func(c Change) error { st.log = append(st.log, c); return nil },
		NewID: func() string { st.ids++; return fmt.Sprintf("m%d", st.ids) }, Ready: func() { st.ready++ }})
	for name, attrs := range map[string]map[string]string{"dead": nil, "q": {"RedrivePolicy": `{"deadLetterTargetArn":"` + ARN(account, "dead") + `","maxReceiveCount":1}`, "VisibilityTimeout": "0"}} {
		if err := st.Create(account, name, attrs); err != nil {
			t.Fatal(err)
		}
	}
	for _, body := range letters {
		if _, err := st.Send(account, "q", Message{Body: body}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for len(st.Waiting(account, "q")) > 0 { // received once, and then found to be dead
		if _, err := st.Receive(t.Context(), account, "q", Receiving{Max: 10}); err != nil {
			t.Fatal(err)
		}
	}
	return st
}

func (st *stage) at(name string) (texts []string) { return bodies(st.Waiting(account, name)) }

// settle lets what is due happen until d has passed.
func (st *stage) settle(t testing.TB, d time.Duration) {
	t.Helper()
	end := st.clk.Now().Add(d)
	for {
		at, ok := st.Due()
		if !ok || at.After(end) {
			break
		}
		st.clk.Set(at)
		if _, err := st.RunDue(); err != nil {
			t.Fatal(err)
		}
	}
	st.clk.Set(end)
}

func TestDeadLettersGoBackWhereTheyCameFrom(t *testing.T) {
	st := graveyard(t, "a", "b", "c", "d", "e", "f", "g")
	if got := fmt.Sprint(st.at("dead"), st.at("q")); got != "[a b c d e f g] []" {
		t.Fatalf("before the move: %s", got)
	}
	old := st.Waiting(account, "dead")
	st.clk.Set(noon.Add(time.Hour))
	before := st.ready
	m, err := st.StartMove(Move{Source: ARN(account, "dead")})
	if err != nil || m.Status != MoveCompleted || m.Moved != 7 || m.ToMove != 7 {
		t.Fatalf("%+v, %v", m, err)
	}
	if got := fmt.Sprint(st.at("dead"), st.at("q")); got != "[] [a b c d e f g]" || st.ready == before {
		t.Errorf("after it: %s, readers told: %v", got, st.ready > before)
	}
	for i, r := range st.Waiting(account, "q") { // they are new messages
		if r.ID == old[i].ID || r.Receives != 0 || r.DeadLetterOf != "" || !r.SentAt.Equal(noon.Add(time.Hour)) {
			t.Errorf("%s came back as %+v", old[i].Body, r)
		}
	}
}

func TestAMoveKeepsToItsRateAndCanBeCancelled(t *testing.T) {
	st := graveyard(t, "a", "b", "c", "d", "e")
	if err := st.Create(account, "other", nil); err != nil {
		t.Fatal(err)
	}
	m, err := st.StartMove(Move{Source: ARN(account, "dead"), Destination: ARN(account, "other"), PerSecond: 2})
	if err != nil || m.Status != MoveRunning || m.Moved != 2 {
		t.Fatalf("%+v, %v", m, err)
	}
	if at, ok := st.Due(); !ok || !at.Equal(noon.Add(time.Second)) {
		t.Errorf("it goes on at %v, %v", at, ok)
	}
	if _, err := st.StartMove(Move{Source: ARN(account, "dead")}); code(err) != InvalidParameterValue {
		t.Errorf("a second task beside it: %v", err)
	}
	st.settle(t, time.Second)
	if got := st.at("other"); fmt.Sprint(got) != "[a b c d]" {
		t.Errorf("after a second: %v", got)
	}
	m, err = st.CancelMove(m.Handle)
	if err != nil || m.Status != MoveCancelled || m.Moved != 4 {
		t.Fatalf("%+v, %v", m, err)
	}
	st.settle(t, time.Minute)
	if got := st.at("dead"); fmt.Sprint(got) != "[e]" {
		t.Errorf("a minute after it was cancelled there are %v left", got)
	}
	if _, err := st.CancelMove(m.Handle); code(err) != InvalidParameterValue {
		t.Errorf("cancelled twice: %v", err)
	}
	all, err := st.Moves(ARN(account, "dead"))
	if err != nil || len(all) != 1 || all[0].Status != MoveCancelled {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestAMoveThatCannotBeFails(t *testing.T) {
	st := graveyard(t, "a")
	if _, err := st.Send(account, "dead", Message{Body: "sent straight here"}, nil); err != nil {
		t.Fatal(err)
	}
	m, err := st.StartMove(Move{Source: ARN(account, "dead")})
	if err != nil || m.Status != MoveFailed || m.Why != "CouldNotDetermineMessageSource" || m.Moved != 1 {
		t.Errorf("%+v, %v", m, err)
	}
	if err := st.Create(account, "other", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Send(account, "dead", Message{Body: "and another"}, nil); err != nil {
		t.Fatal(err)
	}
	if m, err = st.StartMove(Move{Source: ARN(account, "dead"), Destination: ARN(account, "other"), PerSecond: 1}); err != nil || m.Status != MoveRunning {
		t.Fatalf("%+v, %v", m, err)
	}
	if err := st.Drop(account, "other"); err != nil {
		t.Fatal(err)
	}
	st.settle(t, time.Second)
	all, err := st.Moves(ARN(account, "dead"))
	if err != nil || len(all) != 2 || all[0].Status != MoveFailed || all[0].Why != "AWS.SimpleQueueService.NonExistentQueue" || len(st.at("dead")) != 1 {
		t.Errorf("%+v, %v, left %v", all, err, st.at("dead"))
	}
}

func TestMovesThatAreRefused(t *testing.T) {
	st := graveyard(t)
	for what, c := range map[string]struct {
		m    Move
		want Code
	}{
		"no such queue":             {Move{Source: ARN(account, "none")}, ResourceNotFound},
		"nobody's dead letters":     {Move{Source: ARN(account, "q")}, InvalidParameterValue},
		"to itself":                 {Move{Source: ARN(account, "dead"), Destination: ARN(account, "dead")}, InvalidParameterValue},
		"to nowhere":                {Move{Source: ARN(account, "dead"), Destination: ARN(account, "none")}, ResourceNotFound},
		"too fast":                  {Move{Source: ARN(account, "dead"), PerSecond: 501}, InvalidParameterValue},
		"as fast as may be":         {Move{Source: ARN(account, "dead"), PerSecond: 500}, ""},
		"of nothing, at once, done": {Move{Source: ARN(account, "dead")}, ""},
	} {
		if _, err := st.StartMove(c.m); code(err) != c.want {
			t.Errorf("%s: %v; want %q", what, err, c.want)
		}
	}
	for _, handle := range []string{"", "x", "bnVsbA==", moveHandle{"t", ""}.String()} {
		if _, err := st.CancelMove(handle); code(err) != InvalidParameterValue {
			t.Errorf("cancel %q: %v", handle, err)
		}
	}
	for _, handle := range []string{moveHandle{"t", ARN(account, "none")}.String(), moveHandle{"t", ARN(account, "dead")}.String()} {
		if _, err := st.CancelMove(handle); code(err) != ResourceNotFound {
			t.Errorf("cancel %q: %v", handle, err)
		}
	}
}

func TestAFullJournalLeavesEverythingWhereItIs(t *testing.T) {
	st := graveyard(t, "a", "b")
	full := fmt.Errorf("no space left")
	st.Service.log = func(Change) error { return full }
	if _, err := st.StartMove(Move{Source: ARN(account, "dead"), PerSecond: 1}); err == nil {
		t.Error("moved without being written down")
	}
	if got := fmt.Sprint(st.at("dead"), st.at("q")); got != "[a b] []" {
		t.Errorf("then: %s", got)
	}
}

// TestNoMoveLosesOrDoublesAMessage plays moves at any rate, cancelled or not, and kills the service anywhere: every
// message is in one of the queues, once, before and after.
func TestNoMoveLosesOrDoublesAMessage(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var letters []string
		for i := range rapid.IntRange(0, 12).Draw(r, "letters") {
			letters = append(letters, fmt.Sprint(i))
		}
		st := graveyard(t, letters...)
		everything := func(s *Service) (all []string) {
			for _, name := range []string{"q", "dead"} {
				all = append(all, bodies(s.Waiting(account, name))...)
			}
			slices.Sort(all)
			return all
		}
		for range rapid.IntRange(1, 4).Draw(r, "tasks") {
			m, err := st.StartMove(Move{Source: ARN(account, "dead"), PerSecond: rapid.IntRange(0, 4).Draw(r, "rate")})
			if err != nil {
				r.Fatal(err)
			}
			st.settle(t, time.Duration(rapid.IntRange(0, 4).Draw(r, "seconds"))*time.Second)
			if rapid.Bool().Draw(r, "cancel") || m.running() {
				_, _ = st.CancelMove(m.Handle) // it may be over
			}
		}
		slices.Sort(letters)
		again := New(Options{Clock: st.clk})
		for _, c := range st.log {
			if err := again.Replay(c); err != nil {
				r.Fatal(err)
			}
		}
		for when, s := range map[string]*Service{"before the kill": st.Service, "after it": again} {
			if got := everything(s); !slices.Equal(got, letters) {
				r.Errorf("%s there are %v; want %v", when, got, letters)
			}
		}
		before, err := st.Moves(ARN(account, "dead"))
		after, againErr := again.Moves(ARN(account, "dead"))
		if err != nil || againErr != nil || !slices.Equal(before, after) {
			r.Errorf("the tasks %+v, %v came back as %+v, %v", before, err, after, againErr)
		}
	})
}

func TestPermissionsAreStatementsOfThePolicy(t *testing.T) {
	own := Open(ARN(account, "q"))
	st := newStage(t, map[string]string{"Policy": own})
	policy := func() string {
		attrs, err := st.Attributes(account, "q")
		if err != nil {
			t.Fatal(err)
		}
		return attrs["Policy"]
	}
	if err := st.AddPermission(account, "q", "friends", []string{"111122223333"}, []string{"SendMessage", "GetQueueUrl"}); err != nil {
		t.Fatal(err)
	}
	const want = `{"Sid":"friends","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":["SQS:SendMessage","SQS:GetQueueUrl"],"Resource":"arn:aws:sqs:us-east-1:444455556666:q"}`
	if got := policy(); got != own[:len(own)-2]+","+want+"]}" {
		t.Errorf("the policy is %s", got)
	}
	if err := st.Admit(ARN(account, "q"), "sns.amazonaws.com", "arn:aws:sns:us-east-1:1:t"); err != nil {
		t.Errorf("the permission took another one's place: %v", err)
	}
	if err := st.RemovePermission(account, "q", "friends"); err != nil || policy() != own {
		t.Errorf("%v, and the policy is %s", err, policy())
	}
	if err := st.Set(account, "q", map[string]string{"Policy": ""}); err != nil {
		t.Fatal(err)
	}
	if err := st.AddPermission(account, "q", "one", []string{"111122223333"}, []string{"*"}); err != nil {
		t.Fatal(err)
	}
	if err := st.RemovePermission(account, "q", "one"); err != nil || policy() != "" {
		t.Errorf("%v, and without its last statement the policy is %q", err, policy())
	}
	for what, c := range map[string]struct {
		label             string
		accounts, actions []string
		want              Code
	}{
		"a label of words":  {"my friends", []string{"111122223333"}, []string{"*"}, InvalidParameterValue},
		"nobody":            {"a", nil, []string{"*"}, MissingParameter},
		"nothing":           {"a", []string{"111122223333"}, nil, MissingParameter},
		"no account":        {"a", []string{"somebody"}, []string{"*"}, InvalidParameterValue},
		"no action":         {"a", []string{"111122223333"}, []string{"Fly"}, InvalidParameterValue},
		"eight actions":     {"a", []string{"111122223333"}, slices.Repeat([]string{"*"}, 8), OverLimit},
		"51 accounts":       {"a", slices.Repeat([]string{"111122223333"}, 51), []string{"*"}, OverLimit},
		"the first of many": {"a", []string{"111122223333"}, []string{"*"}, ""},
	} {
		if err := st.AddPermission(account, "q", c.label, c.accounts, c.actions); code(err) != c.want {
			t.Errorf("%s: %v; want %q", what, err, c.want)
		}
	}
	for i := range maxStatements - 1 {
		if err := st.AddPermission(account, "q", fmt.Sprintf("l%d", i), []string{"111122223333"}, []string{"*"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.AddPermission(account, "q", "last", []string{"111122223333"}, []string{"*"}); code(err) != OverLimit {
		t.Errorf("the 21st: %v", err)
	}
	if err := st.AddPermission(account, "q", "a", []string{"111122223333"}, []string{"*"}); code(err) != InvalidParameterValue {
		t.Errorf("a label that is there: %v", err)
	}
	if err := st.RemovePermission(account, "q", "never"); code(err) != InvalidParameterValue {
		t.Errorf("a label that is not: %v", err)
	}
	again := New(Options{Clock: st.clk})
	for _, c := range st.log {
		if err := again.Replay(c); err != nil {
			t.Fatal(err)
		}
	}
	mine, err := st.Attributes(account, "q")
	theirs, againErr := again.Attributes(account, "q")
	if err != nil || againErr != nil || !maps.Equal(mine, theirs) {
		t.Errorf("%v, %v came back as %v, %v", mine, err, theirs, againErr)
	}
}

// TestAPolicyOfOneStatement is one that is written without a list.
func TestAPolicyOfOneStatement(t *testing.T) {
	st := newStage(t, map[string]string{"Policy": `{"Statement":{"Sid":"alone","Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true}}}}`})
	if err := st.AddPermission(account, "q", "friends", []string{"111122223333"}, []string{"*"}); err != nil {
		t.Fatal(err)
	}
	if err := st.RemovePermission(account, "q", "friends"); err != nil {
		t.Fatal(err)
	}
	attrs, err := st.Attributes(account, "q")
	if want := `{"Statement":[{"Sid":"alone","Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true}}}]}`; err != nil || attrs["Policy"] != want {
		t.Errorf("%s, %v", attrs["Policy"], err)
	}
	if err := st.RemovePermission(account, "q", "alone"); err != nil {
		t.Error(err)
	}
}
