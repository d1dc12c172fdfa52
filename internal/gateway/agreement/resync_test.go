package agreement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

const hour, day = time.Hour, 24 * time.Hour

// Each kind of notice lost for good, found by the scheduled run.
func TestWhatALostNoticeLeftBehindIsRepaired(t *testing.T) {
	seller := core.Product{Code: "p", ID: "prod-1"}
	why := map[string]license.EndReason{"the end": license.Cancelled, "the end of a contract": license.Expired, "a replacement with a license of its own": license.Replaced}
	for name, c := range map[string]struct {
		known func(s *shop) // what notices told
		has   []agreement.Agreement
		state license.State
		since time.Duration
		links []core.AgreementID
		run   agreement.Run // its sums
	}{
		"everything about a purchase": {func(*shop) {}, []agreement.Agreement{running(hour)}, license.Active, hour, []core.AgreementID{"agmt-1"}, agreement.Run{Agreements: 1, Repairs: 1}},
		"the end": {func(s *shop) { s.activated("agmt-1", 0) }, []agreement.Agreement{one("agmt-1", agreement.Cancelled, 0, hour)},
			license.Ended, 2 * hour, []core.AgreementID{"agmt-1"}, agreement.Run{Agreements: 1, Repairs: 1}},
		"the end of a contract": {func(s *shop) { s.activated("agmt-1", 0) }, []agreement.Agreement{func() agreement.Agreement {
			a := one("agmt-1", agreement.Expired, 0, 3*hour) // AWS looked at it an hour later
			a.EndsAt = noon.Add(2 * hour)
			return a
		}()}, license.Ended, 3 * hour, []core.AgreementID{"agmt-1"}, agreement.Run{Agreements: 1, Repairs: 1}},
		"a renewal that keeps its license": {func(s *shop) { s.activated("agmt-1", 0) }, []agreement.Agreement{one("agmt-1", agreement.Renewed, 0, hour), func() agreement.Agreement {
			a := one("agmt-2", agreement.Active, hour, hour)
			a.Initial = "agmt-1"
			return a
		}()}, license.Active, 0, []core.AgreementID{"agmt-1", "agmt-2"}, agreement.Run{Agreements: 2, Links: 1}},
		"a replacement with a license of its own": {func(s *shop) { s.activated("agmt-1", 0) }, []agreement.Agreement{one("agmt-1", agreement.Replaced, 0, hour), func() agreement.Agreement {
			a := one("agmt-2", agreement.Active, hour, hour)
			a.Licenses = []core.LicenseARN{arn + "-2"}
			return a
		}()}, license.Ended, 2 * hour, []core.AgreementID{"agmt-1"}, agreement.Run{Agreements: 2, Repairs: 2}},
		"none": {func(s *shop) { s.activated("agmt-1", 0) }, []agreement.Agreement{running(0)}, license.Active, 0, []core.AgreementID{"agmt-1"}, agreement.Run{Agreements: 1}},
		"none, and it ended": {func(s *shop) { s.activated("agmt-1", 0); s.ended(hour) }, []agreement.Agreement{one("agmt-1", agreement.Cancelled, 0, hour)},
			license.Ended, 2 * hour, []core.AgreementID{"agmt-1"}, agreement.Run{Agreements: 1}},
		"AWS's list is behind": {func(s *shop) { s.activated("agmt-1", 0); s.ended(hour) }, []agreement.Agreement{running(0)}, license.Ended, 2 * hour,
			[]core.AgreementID{"agmt-1"}, agreement.Run{Agreements: 1, Unsettled: 1}},
		"AWS's payment notice stands": {func(s *shop) {
			s.told(license.Note{ID: "fail", Kind: license.PaymentFailed, At: noon, About: license.Ref{ProductCode: "p", ARN: arn}})
		}, []agreement.Agreement{running(0)}, license.Failed, 0, nil, agreement.Run{Agreements: 1, Unsettled: 1}},
		"AWS lists another's": {func(s *shop) { s.activated("agmt-1", 0) }, nil, license.Active, 0, []core.AgreementID{"agmt-1"}, agreement.Run{Unsettled: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, seller)
			c.known(s)
			s.clk.Set(noon.Add(day))
			s.start() // what was due is left to the run
			s.aws.has, s.aws.page = c.has, 1
			s.until(day + 20*time.Minute)
			l, ok := s.book.ByARN(arn)
			if !ok || l.Standing.State != c.state || !l.Standing.Since.Equal(noon.Add(c.since)) || !slices.Equal(l.Agreements, c.links) {
				t.Errorf("%+v", l)
			}
			if l.Standing.EndReason != why[name] {
				t.Errorf("it ended for the reason %q", l.Standing.EndReason)
			}
			if len(s.runs) != 1 {
				t.Fatalf("%+v", s.runs)
			}
			r := s.runs[0]
			if got := (agreement.Run{Agreements: r.Agreements, Repairs: r.Repairs, Links: r.Links, Unsettled: r.Unsettled}); got != c.run || r.Trigger != agreement.Scheduled {
				_, found, _ := s.service.RunByID(t.Context(), r.ID)
				t.Errorf("%+v; found %+v", r, found)
			}
			before := s.standing(l.ID)
			again, found := s.resync("", false)
			if again.Repairs+again.Links > 0 || before.State != s.standing(l.ID).State {
				t.Errorf("a second run is not without effect: %+v", found)
			}
		})
	}
}

// A licence that a notice has ended, of which nothing ever said that it was active, has no last hour where AWS terminated its
// agreement within minutes of its start; where it had run for long, it has.
func TestWhatAWSTerminatedAtOnceNeverBegan(t *testing.T) {
	for after, want := range map[time.Duration]license.State{2 * time.Minute: license.Ended, 2 * hour: license.WindingDown} {
		s := newShop(t)
		s.clk.Set(noon.Add(after + 5*time.Minute))
		id := s.arrives("")
		s.told(license.Note{ID: "ended", Kind: license.AgreementEnded, At: noon.Add(after + 11*time.Second), About: license.Ref{ProductCode: "p", ARN: arn, Customer: buyer, Agreement: "agmt-1"}})
		if got := s.standing(id); got.State != license.WindingDown {
			t.Fatalf("%+v", got)
		}
		s.aws.has = []agreement.Agreement{one("agmt-1", agreement.Terminated, 0, after)}
		s.resync("", false)
		if got := s.standing(id); got.State != want || got.Access() {
			t.Errorf("after %s: %+v", after, got)
		}
		if r, found := s.resync("", false); r.Repairs > 0 {
			t.Errorf("a second run finds %+v", found)
		}
	}
}

// What just happened is left to its notices by the scheduled run, and looked at by the next; somebody who asks has it at once.
func TestNoticesHaveTimeToCome(t *testing.T) {
	s := newShop(t, core.Product{Code: "p", ID: "prod-1"})
	s.aws.has = []agreement.Agreement{running(6 * time.Minute)}
	s.until(day)
	if _, ok := s.book.ByARN(arn); ok || len(s.runs) != 1 {
		t.Fatalf("%+v", s.runs)
	}
	if r, _ := s.resync("", false); r.Repairs != 1 {
		t.Errorf("%+v", r)
	}
	if l, ok := s.book.ByARN(arn); !ok || l.Standing.State != license.Active || l.ProductCode != "p" {
		t.Errorf("%+v", l)
	}
}

func TestADryRunOnlyTells(t *testing.T) {
	s := newShop(t)
	id := s.arrives("")
	s.aws.has = []agreement.Agreement{running(0)}
	r, found := s.resync(id, true)
	if !r.DryRun || r.By != "key_1" || r.License != id || len(found) != 1 || found[0].Outcome != agreement.Proposed || found[0].Fact != string(license.Activated) {
		t.Errorf("%+v: %+v", r, found)
	}
	if got := s.standing(id); got.State != license.Pending || len(s.changed) > 0 {
		t.Errorf("%+v, changed %v", got, s.changed)
	}
	if r, found = s.resync(id, false); r.Repairs != 1 || found[0].License != id || s.standing(id).State != license.Active {
		t.Errorf("%+v: %+v", r, found)
	}
}

// Nothing is done on the word of a list that lags behind.
func TestAListThatLagsEndsNothing(t *testing.T) {
	s := newShop(t)
	id := s.arrives("")
	s.activated("agmt-1", 0)
	s.aws.has, s.aws.lags = []agreement.Agreement{running(0)}, map[core.AgreementID]agreement.Status{"agmt-1": agreement.Cancelled}
	r, found := s.resync("", false)
	if r.Repairs != 0 || r.Unsettled != 1 || !strings.Contains(found[0].What, "describes it as ACTIVE") || s.standing(id).State != license.Active {
		t.Errorf("%+v: %+v, %+v", r, found, s.standing(id))
	}
}

// Every day everything is asked for; between, only what changed. What AWS does not answer is asked again, ever more rarely.
func TestWhenAWSIsAsked(t *testing.T) {
	s := newShop(t)
	s.until(3 * day)
	if len(s.aws.whole) != 3 || !s.aws.whole[1].Since.IsZero() {
		t.Errorf("%+v", s.aws.whole)
	}
	s.aws.down = fail.New(fail.Later, "away", "away")
	s.until(3*day + 135*time.Minute) // due a quarter past noon: asked at 0, 1, 3, 7, 15, 31, 61 and 91 minutes after
	if n := len(s.aws.whole); n != 3+8 || s.outcomes[len(s.outcomes)-1] != "later" {
		t.Errorf("asked %d times: %v", n, s.outcomes)
	}
}

// A run that dies with its process is written down as such, and the next begins anew.
func TestARunThatWasCutOffIsMadeAgain(t *testing.T) {
	s := newShop(t, core.Product{Code: "p", ID: "prod-1"})
	for i := range 30 {
		a := one(core.AgreementID(fmt.Sprintf("agmt-%02d", i)), agreement.Active, -hour, -hour)
		a.Licenses = []core.LicenseARN{arn + core.LicenseARN(fmt.Sprint("-", i))}
		s.aws.has = append(s.aws.has, a)
	}
	s.aws.page = 2
	asked, err := s.service.Ask(t.Context(), "", false, "key_1")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.runner.Step(t.Context()); err != nil { // ten pages, then a pause
		t.Fatal(err)
	}
	s.start()
	if r, _, err := s.service.RunByID(t.Context(), asked.ID); err != nil || r.Failure == "" || r.EndedAt.IsZero() {
		t.Errorf("%+v, %v", r, err)
	}
	s.until(hour)
	n := 0
	for l := range s.book.All {
		if l.Standing.State == license.Active {
			n++
		}
	}
	if n != 30 || s.runs[len(s.runs)-1].Agreements != 30 {
		t.Errorf("%d active; %+v", n, s.runs)
	}
}

// The laws: whatever notices came, in whatever order, before or after a re-sync, a licence gives access only while AWS says so,
// and a subscription has one last hour, which begins when it ended.
func TestARepairOpensNothingAndDoublesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newShop(t, core.Product{Code: "p", ID: "prod-1"})
		starts := time.Duration(rapid.IntRange(-120, 0).Draw(rt, "starts")) * time.Minute
		ends := time.Duration(rapid.IntRange(1, 600).Draw(rt, "ends")) * time.Minute
		status := rapid.SampledFrom([]agreement.Status{agreement.Cancelled, agreement.Expired, agreement.Terminated}).Draw(rt, "status")
		notices := map[string]license.Note{
			"updated":       {ID: "u", Kind: license.Activated, At: noon.Add(starts + time.Minute), About: license.Ref{ProductCode: "p", ARN: arn, Customer: buyer, Agreement: "agmt-1"}},
			"ended":         {ID: "e", Kind: license.AgreementEnded, At: noon.Add(ends), About: license.Ref{Agreement: "agmt-1", Customer: buyer}},
			"deprovisioned": {ID: "d", Kind: license.Deprovisioned, At: noon.Add(ends + 31*time.Second), About: license.Ref{ProductCode: "p", ARN: arn, Customer: buyer, Agreement: "agmt-1"}},
		}
		story := rapid.Permutation([]string{"updated", "ended", "deprovisioned", "resync", "resync", "arrive"}).Draw(rt, "story")
		story = story[:rapid.IntRange(1, len(story)).Draw(rt, "lost after")]
		at := ends + time.Duration(rapid.IntRange(0, 300).Draw(rt, "found after"))*time.Minute
		s.clk.Set(noon.Add(at))
		s.aws.has = []agreement.Agreement{one("agmt-1", status, starts, ends)}
		for _, step := range story {
			switch step {
			case "resync":
				s.resync("", false)
			case "arrive":
				s.arrives("")
			default:
				s.told(notices[step])
			}
			l, ok := s.book.ByARN(arn)
			if !ok || !slices.Contains(story, "resync") {
				continue
			}
			st := l.Standing
			if !st.ClosesAt.IsZero() && (st.OpensAt.Before(noon.Add(ends)) || st.ClosesAt.After(noon.Add(ends+31*time.Second+hour))) {
				rt.Fatalf("after %s of %v the last hour is %s to %s; it ended at %s", step, story, st.OpensAt, st.ClosesAt, noon.Add(ends))
			}
		}
		s.resync("", false)
		if l, ok := s.book.ByARN(arn); ok {
			st := l.Standing
			if st.Access() && !s.clk.Now().Before(noon.Add(ends+31*time.Second+hour)) {
				rt.Fatalf("after %v it gives access: %+v", story, st)
			}
			if st.State == license.Active || st.State == license.Pending {
				rt.Fatalf("after %v it is %+v", story, st)
			}
		}
	})
}
