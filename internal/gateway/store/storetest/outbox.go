package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/threshold"
)

// told is the n-th event of a test.
func told(n int) outbox.Event {
	return outbox.NewEvent(outbox.LicenseUpdated, noon.Add(time.Duration(n)*time.Minute), outbox.Subject{License: "lic_1"}, map[string]int{"n": n})
}

// OutboxStores are parts of one database: the outbox, and two that write what is to be told with their facts.
type OutboxStores struct {
	Outbox   outbox.Store
	Licenses license.Store
	Accounts account.Store

	Registrations register.Store
	Entitlements  entitlement.Store
	Corrections   correction.Store
	Thresholds    threshold.Store
	Agreements    agreement.Store
}

// Outbox is what every engine must do for package outbox.
func Outbox(t *testing.T, open func(t *testing.T) OutboxStores) {
	for name, test := range map[string]func(*testing.T, OutboxStores){
		"KeptWithItsFact": eventWithItsFact, "KeptWithEveryFact": eventWithEveryFact, "NotKeptWithoutItsFact": noEventWithoutFact, "SpreadOnce": spreadOnce, "LeasedToOne": leasedToOne,
		"LanesByWhatIsDue": lanesByDue, "LostLeaseSettlesNothing": lostLease, "ResentAnew": resentAnew, "ListGoesOn": deliveryListGoesOn, "ForgottenWhole": forgottenWhole,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func unspread(t *testing.T, s outbox.Store) (ids []outbox.EventID) {
	t.Helper()
	list, err := s.Unspread(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}

func eventWithItsFact(t *testing.T, s OutboxStores) {
	e := told(1)
	for range 2 { // whoever does not know whether a change was kept writes it again
		if err := s.Licenses.CommitChange(t.Context(), license.Change{Tell: []outbox.Event{e, told(0)}}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.Outbox.Unspread(t.Context(), 10)
	if want := []outbox.Event{told(0), e}; err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("got %v, %v; want %v", list, err, want)
	}
	if got, err := s.Outbox.Event(t.Context(), e.ID); err != nil || !reflect.DeepEqual(got, e) {
		t.Errorf("got %v, %v", got, err)
	}
}

// Whatever takes events keeps them.
func eventWithEveryFact(t *testing.T, s OutboxStores) {
	addAccount(t, s.Accounts, "acc_1", noon)
	if err := s.Licenses.CommitChange(t.Context(), license.Change{Licenses: []license.License{{ID: "lic_1", ProductCode: "p", CreatedAt: noon}}}); err != nil {
		t.Fatal(err)
	}
	reg := register.Registration{ID: "reg_1", License: "lic_1", ArrivedAt: noon, LastArrivedAt: noon, Arrivals: 1}
	c := newCorrection(1)
	for n, write := range []func(e outbox.Event) error{
		func(e outbox.Event) error {
			return s.Licenses.CommitChange(t.Context(), license.Change{Tell: []outbox.Event{e}})
		},
		func(e outbox.Event) error {
			return s.Accounts.CreateAccount(t.Context(), newWho("acc_2", noon), "b@example.com", "h", e)
		},
		func(e outbox.Event) error { _, err := s.Registrations.Arrived(t.Context(), reg, e); return err },
		func(e outbox.Event) error {
			_, err := s.Registrations.Claim(t.Context(), register.Registration{ID: "reg_1", Account: "acc_1", ClaimedAt: noon}, e)
			return err
		},
		func(e outbox.Event) error {
			return s.Entitlements.KeepEntitlements(t.Context(), entitlement.Knowledge{License: "lic_1"}, true, e)
		},
		func(e outbox.Event) error { return s.Corrections.Add(t.Context(), c, anyway, e) },
		func(e outbox.Event) error { return s.Corrections.Change(t.Context(), c, e) },
		func(e outbox.Event) error {
			_, err := s.Corrections.Decide(t.Context(), c.ID, func(c correction.Correction, _ []correction.Correction) (correction.Correction, []outbox.Event, error) {
				c.State = correction.Rejected
				return c, []outbox.Event{e}, nil
			})
			return err
		},
		func(e outbox.Event) error {
			_, err := s.Thresholds.ReachThreshold(t.Context(), threshold.Limit{License: "lic_1"}, 50, noon, e)
			return err
		},
		func(e outbox.Event) error {
			return s.Agreements.KeepReminder(t.Context(), agreementNumbered(1), time.Hour, noon, e)
		},
		func(e outbox.Event) error { return s.Accounts.Tell(t.Context(), e) },
		func(e outbox.Event) error {
			return errors.Join(s.Accounts.CreateProof(t.Context(), account.Proof{Hash: "v", Person: "acc_1", Expires: noon}), s.Accounts.Verify(t.Context(), "v", "acc_1", noon, e))
		},
		func(e outbox.Event) error {
			return errors.Join(s.Accounts.CreateProof(t.Context(), account.Proof{Hash: "r", Person: "acc_1", Expires: noon}), s.Accounts.ResetPassword(t.Context(), "r", "acc_1", "h", noon, e))
		},
		func(e outbox.Event) error {
			return s.Accounts.KeepFactor(t.Context(), credential.Factor{Owner: "acc_1", Secret: "s", AddedAt: noon}, nil, e)
		},
		func(e outbox.Event) error {
			return s.Accounts.ChangePassword(t.Context(), "acc_1", "h", "other", "", e)
		},
		func(e outbox.Event) error {
			return s.Accounts.KeepAddressChange(t.Context(), account.AddressChange{ID: "adr_1", Person: "acc_1", Email: "x@example.com", Expires: noon}, e)
		},
		func(e outbox.Event) error {
			return errors.Join(s.Accounts.SendAddressChange(t.Context(), "adr_1", "x", noon), s.Accounts.ChangeAddress(t.Context(), "x", "x@example.com", "", noon, noon, e))
		},
		func(e outbox.Event) error { return s.Accounts.ForgetFactor(t.Context(), "acc_1", e) },
	} {
		if err := write(told(n)); err != nil {
			t.Fatalf("write %d: %v", n, err)
		}
		if ids := unspread(t, s.Outbox); len(ids) != n+1 || ids[n] != told(n).ID {
			t.Fatalf("after write %d there is to be told %v", n, ids)
		}
	}
	if err := s.Corrections.Change(t.Context(), c, told(99)); !fail.Is(err, fail.Conflict) { // by now it is another
		t.Fatal(err)
	}
	again := reg
	again.ID = "reg_2"
	if _, err := s.Registrations.Arrived(t.Context(), again, told(99)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Registrations.Claim(t.Context(), register.Registration{ID: "reg_1", Account: "acc_2", ClaimedAt: noon}, told(99)); err != nil {
		t.Fatal(err)
	}
	if err := s.Accounts.ForgetFactor(t.Context(), "acc_1", told(99)); err != nil { // there is none any more
		t.Fatal(err)
	}
	if _, err := s.Outbox.Event(t.Context(), told(99).ID); !fail.Is(err, fail.NotFound) {
		t.Errorf("told of what did not happen: %v", err)
	}
}

func noEventWithoutFact(t *testing.T, s OutboxStores) {
	addAccount(t, s.Accounts, "acc_1", noon)
	if err := s.Accounts.CreateAccount(t.Context(), newWho("acc_2", noon), "acc_1@example.com", "h", told(1)); !fail.Is(err, fail.Conflict) {
		t.Fatalf("an address was given twice: %v", err)
	}
	if ids := unspread(t, s.Outbox); len(ids) != 0 {
		t.Errorf("told of what did not happen: %v", ids)
	}
}

// deliveryOf is the n-th delivery of a test, in lane.
func deliveryOf(e outbox.Event, n int, lane string) outbox.Delivery {
	at := noon.Add(time.Duration(n) * time.Minute)
	return outbox.Delivery{ID: outbox.DeliveryID(fmt.Sprint("dlv_", n)), Event: e.ID, Kind: e.Kind, License: e.License, Channel: "webhook",
		Target: outbox.Target{To: "whk_" + lane, Form: fmt.Sprint(n), Lane: lane}, State: outbox.Pending, Why: "New.", CreatedAt: at, Since: at, DueAt: at}
}

func spread(t *testing.T, s outbox.Store, e outbox.Event, ds ...outbox.Delivery) {
	t.Helper()
	if err := s.Spread(t.Context(), e, ds, noon); err != nil {
		t.Fatal(err)
	}
}

func wantDelivery(t *testing.T, s outbox.Store, want outbox.Delivery) {
	t.Helper()
	if got, err := s.Delivery(t.Context(), want.ID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func spreadOnce(t *testing.T, s OutboxStores) {
	if err := s.Licenses.CommitChange(t.Context(), license.Change{Tell: []outbox.Event{told(1), told(2)}}); err != nil {
		t.Fatal(err)
	}
	d := deliveryOf(told(1), 1, "a")
	spread(t, s.Outbox, told(1), d)
	later := d
	later.DueAt, later.Why = noon.Add(time.Hour), "Again."
	spread(t, s.Outbox, told(1), later, deliveryOf(told(1), 2, "b"))
	wantDelivery(t, s.Outbox, d)
	if ids := unspread(t, s.Outbox); len(ids) != 1 || ids[0] != told(2).ID {
		t.Errorf("left to spread: %v", ids)
	}
	spread(t, s.Outbox, told(3), deliveryOf(told(3), 3, "a")) // a test's, which nothing else wrote down
	if _, err := s.Outbox.Event(t.Context(), told(3).ID); err != nil {
		t.Error(err)
	}
	if _, err := s.Outbox.Event(t.Context(), told(4).ID); !fail.Is(err, fail.NotFound) {
		t.Errorf("an event that is not there: %v", err)
	}
}

func leasedToOne(t *testing.T, s OutboxStores) {
	e := told(1)
	var all []outbox.Delivery
	for n := range 20 {
		all = append(all, deliveryOf(e, n, "a"))
	}
	spread(t, s.Outbox, e, all...)
	now := noon.Add(time.Hour)
	var mu sync.Mutex
	seen := map[outbox.DeliveryID]int{}
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			got, err := s.Outbox.Lease(t.Context(), "webhook", "a", fmt.Sprint("lse_", i), now, now.Add(time.Minute), 3)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, l := range got {
				if !reflect.DeepEqual(l.Event, e) {
					t.Errorf("it comes with event %+v", l.Event)
				}
				seen[l.Delivery.ID]++
			}
		})
	}
	wg.Wait()
	if len(seen) != 20 {
		t.Errorf("%d of 20 were taken: %v", len(seen), seen)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was taken by %d at once", id, n)
		}
	}
	if got, err := s.Outbox.Lease(t.Context(), "webhook", "a", "lse_late", now.Add(time.Minute), now.Add(time.Hour), 3); err != nil || len(got) != 3 || got[0].Delivery.Tries != 0 {
		t.Errorf("when the leases have run out: %v, %v", got, err)
	}
}

func lanesByDue(t *testing.T, s OutboxStores) {
	e := told(1)
	spread(t, s.Outbox, e, deliveryOf(e, 5, "a"), deliveryOf(e, 2, "b"), deliveryOf(e, 3, "a"), deliveryOf(e, 9, "b"))
	lanes := func(want string) {
		t.Helper()
		got, err := s.Outbox.Lanes(t.Context(), "webhook")
		var text string
		for _, l := range got {
			text += fmt.Sprintf("%s%d ", l.Name, int(l.Due.Sub(noon).Minutes()))
		}
		if err != nil || text != want {
			t.Errorf("lanes %q, %v; want %q", text, err, want)
		}
	}
	lanes("b2 a3 ")
	got, err := s.Outbox.Lease(t.Context(), "webhook", "b", "lse_1", noon.Add(2*time.Minute), noon.Add(4*time.Minute), 8)
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	lanes("a3 b4 ")
	if got, err := s.Outbox.Lanes(t.Context(), "mail"); err != nil || len(got) != 0 {
		t.Errorf("another channel's: %v, %v", got, err)
	}
}

func lostLease(t *testing.T, s OutboxStores) {
	e := told(1)
	spread(t, s.Outbox, e, deliveryOf(e, 0, "a"))
	take := func(lease string, at time.Time) outbox.Delivery {
		t.Helper()
		got, err := s.Outbox.Lease(t.Context(), "webhook", "a", lease, at, at.Add(time.Minute), 1)
		if err != nil || len(got) != 1 {
			t.Fatalf("%v, %v", got, err)
		}
		return got[0].Delivery
	}
	settle := func(d outbox.Delivery, lease string, want bool) {
		t.Helper()
		a := outbox.Attempt{At: noon.Add(time.Hour), Took: 15 * time.Millisecond, Status: 200, Say: "It answered 200."}
		if settled, err := s.Outbox.Settle(t.Context(), d, lease, a); err != nil || settled != want {
			t.Errorf("settled %v, %v; want %v", settled, err, want)
		}
	}
	mine := take("lse_mine", noon)
	theirs := take("lse_theirs", noon.Add(time.Hour))
	mine.State, mine.DueAt = outbox.Dead, time.Time{}
	settle(mine, "lse_mine", false)
	theirs.State, theirs.Why, theirs.Since, theirs.DueAt, theirs.Tries = outbox.Delivered, "It answered 200.", noon.Add(time.Hour), time.Time{}, 1
	settle(theirs, "lse_theirs", true)
	settle(theirs, "lse_theirs", false)
	wantDelivery(t, s.Outbox, theirs)
	tries, err := s.Outbox.Attempts(t.Context(), theirs.ID)
	if err != nil || len(tries) != 1 || tries[0].Status != 200 || tries[0].Took != 15*time.Millisecond || !tries[0].At.Equal(noon.Add(time.Hour)) {
		t.Errorf("attempts %+v, %v", tries, err)
	}
}

func resentAnew(t *testing.T, s OutboxStores) {
	e := told(1)
	var all []outbox.Delivery
	for n := range 6 {
		d := deliveryOf(e, n, "a")
		if d.State = []outbox.State{outbox.Dead, outbox.Delivered, outbox.Dropped}[n%3]; n == 5 {
			d.To = "whk_other"
		}
		d.DueAt, d.Tries = time.Time{}, 11
		all = append(all, d)
	}
	spread(t, s.Outbox, e, all...)
	now := noon.Add(time.Hour)
	n, err := s.Outbox.Resend(t.Context(), outbox.Query{Target: "whk_a", States: []outbox.State{outbox.Dead, outbox.Dropped}, From: noon.Add(time.Minute), To: noon.Add(5 * time.Minute)}, "Asked.", now)
	if err != nil || n != 2 {
		t.Errorf("%d were sent again, %v; want 2 and 3", n, err)
	}
	for i, d := range all {
		if i == 2 || i == 3 {
			d.State, d.Why, d.Since, d.DueAt, d.Tries = outbox.Pending, "Asked.", now, now, 0
		}
		wantDelivery(t, s.Outbox, d)
	}
}

func deliveryListGoesOn(t *testing.T, s OutboxStores) {
	e, other := told(1), outbox.NewEvent(outbox.LicenseActive, noon, outbox.Subject{License: "lic_2"}, 1)
	for n := range 6 {
		d := deliveryOf(e, n/2, fmt.Sprint(n%2)) // two at one instant
		d.ID = outbox.DeliveryID(fmt.Sprint("dlv_", n))
		if n == 4 {
			d.State = outbox.Dead
		}
		if n == 5 {
			spread(t, s.Outbox, other, d)
		} else {
			spread(t, s.Outbox, e, d)
		}
	}
	list := func(q outbox.Query) (ids []outbox.DeliveryID) {
		for {
			page, err := s.Outbox.Deliveries(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range page {
				ids = append(ids, d.ID)
			}
			if len(page) < q.Limit {
				return ids
			}
			q.After = outbox.CursorOf(page[len(page)-1])
		}
	}
	for want, q := range map[string]outbox.Query{
		"[dlv_5 dlv_4 dlv_3 dlv_2 dlv_1 dlv_0]": {Limit: 2},
		"[dlv_4 dlv_2 dlv_0]":                   {Limit: 2, Target: "whk_0"},
		"[dlv_4]":                               {Limit: 2, States: []outbox.State{outbox.Dead, outbox.Dropped}},
		"[dlv_5]":                               {Limit: 2, License: "lic_2"},
		"[dlv_3 dlv_2 dlv_1 dlv_0]":             {Limit: 3, Event: e.ID, Channel: "webhook", To: noon.Add(2 * time.Minute)},
		"[]":                                    {Limit: 2, Channel: "mail"},
	} {
		if got := list(q); fmt.Sprint(got) != want {
			t.Errorf("listed %v, want %s", got, want)
		}
	}
}

func forgottenWhole(t *testing.T, s OutboxStores) {
	if _, ok, err := s.Outbox.OldestEvent(t.Context()); ok || err != nil {
		t.Errorf("of nothing, something is oldest: %v", err)
	}
	for n := range 3 {
		spread(t, s.Outbox, told(n), deliveryOf(told(n), n, "a"))
	}
	got, err := s.Outbox.Lease(t.Context(), "webhook", "a", "lse_1", noon, noon, 1)
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	if _, err := s.Outbox.Settle(t.Context(), got[0].Delivery, "lse_1", outbox.Attempt{At: noon}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 1, 0} {
		if n, err := s.Outbox.ForgetEvents(t.Context(), noon.Add(2*time.Minute), 1); err != nil || n != want {
			t.Errorf("forgot %d, %v; want %d", n, err, want)
		}
	}
	if at, ok, err := s.Outbox.OldestEvent(t.Context()); err != nil || !ok || !at.Equal(noon.Add(2*time.Minute)) {
		t.Errorf("the oldest is of %v, %v, %v", at, ok, err)
	}
	if left, err := s.Outbox.Deliveries(t.Context(), outbox.Query{Limit: 9}); err != nil || len(left) != 1 || left[0].ID != "dlv_2" {
		t.Errorf("left %v, %v", left, err)
	}
	if tries, err := s.Outbox.Attempts(t.Context(), "dlv_0"); err != nil || len(tries) != 0 {
		t.Errorf("attempts of what was forgotten: %v, %v", tries, err)
	}
}
