package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// Agreements is what every engine must do for package agreement.
func Agreements(t *testing.T, open func(t *testing.T) (agreement.Store, license.Store)) {
	for name, test := range map[string]func(*testing.T, agreement.Store, license.Store){
		"KeptWhole": agreementKeptWhole, "Changed": agreementChanged, "Chosen": agreementsChosen, "ProductCodes": productCodes, "Runs": resyncRuns, "Terms": agreementTerms, "Reminders": agreementReminders,
	} {
		t.Run(name, func(t *testing.T) {
			s, l := open(t)
			test(t, s, l)
		})
	}
}

func agreementNumbered(n int) agreement.Agreement {
	return agreement.Agreement{ID: core.AgreementID(fmt.Sprint("agmt-", n)), Status: agreement.Active, Customer: "111122223333", Offer: "offer-1", ProductID: "prod-1", Initial: "agmt-1",
		Licenses: []core.LicenseARN{"arn:1", "arn:2"}, AcceptedAt: noon, StartsAt: noon.Add(time.Hour), EndsAt: noon.Add(2 * time.Hour), UpdatedAt: noon.Add(3 * time.Hour),
		AtEnd: "EXPIRE", AtEndWhy: "NO_RENEWAL_TERM", SeenAt: noon.Add(4 * time.Hour)}
}

func keepAgreements(t *testing.T, s agreement.Store, want []core.AgreementID, page ...agreement.Agreement) {
	t.Helper()
	if changed, err := s.KeepAgreements(t.Context(), page); err != nil || !slices.Equal(changed, want) {
		t.Errorf("changed %v, %v; want %v", changed, err, want)
	}
}

func agreementKeptWhole(t *testing.T, s agreement.Store, _ license.Store) {
	payg := agreement.Agreement{ID: "agmt-9", Status: agreement.Cancelled, Customer: "1", Initial: "agmt-9", StartsAt: noon, SeenAt: noon}
	keepAgreements(t, s, []core.AgreementID{"agmt-1", "agmt-9"}, agreementNumbered(1), payg)
	for _, want := range []agreement.Agreement{agreementNumbered(1), payg} {
		if got, err := s.Agreement(t.Context(), want.ID); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
		}
	}
	if _, err := s.Agreement(t.Context(), "agmt-none"); !fail.Is(err, fail.NotFound) {
		t.Errorf("one that is not there: %v", err)
	}
}

func agreementChanged(t *testing.T, s agreement.Store, _ license.Store) {
	a := agreementNumbered(1)
	keepAgreements(t, s, []core.AgreementID{a.ID}, a)
	a.SeenAt = a.SeenAt.Add(time.Hour)
	keepAgreements(t, s, nil, a)
	a.UpdatedAt, a.Licenses = a.UpdatedAt.Add(time.Microsecond), []core.LicenseARN{"arn:3"}
	keepAgreements(t, s, []core.AgreementID{a.ID}, a)
	a.Status = agreement.Expired
	keepAgreements(t, s, []core.AgreementID{a.ID}, a)
	if got, err := s.Agreement(t.Context(), a.ID); err != nil || !reflect.DeepEqual(got, a) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, a)
	}
}

func agreementsChosen(t *testing.T, s agreement.Store, _ license.Store) {
	one, two, three := agreementNumbered(1), agreementNumbered(2), agreementNumbered(3)
	two.Status, two.Customer, two.Licenses = agreement.Renewed, "222233334444", []core.LicenseARN{"arn:2"}
	three.Offer, three.Initial, three.ProductID, three.Licenses = "offer-3", "agmt-3", "prod-3", nil
	keepAgreements(t, s, []core.AgreementID{"agmt-1", "agmt-2", "agmt-3"}, one, two, three)
	for name, c := range map[string]struct {
		q    agreement.Query
		want []core.AgreementID
	}{
		"all": {agreement.Query{}, []core.AgreementID{"agmt-1", "agmt-2", "agmt-3"}}, "status": {agreement.Query{Status: agreement.Active}, []core.AgreementID{"agmt-1", "agmt-3"}},
		"buyer": {agreement.Query{Customer: "222233334444"}, []core.AgreementID{"agmt-2"}}, "offer": {agreement.Query{Offer: "offer-3"}, []core.AgreementID{"agmt-3"}},
		"chain": {agreement.Query{Initial: "agmt-1"}, []core.AgreementID{"agmt-1", "agmt-2"}}, "product": {agreement.Query{Product: "prod-3"}, []core.AgreementID{"agmt-3"}},
		"license": {agreement.Query{ARN: "arn:1"}, []core.AgreementID{"agmt-1"}}, "after": {agreement.Query{After: "agmt-2"}, []core.AgreementID{"agmt-3"}},
		"first": {agreement.Query{Limit: 1}, []core.AgreementID{"agmt-1"}}, "none": {agreement.Query{Status: agreement.Active, Customer: "222233334444"}, nil},
	} {
		if c.q.Limit == 0 {
			c.q.Limit = 10
		}
		all, err := s.Agreements(t.Context(), c.q)
		var ids []core.AgreementID
		for _, a := range all {
			ids = append(ids, a.ID)
		}
		if err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, ids, err, c.want)
		}
	}
}

func productCodes(t *testing.T, s agreement.Store, licenses license.Store) {
	other := agreementNumbered(2)
	other.ProductID, other.Licenses = "prod-2", []core.LicenseARN{"arn:unknown"}
	keepAgreements(t, s, []core.AgreementID{"agmt-1", "agmt-2"}, agreementNumbered(1), other)
	err := licenses.CommitChange(t.Context(), license.Change{Licenses: []license.License{{ID: "lic_1", ProductCode: "code-1", ARN: "arn:1", CreatedAt: noon}},
		ARNs: []license.ARNOf{{ARN: "arn:1", License: "lic_1"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.ProductCodes(t.Context()); err != nil || !reflect.DeepEqual(got, map[string]core.ProductCode{"prod-1": "code-1"}) {
		t.Errorf("%v, %v", got, err)
	}
}

func resyncRuns(t *testing.T, s agreement.Store, _ license.Store) {
	last, whole, err := s.LastRuns(t.Context())
	if err != nil || !last.IsZero() || !whole.IsZero() {
		t.Errorf("before any: %v, %v, %v", last, whole, err)
	}
	run := func(id agreement.RunID, trigger agreement.Trigger, began time.Duration, change func(*agreement.Run)) agreement.Run {
		r := agreement.Run{ID: id, Trigger: trigger, StartedAt: noon.Add(began)}
		change(&r)
		if err := s.KeepRun(t.Context(), r, nil); err != nil {
			t.Fatal(err)
		}
		return r
	}
	done := func(r *agreement.Run) { r.EndedAt = r.StartedAt.Add(time.Minute) }
	run("rsy_1", agreement.Scheduled, 1, done)
	run("rsy_2", agreement.Scheduled, time.Hour, func(r *agreement.Run) { done(r); r.Since = noon })
	run("rsy_3", agreement.Scheduled, 2*time.Hour, func(r *agreement.Run) { done(r); r.Failure = "AWS was away." })
	run("rsy_4", agreement.Asked, 3*time.Hour, done)
	open := run("rsy_5", agreement.Asked, 4*time.Hour, func(r *agreement.Run) { r.By, r.License, r.DryRun = "key_1", "lic_1", true })
	if last, whole, err = s.LastRuns(t.Context()); err != nil || !last.Equal(noon.Add(time.Hour)) || whole.After(noon.Add(time.Second)) || whole.IsZero() {
		t.Errorf("last %v, whole %v, %v", last, whole, err)
	}

	found := []agreement.Finding{{Seq: 1, Agreement: "agmt-1", License: "lic_1", ARN: "arn:1", Outcome: agreement.Repaired, Fact: "activated", FactAt: noon, What: "It was lost.", At: noon.Add(time.Hour)},
		{Seq: 2, Agreement: "agmt-2", Outcome: agreement.Unsettled, What: "Look at it.", At: noon}}
	open.Agreements, open.Repairs, open.Links, open.Unsettled = 4, 1, 2, 3
	for range 2 { // an answer may be lost
		if err := s.KeepRun(t.Context(), open, found); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.EndRuns(t.Context(), noon.Add(5*time.Hour), "Stopped."); err != nil {
		t.Fatal(err)
	}
	open.EndedAt, open.Failure = noon.Add(5*time.Hour), "Stopped."
	if got, list, err := s.RunByID(t.Context(), open.ID); err != nil || got != open || !slices.Equal(list, found) {
		t.Errorf("%+v, %+v, %v", got, list, err)
	}
	if _, _, err := s.RunByID(t.Context(), "rsy_none"); !fail.Is(err, fail.NotFound) {
		t.Errorf("one that is not there: %v", err)
	}
	var ids []agreement.RunID
	for before := (agreement.Run{}); ; {
		page, err := s.Runs(t.Context(), before, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			ids = append(ids, r.ID)
		}
		if len(page) < 2 {
			break
		}
		before = page[1]
	}
	if !slices.Equal(ids, []agreement.RunID{"rsy_5", "rsy_4", "rsy_3", "rsy_2", "rsy_1"}) {
		t.Errorf("listed %v", ids)
	}
}

func agreementTerms(t *testing.T, s agreement.Store, _ license.Store) {
	one, two := agreementNumbered(1), agreementNumbered(2)
	keepAgreements(t, s, []core.AgreementID{"agmt-1", "agmt-2"}, one, two)
	unasked := func(want ...core.AgreementID) {
		t.Helper()
		all, err := s.Unasked(t.Context(), 10)
		var ids []core.AgreementID
		for _, a := range all {
			ids = append(ids, a.ID)
		}
		if err != nil || !slices.Equal(ids, want) {
			t.Errorf("not asked: %v, %v; want %v", ids, err, want)
		}
	}
	unasked("agmt-1", "agmt-2")
	if first, err := s.Unasked(t.Context(), 1); err != nil || len(first) != 1 || !reflect.DeepEqual(first[0], one) {
		t.Errorf("%+v, %v", first, err)
	}
	want := agreement.Terms{At: noon, Value: "12.50", CurrencyCode: "USD", Accepted: []agreement.Term{{Name: "legalTerm", Content: []byte(`{"documents":[]}`)}}}
	for _, terms := range []agreement.Terms{{At: noon, Failure: "No."}, want} {
		if err := s.KeepTerms(t.Context(), one, terms, told(1)); err != nil { // the same event each time
			t.Fatal(err)
		}
	}
	unasked("agmt-2")
	if got, err := s.TermsOf(t.Context(), one.ID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	one.Status = agreement.Cancelled
	keepAgreements(t, s, []core.AgreementID{"agmt-1"}, one)
	unasked("agmt-1", "agmt-2")
	if got, err := s.TermsOf(t.Context(), two.ID); err != nil || !got.At.IsZero() {
		t.Errorf("of one that was not asked for: %+v, %v", got, err)
	}
}

func agreementReminders(t *testing.T, s agreement.Store, _ license.Store) {
	const day = 24 * time.Hour
	one, two, over, never := agreementNumbered(1), agreementNumbered(2), agreementNumbered(3), agreementNumbered(4)
	one.EndsAt, two.EndsAt, over.EndsAt, never.EndsAt = noon.Add(20*day), noon.Add(10*day), noon.Add(5*day), time.Time{}
	over.Status = agreement.Expired
	keepAgreements(t, s, []core.AgreementID{"agmt-1", "agmt-2", "agmt-3", "agmt-4"}, one, two, over, never)
	want := func(lead time.Duration, ids ...core.AgreementID) {
		t.Helper()
		list, err := s.Unreminded(t.Context(), noon, lead, 10)
		var got []core.AgreementID
		for _, a := range list {
			got = append(got, a.ID)
		}
		if err != nil || !slices.Equal(got, ids) {
			t.Errorf("%s before: %v, %v; want %v", lead, got, err, ids)
		}
	}
	keep := func(a agreement.Agreement, lead time.Duration) {
		t.Helper()
		for range 2 {
			if err := s.KeepReminder(t.Context(), a, lead, noon, told(1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	want(30*day, "agmt-2", "agmt-1")
	keep(two, 30*day)
	want(30*day, "agmt-1")
	want(7*day, "agmt-2", "agmt-1")
	keep(one, 7*day) // stands for the longer one
	want(30 * day)
	want(7*day, "agmt-2")
	if list, err := s.Unreminded(t.Context(), two.EndsAt, 7*day, 10); err != nil || len(list) != 0 {
		t.Errorf("after the end: %+v, %v", list, err)
	}
	one.EndsAt = noon.Add(400 * day)
	keepAgreements(t, s, nil, one)
	want(30*day, "agmt-1")
	if list, err := s.Unreminded(t.Context(), noon, 7*day, 1); err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], two) {
		t.Errorf("the first: %+v, %v; want %+v", list, err, two)
	}
}
