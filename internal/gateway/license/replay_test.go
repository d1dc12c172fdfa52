package license

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

var day = time.Date(2026, 8, 20, 0, 0, 0, 0, time.UTC)

func at(clock string) time.Time {
	d, err := time.Parse("15:04:05", clock)
	if err != nil {
		panic(err)
	}
	return day.Add(d.Sub(d.Truncate(24 * time.Hour)))
}

func facts(spec ...string) (fs []Fact) {
	for i := 0; i < len(spec); i += 2 {
		fs = append(fs, Fact{ID: fmt.Sprint(i), Kind: Kind(spec[i]), At: at(spec[i+1])})
	}
	return fs
}

// The sequence that was observed on the live marketplace on 2026-08-20 (docs/aws/lifecycle.md).
var observed = facts("activated", "14:24:23", "arrived", "14:24:44", "agreement_ended", "14:24:57", "deprovisioned", "14:25:28")

func TestObservedSequence(t *testing.T) {
	for _, c := range []struct {
		known int
		now   string
		want  State
		close string
	}{
		{0, "14:24:00", None, ""},
		{1, "14:24:30", Active, ""},
		{2, "14:24:50", Active, ""},
		{3, "14:25:00", WindingDown, "15:24:57"},
		{4, "14:26:00", WindingDown, "15:25:28"},
		{4, "15:25:27", WindingDown, "15:25:28"},
		{4, "15:25:28", Ended, "15:25:28"},
	} {
		s := Replay(observed[:c.known], at(c.now))
		if s.State != c.want || (c.close != "" && !s.ClosesAt.Equal(at(c.close))) {
			t.Errorf("%d facts at %s: %s until %s; want %s until %s", c.known, c.now, s.State, s.ClosesAt, c.want, c.close)
		}
		if s.State == Ended && !s.Since.Equal(s.ClosesAt) {
			t.Errorf("ended at %s, not when the window closed", s.Since)
		}
	}
}

func TestClassicGuideDeprovisionedClosesTheHour(t *testing.T) {
	fs := facts("activated", "10:00:00", "agreement_ended", "14:00:00", "deprovisioned", "15:00:00")
	if s := Replay(fs, at("15:00:00")); s.State != Ended || !s.ClosesAt.Equal(at("15:00:00")) {
		t.Errorf("%s, closes %s", s.State, s.ClosesAt)
	}
}

func TestRenewalIsNoEnd(t *testing.T) {
	fs := facts("activated", "10:00:00", "agreement_followed", "11:00:00", "activated", "11:00:05")
	fs[2].ID = "renewed"
	if s := Replay(fs, at("23:00:00")); s.State != Active || len(s.Unused) != 0 {
		t.Errorf("%s, unused %v", s.State, s.Unused)
	}
}

func TestSubscribingAgainInsideTheLastHour(t *testing.T) {
	fs := facts("activated", "10:00:00", "unsubscribe_pending", "14:00:00", "activated", "14:30:00")
	if s := Replay(fs, at("16:00:00")); s.State != Active || !s.ClosesAt.IsZero() {
		t.Errorf("%s, closes %s", s.State, s.ClosesAt)
	}
}

func TestPeerA14_AnOldActivationNeverResurrects(t *testing.T) {
	fs := facts("deprovisioned", "14:00:00", "activated", "13:59:00")
	if s := Replay(fs, at("16:00:00")); s.State != Ended {
		t.Errorf("%s", s.State)
	}
}

func TestArrivalAloneGivesNoAccess(t *testing.T) {
	if s := Replay(facts("arrived", "10:00:00"), at("11:00:00")); s.State != Pending || s.Access() {
		t.Errorf("%s, access %v", s.State, s.Access())
	}
}

// AWS terminated an agreement before anybody had heard that it was active: there was no last hour. If a late notice says
// that it was active, there was one.
func TestWhatNeverBeganHasNoLastHour(t *testing.T) {
	never := []string{"arrived", "10:00:00", "never_began", "10:02:00"}
	for name, c := range map[string]struct {
		more  []string
		state State
		hour  bool
	}{
		"nothing else":                 {nil, Failed, false},
		"the end, told after it":       {[]string{"agreement_ended", "10:02:12"}, Ended, false},
		"the end, told before it":      {[]string{"agreement_ended", "10:01:59"}, Ended, false},
		"late, that it was active":     {[]string{"activated", "10:01:12"}, WindingDown, true},
		"late, all of it":              {[]string{"activated", "10:01:12", "agreement_ended", "10:02:12"}, WindingDown, true},
		"late, with an earlier end":    {[]string{"activated", "10:01:12", "agreement_ended", "10:01:59"}, WindingDown, true},
		"bought again half an hour on": {[]string{"activated", "10:30:00"}, Active, false},
	} {
		s := Replay(facts(append(never, c.more...)...), at("10:40:00"))
		if s.State != c.state || s.Access() != (c.hour || c.state == Active) || c.hour != !s.ClosesAt.IsZero() && c.state == WindingDown {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// Every order of every set of up to five facts, each told up to twice, gives one standing.
func TestOrderAndRepetitionDoNotMatter(t *testing.T) {
	reasons := map[Kind][]EndReason{AgreementEnded: {Cancelled, Expired, Terminated, ""}, AgreementFollowed: {Renewed, Replaced, ""}}
	kinds := []Kind{Arrived, Activated, PaymentFailed, NeverBegan, AgreementEnded, AgreementFollowed, Deprovisioned, UnsubscribePending, Unsubscribed, Refused}
	instants := []time.Time{at("10:00:00"), at("10:20:00"), at("12:00:00")}
	pick := func(n, seed int) (fs []Fact) {
		for i := range n {
			f := Fact{ID: fmt.Sprint(i), Kind: kinds[seed%len(kinds)], At: instants[(seed/len(kinds))%len(instants)]}
			if why := reasons[f.Kind]; why != nil {
				f.Reason = why[seed%len(why)]
			}
			fs = append(fs, f)
			seed = seed/3 + 7*i
		}
		return fs
	}
	for seed := range 500 {
		fs := pick(4, seed)
		want := Replay(fs, at("12:30:00"))
		permute(fs, func(p []Fact) {
			if got := Replay(p, at("12:30:00")); !reflect.DeepEqual(got, want) {
				t.Fatalf("%v\n gives %+v\n want  %+v", p, got, want)
			}
			if got := Replay(append(p, p[0], p[2]), at("12:30:00")); !reflect.DeepEqual(got, want) {
				t.Fatalf("%v, repeated\n gives %+v\n want  %+v", p, got, want)
			}
		})
	}
}

func permute(fs []Fact, f func([]Fact)) {
	var rec func(n int)
	rec = func(n int) {
		if n == 1 {
			f(append([]Fact(nil), fs...))
			return
		}
		for i := range n {
			rec(n - 1)
			if n%2 == 0 {
				fs[i], fs[n-1] = fs[n-1], fs[i]
			} else {
				fs[0], fs[n-1] = fs[n-1], fs[0]
			}
		}
	}
	rec(len(fs))
}

// Law 4 over the whole table: access is only ever reached through the marketplace's word.
func TestAccessOnlyFromTheMarketplacesWord(t *testing.T) {
	for e, st := range transitions {
		gains := (Standing{State: st.to}).Access() && !(Standing{State: e.from}).Access()
		if gains && e.on == Arrived {
			t.Errorf("%v gives access", e)
		}
	}
}
