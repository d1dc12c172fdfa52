package alert

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/gateway/outbox"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// stateOf is what an event tells.
func stateOf(t interface{ Fatal(...any) }, e outbox.Event) What {
	var told Told
	if err := json.Unmarshal(e.Data, &told); err != nil {
		t.Fatal(err)
	}
	return told.Alert.State
}

// TestLaws plays the life of a cause: found now and then, mended now and then, looked at when due.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(Kinds()).Draw(t, "kind")
		lasts := kinds[kind].lasts
		var a Alert
		now, stands := noon, false
		var lastTold time.Time
		var untoldSince time.Time // of the oldest finding that was not told, while it counts
		open, telling := false, map[outbox.EventID]bool{}
		hear := func(events []outbox.Event) {
			if len(events) > 1 {
				t.Fatalf("%d events at once", len(events))
			}
			for _, e := range events {
				if telling[e.ID] {
					t.Fatalf("the event %s was told before", e.ID)
				}
				telling[e.ID] = true
				switch what := stateOf(t, e); {
				case what == Over && !open:
					t.Fatal("resolved, though it was not told that it is there")
				case what == Over:
					open = false
				case !lastTold.IsZero() && now.Before(lastTold.Add(day)):
					t.Fatalf("told twice in a day: %s and %s", lastTold, now)
				case (what == Still) != open:
					t.Fatalf("told as %s, and open is %v", what, open)
				default:
					lastTold, open, untoldSince = now, true, time.Time{}
				}
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "find") {
				stands = true
				if untoldSince.IsZero() {
					untoldSince = now
				}
				var tell []outbox.Event
				a, tell = a.Found(Finding{Kind: kind, Cause: "c", Say: "s", At: now})
				hear(tell)
			} else if rapid.Bool().Draw(t, "mend") {
				stands = false
			}
			end := now.Add(time.Duration(rapid.Int64Range(0, int64(40*time.Hour)).Draw(t, "pass")))
			for !a.DueAt.IsZero() && !a.DueAt.After(end) {
				if a.DueAt.Before(now) {
					t.Fatalf("due at %s, in the past of %s", a.DueAt, now)
				}
				now = a.DueAt
				var tell []outbox.Event
				a, tell = a.Looked(stands, now)
				hear(tell)
				if a.State != Raised {
					untoldSince = time.Time{}
					if !lasts {
						open = false // it happened, and is past: that is not told
					}
				}
				if lasts && (a.State == Raised) != stands {
					t.Fatalf("it stands: %v, and is %s", stands, a.State)
				}
			}
			now = end
			if !untoldSince.IsZero() && now.Sub(untoldSince) > day {
				t.Fatalf("found at %s, and not told at %s", untoldSince, now)
			}
		}
	})
}

func TestGatherMakesOneOfOneCause(t *testing.T) {
	got := Gather([]Finding{{Kind: "k", Cause: "a", Say: "1"}, {Kind: "k", Cause: "b"}, {Kind: "k", Cause: "a", Say: "2", Times: 4}, {Kind: "l", Cause: "a"}})
	if len(got) != 3 || got[0].Times != 5 || got[0].Say != "2" || got[1].Times != 1 || got[2].Kind != "l" {
		t.Errorf("got %+v", got)
	}
}

// Every kind of alert is one that programs may ask for, and says what to do.
func TestKindsSayWhatToDo(t *testing.T) {
	n := 0
	for _, k := range outbox.Kinds {
		if k.Kind.Group() != "alert" {
			continue
		}
		n++
		if kinds[k.Kind].do == "" {
			t.Errorf("%s does not say what to do", k.Kind)
		}
	}
	if n != len(kinds) {
		t.Errorf("programs are told of %d kinds of %d", n, len(kinds))
	}
}
