package agreement_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
)

// Terms are asked for once, and again when the agreement changes. What AWS refuses is written down; what it cannot tell now is
// asked for again.
func TestTermsAreAskedFor(t *testing.T) {
	s := newShop(t)
	s.aws.has = []agreement.Agreement{one("agmt-1", agreement.Active, 0, 0), one("agmt-2", agreement.Active, 0, 0)}
	s.aws.silent = map[core.AgreementID]error{"agmt-1": fail.New(fail.NotFound, "none", "AWS does not know it.")}
	s.until(day)
	if want := []core.AgreementID{"agmt-1", "agmt-2"}; !slices.Equal(s.aws.terms, want) {
		t.Fatalf("asked for %v, want %v", s.aws.terms, want)
	}
	if got, err := s.service.TermsOf(t.Context(), "agmt-1"); err != nil || got.Failure != "AWS does not know it." || got.At.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	got, err := s.service.TermsOf(t.Context(), "agmt-2")
	if err != nil || !got.FreeTrial() || got.Negotiated() || got.Value != "12.00" || got.Failure != "" {
		t.Errorf("%+v, %v", got, err)
	}
	s.aws.silent["agmt-1"] = fail.New(fail.Later, "away", "away")
	s.aws.has[0].UpdatedAt, s.aws.terms = noon.Add(hour), nil
	s.until(day + 17*time.Minute) // listed a quarter past; asked then, after 1 minute, and after 2 more
	delete(s.aws.silent, "agmt-1")
	s.until(2 * day)
	if want := []core.AgreementID{"agmt-1", "agmt-1", "agmt-1"}; !slices.Equal(s.aws.terms, want) {
		t.Errorf("asked for %v, want %v", s.aws.terms, want)
	}
	if got, err := s.service.TermsOf(t.Context(), "agmt-1"); err != nil || got.Failure != "" || !got.FreeTrial() {
		t.Errorf("%+v, %v", got, err)
	}
	s.start()
	s.until(2*day + hour)
	if len(s.aws.terms) != 3 {
		t.Errorf("asked in vain: %v", s.aws.terms)
	}
	if none, err := s.service.TermsOf(t.Context(), "agmt-none"); err != nil || !reflect.DeepEqual(none, agreement.Terms{}) {
		t.Errorf("%+v, %v", none, err)
	}
}

// A few minutes after a notice AWS is asked what changed, once for all that came meanwhile; before everything was asked for, it
// is not.
func TestNoticesAreFollowedUp(t *testing.T) {
	s := newShop(t)
	s.service.Heard()
	s.until(14 * time.Minute)
	if len(s.aws.whole) != 0 {
		t.Errorf("%+v", s.aws.whole)
	}
	s.until(hour)
	s.service.Heard()
	s.until(hour + 2*time.Minute)
	s.service.Heard()
	s.until(2 * hour)
	want := []agreement.Search{{}, {Since: noon.Add(15*time.Minute - hour)}}
	if !reflect.DeepEqual(s.aws.whole, want) {
		t.Errorf("%+v, want %+v", s.aws.whole, want)
	}
	if runs, err := s.service.Runs(t.Context(), agreement.Run{}, 10); err != nil || len(runs) != 1 {
		t.Errorf("what found nothing is kept: %+v, %v", runs, err)
	}
}
