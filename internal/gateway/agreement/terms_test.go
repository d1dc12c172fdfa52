package agreement_test

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
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

// Of each agreement that is new or has changed programs are told, once for each word of AWS's, with its terms' news.
func TestChangesAreTold(t *testing.T) {
	s := newShop(t)
	a := one("agmt-1", agreement.Active, 0, 0)
	s.aws.has = []agreement.Agreement{a}
	told := func() (all []agreement.Changed) {
		t.Helper()
		events, err := s.db.Outbox().Unspread(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			var c agreement.Changed
			if e.Kind != outbox.AgreementChanged {
				continue
			}
			if err := json.Unmarshal(e.Data, &c); err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
			if err := s.db.Outbox().Spread(t.Context(), e, nil, s.clk.Now()); err != nil {
				t.Fatal(err)
			}
		}
		return all
	}
	s.until(day)
	if all := told(); len(all) != 1 || !all[0].New || all[0].TermsChanged || all[0].Agreement.ID != "agmt-1" || !all[0].FreeTrial || all[0].Value != "12.00" {
		t.Errorf("a new one: %+v", all)
	}
	s.start() // another process, which is told the same by AWS
	s.until(2 * day)
	if all := told(); len(all) != 0 {
		t.Errorf("nothing changed: %+v", all)
	}
	s.aws.value, s.aws.has[0].UpdatedAt = "24.00", noon.Add(2*day)
	s.until(4 * day)
	if all := told(); len(all) != 1 || all[0].New || !all[0].TermsChanged || all[0].Value != "24.00" {
		t.Errorf("an amendment: %+v", all)
	}
	s.aws.has[0].Status, s.aws.has[0].UpdatedAt = agreement.Replaced, noon.Add(4*day)
	next := one("agmt-2", agreement.Active, 4*day, 4*day)
	next.Initial = "agmt-1"
	s.aws.has = append(s.aws.has, next)
	s.until(6 * day)
	all := told()
	slices.SortFunc(all, func(a, b agreement.Changed) int { return cmp.Compare(a.Agreement.ID, b.Agreement.ID) })
	if len(all) != 2 || all[0].Agreement.Status != agreement.Replaced || all[0].TermsChanged || !all[1].New || all[1].Agreement.Initial != "agmt-1" {
		t.Errorf("a replacement: %+v", all)
	}
}

func TestUnitPrice(t *testing.T) {
	metered := func(content string) agreement.Term {
		return agreement.Term{Name: "usageBasedPricingTerm", Content: []byte(content)}
	}
	plain := metered(`{"currencyCode":"USD","rateCards":[{"rateCard":[{"dimensionKey":"pages","price":"0.02"},{"dimensionKey":"gb","price":"1"}]}]}`)
	for name, c := range map[string]struct {
		terms []agreement.Term
		want  string // with its currency; empty: none can be told
	}{
		"none": {nil, ""}, "one": {[]agreement.Term{{Name: "legalTerm", Content: []byte(`{}`)}, plain}, "0.02 USD"}, "the same twice": {[]agreement.Term{plain, plain}, "0.02 USD"},
		"of another term":      {[]agreement.Term{{Name: "recurringPaymentTerm", Content: plain.Content}}, ""},
		"of another dimension": {[]agreement.Term{metered(`{"currencyCode":"USD","rateCards":[{"rateCard":[{"dimensionKey":"gb","price":"1"}]}]}`)}, ""},
		"several":              {[]agreement.Term{plain, metered(`{"currencyCode":"USD","rateCards":[{"rateCard":[{"dimensionKey":"pages","price":"0.01"}]}]}`)}, ""},
		"in two currencies":    {[]agreement.Term{plain, metered(`{"currencyCode":"EUR","rateCards":[{"rateCard":[{"dimensionKey":"pages","price":"0.02"}]}]}`)}, ""},
		"of another form":      {[]agreement.Term{metered(`{"rateCards":"?"}`)}, ""},
	} {
		price, currency, ok := agreement.Terms{Accepted: c.terms}.UnitPrice("pages")
		if got := strings.TrimSpace(price + " " + currency); got != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q, %v; want %q", name, got, ok, c.want)
		}
	}
}
