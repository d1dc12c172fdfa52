package license

import (
	"strings"
	"testing"
)

// because is facts, of which those at the places in reasons say why.
func because(fs []Fact, reasons map[int]EndReason) []Fact {
	for i, r := range reasons {
		fs[i].Reason = r
	}
	return fs
}

func TestWhyALicenceEnds(t *testing.T) {
	for name, c := range map[string]struct {
		facts []Fact
		now   string
		state State
		want  EndReason
	}{
		"cancelled":                                  {because(facts("activated", "10:00:00", "agreement_ended", "12:00:00", "deprovisioned", "12:00:31"), map[int]EndReason{1: Cancelled}), "12:10:00", WindingDown, Cancelled},
		"its term was over":                          {because(facts("activated", "10:00:00", "agreement_ended", "12:00:00", "deprovisioned", "12:00:31"), map[int]EndReason{1: Expired}), "12:10:00", WindingDown, Expired},
		"kept once it has ended":                     {because(facts("activated", "10:00:00", "agreement_ended", "12:00:00", "deprovisioned", "12:00:31"), map[int]EndReason{1: Expired}), "14:00:00", Ended, Expired},
		"withdrawn, and then told why":               {because(facts("activated", "10:00:00", "deprovisioned", "12:00:00", "agreement_ended", "12:00:31"), map[int]EndReason{2: Terminated}), "12:10:00", WindingDown, Terminated},
		"told why after the last hour":               {because(facts("activated", "10:00:00", "deprovisioned", "12:00:00", "agreement_ended", "13:30:00"), map[int]EndReason{2: Expired}), "14:00:00", Ended, Expired},
		"withdrawn, and nobody says why":             {facts("activated", "10:00:00", "deprovisioned", "12:00:00"), "12:10:00", WindingDown, ""},
		"as facts of before are":                     {facts("activated", "10:00:00", "agreement_ended", "12:00:00"), "12:10:00", WindingDown, ""},
		"unsubscribed, of older products":            {facts("activated", "10:00:00", "unsubscribe_pending", "12:00:00"), "12:10:00", WindingDown, ""},
		"never began":                                {facts("arrived", "10:00:00", "agreement_ended", "10:01:00", "never_began", "10:02:00"), "10:10:00", Ended, Terminated},
		"the first that says why counts":             {because(facts("activated", "10:00:00", "agreement_ended", "12:00:00", "agreement_ended", "12:00:10"), map[int]EndReason{1: Cancelled, 2: Expired}), "12:10:00", WindingDown, Cancelled},
		"replaced, by another licence":               {because(facts("activated", "10:00:00", "agreement_followed", "12:00:00", "deprovisioned", "12:00:31"), map[int]EndReason{1: Replaced}), "12:10:00", WindingDown, Replaced},
		"withdrawn, then told as replaced":           {because(facts("activated", "10:00:00", "deprovisioned", "12:00:00", "agreement_followed", "12:00:31"), map[int]EndReason{2: Replaced}), "12:10:00", WindingDown, Replaced},
		"renewed: it goes on":                        {because(facts("activated", "10:00:00", "agreement_followed", "12:00:00"), map[int]EndReason{1: Renewed}), "12:10:00", Active, ""},
		"renewed, and much later withdrawn":          {because(facts("activated", "10:00:00", "agreement_followed", "12:00:00", "deprovisioned", "13:00:00"), map[int]EndReason{1: Renewed}), "13:10:00", WindingDown, ""},
		"renewed, goes on, and withdrawn soon after": {because(facts("activated", "10:00:00", "agreement_followed", "12:00:00", "activated", "12:00:05", "deprovisioned", "12:10:00"), map[int]EndReason{1: Renewed}), "12:20:00", WindingDown, ""},
		"subscribed again: there is no end":          {because(facts("activated", "10:00:00", "agreement_ended", "12:00:00", "activated", "12:10:00"), map[int]EndReason{1: Cancelled}), "12:20:00", Active, ""},
		"subscribed again, and ended otherwise":      {because(facts("activated", "08:00:00", "agreement_ended", "09:00:00", "activated", "11:00:00", "agreement_ended", "12:00:00"), map[int]EndReason{1: Cancelled, 3: Expired}), "12:20:00", WindingDown, Expired},
		"AWS's answer to a record, in the last hour": {because(facts("activated", "10:00:00", "agreement_ended", "12:00:00", "refused", "12:05:00"), map[int]EndReason{1: Cancelled}), "12:20:00", Ended, Cancelled},
	} {
		s := Replay(c.facts, at(c.now))
		if s.State != c.state || s.EndReason != c.want {
			t.Errorf("%s: %s, %q; want %s, %q", name, s.State, s.EndReason, c.state, c.want)
		}
		if n := strings.Count(s.Why, say[c.want]); c.want != "" && n != 1 {
			t.Errorf("%s: its reason stands in %q %d times", name, s.Why, n)
		}
	}
}

// What is told of a licence changes with the reason, and nothing else does.
func TestTheReasonIsToldWhenItIsKnown(t *testing.T) {
	before := License{ID: "lic_1", Standing: Replay(facts("activated", "10:00:00", "deprovisioned", "12:00:31"), at("12:10:00"))}
	after := before
	after.Standing = Replay(because(facts("activated", "10:00:00", "deprovisioned", "12:00:31", "agreement_ended", "12:00:40"), map[int]EndReason{2: Expired}), at("12:10:00"))
	told := tidings(before, after, 3, at("12:10:00"))
	if len(told) != 1 || told[0].Kind != "license.updated" || !strings.Contains(string(told[0].Data), `"endReason":"EXPIRED"`) || !strings.Contains(string(told[0].Data), "term was over") {
		t.Errorf("told: %+v", told)
	}
}
