package storetest

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/register"
)

// RegistrationStore is all that package register keeps.
type RegistrationStore interface {
	register.Store
	register.HandleStore
}

// Registrations is what every engine must do for package register. accounts keeps accounts in the same database.
func Registrations(t *testing.T, open func(t *testing.T) (s RegistrationStore, accounts account.Store)) {
	t.Run("HandleIsSpentOnce", func(t *testing.T) {
		s, _ := open(t)
		handleIsSpentOnce(t, s)
	})
	t.Run("AnswersGoWithTheirAccount", func(t *testing.T) {
		s, accounts := open(t)
		answersGoWithTheirAccount(t, s, accounts)
	})
	for name, test := range map[string]func(*testing.T, register.Store){
		"LicenceHasOne": licenceHasOne, "TwentyArrivals": twentyArrivals, "ClaimedOnce": claimedOnce, "SetUpOnce": setUpOnce, "ListGoesOn": registrationListGoesOn,
	} {
		t.Run(name, func(t *testing.T) {
			s, accounts := open(t)
			addAccount(t, accounts, "acc_1", noon)
			addAccount(t, accounts, "acc_2", noon)
			test(t, s)
		})
	}
}

func handleIsSpentOnce(t *testing.T, s register.HandleStore) {
	end := noon.Add(5 * time.Minute)
	var wg sync.WaitGroup
	var mu sync.Mutex
	spent := 0
	for range 20 {
		wg.Go(func() {
			err := s.SpendHandle(t.Context(), "one", noon, end)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				spent++
			} else if !fail.Is(err, fail.Conflict) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if spent != 1 {
		t.Errorf("spent %d times", spent)
	}
	if err := s.SpendHandle(t.Context(), "two", end.Add(-time.Microsecond), end); err != nil {
		t.Error(err)
	}
	if err := s.SpendHandle(t.Context(), "one", end.Add(-time.Microsecond), end); !fail.Is(err, fail.Conflict) {
		t.Errorf("forgotten too soon: %v", err)
	}
	// At its end it is forgotten; the handle is refused by its own date from then on.
	if err := s.SpendHandle(t.Context(), "one", end, end.Add(time.Minute)); err != nil {
		t.Errorf("kept for ever: %v", err)
	}
}

func arrival(n int, lic core.LicenseID) register.Registration {
	at := noon.Add(time.Duration(n) * time.Minute)
	return register.Registration{ID: register.ID(fmt.Sprint("reg_", n)), License: lic, Offer: "free-trial", Arrivals: 1, ArrivedAt: at, LastArrivedAt: at,
		Buyer: license.Buyer{ProductCode: "ink", ARN: "arn:1", Customer: "111122223333"}}
}

func licenceHasOne(t *testing.T, s register.Store) {
	first := arrival(1, "lic_1")
	if got, err := s.Arrived(t.Context(), first, told(1)); err != nil || !reflect.DeepEqual(got, first) {
		t.Fatalf("got %+v, %v; want %+v", got, err, first)
	}
	later := arrival(2, "lic_1")
	later.Buyer = license.Buyer{ProductCode: "ink", ARN: "arn:2", Customer: "999", CustomerIdentifier: "X01EXAMPLEX"}
	want := first
	want.Arrivals, want.LastArrivedAt, want.Buyer.CustomerIdentifier = 2, later.ArrivedAt, "X01EXAMPLEX"
	if got, err := s.Arrived(t.Context(), later, told(2)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if got, err := s.Registration(t.Context(), "reg_1"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if _, err := s.Registration(t.Context(), "reg_2"); !fail.Is(err, fail.NotFound) {
		t.Errorf("a second row was made: %v", err)
	}
}

func twentyArrivals(t *testing.T, s register.Store) {
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := s.Arrived(t.Context(), arrival(i, "lic_1"), told(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if all, err := s.Registrations(t.Context(), register.Query{Limit: 10}); err != nil || len(all) != 1 || all[0].Arrivals != 20 {
		t.Errorf("%+v, %v", all, err)
	}
}

func claimedOnce(t *testing.T, s register.Store) {
	if _, err := s.Arrived(t.Context(), arrival(1, "lic_1"), told(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Claim(t.Context(), register.Registration{ID: "reg_0", Account: "acc_1", ClaimedAt: noon}, told(0)); !fail.Is(err, fail.NotFound) {
		t.Errorf("a registration that is not there: %v", err)
	}
	for i, who := range []core.AccountID{"acc_1", "acc_2", "acc_1"} {
		answers := []register.Answer{{Name: "team", Label: "Which team?", Type: core.ChoiceField, Value: fmt.Sprint(i)}}
		got, err := s.Claim(t.Context(), register.Registration{ID: "reg_1", Account: who, Answers: answers, ClaimedAt: noon.Add(time.Duration(i) * time.Hour)}, told(10+i))
		if err != nil || got.Account != "acc_1" || !got.ClaimedAt.Equal(noon) || len(got.Answers) != 1 || got.Answers[0].Value != "0" {
			t.Errorf("claim %d: %+v, %v", i, got, err)
		}
	}
	if left, err := s.Unattached(t.Context(), 10); err != nil || len(left) != 1 || left[0].ID != "reg_1" {
		t.Errorf("%+v, %v", left, err)
	}
	for i, want := range []bool{true, false} {
		if first, err := s.Attached(t.Context(), register.Registration{ID: "reg_1"}, noon.Add(time.Duration(i)*time.Hour)); err != nil || first != want {
			t.Errorf("attached for the first time %v, %v; want %v", first, err, want)
		}
	}
	if left, err := s.Unattached(t.Context(), 10); err != nil || len(left) != 0 {
		t.Errorf("%+v, %v", left, err)
	}
	own, err := s.OfAccount(t.Context(), "acc_1")
	if err != nil || len(own) != 1 || !own[0].AttachedAt.Equal(noon) {
		t.Errorf("%+v, %v", own, err)
	}
	if own, err := s.OfAccount(t.Context(), "acc_2"); err != nil || len(own) != 0 {
		t.Errorf("another account's: %+v, %v", own, err)
	}
}

func registrationListGoesOn(t *testing.T, s register.Store) {
	for i := range 5 {
		r := arrival(9-i, core.LicenseID(fmt.Sprint("lic_", i)))
		r.ArrivedAt = noon.Add(time.Duration(i/2) * time.Minute) // two at one instant
		if _, err := s.Arrived(t.Context(), r, told(i)); err != nil {
			t.Fatal(err)
		}
	}
	var got []register.ID
	for after := register.ID(""); ; {
		page, err := s.Registrations(t.Context(), register.Query{After: after, Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			got = append(got, r.ID)
		}
		if len(page) < 2 {
			break
		}
		after = page[1].ID
	}
	if fmt.Sprint(got) != "[reg_8 reg_9 reg_6 reg_7 reg_5]" {
		t.Errorf("listed %v", got)
	}
}

// What a buyer has answered is theirs: it goes when their account is erased, and nobody else's does.
func answersGoWithTheirAccount(t *testing.T, s register.Store, accounts account.Store) {
	answers := []register.Answer{{Name: "why", Label: "What for? \"<b>\"", Type: core.LongTextField, Value: "Books,\nand ½ of \"Ada's\" letters 😀"}, {Name: "news", Label: "News", Type: core.CheckboxField, Value: "false"}}
	for i, who := range []core.AccountID{"acc_1", "acc_2"} {
		addAccount(t, accounts, who, noon)
		reg, err := s.Arrived(t.Context(), arrival(i, core.LicenseID(fmt.Sprint("lic_", i))), told(i))
		if err != nil || reg.Answers != nil {
			t.Fatalf("%+v, %v", reg, err)
		}
		if _, err := s.Claim(t.Context(), register.Registration{ID: reg.ID, Account: who, Answers: answers, ClaimedAt: noon}, told(10+i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := accounts.EraseAccount(t.Context(), "acc_1", noon); err != nil {
		t.Fatal(err)
	}
	all, err := s.Registrations(t.Context(), register.Query{Limit: 10})
	if err != nil || len(all) != 2 || all[0].Answers != nil || !reflect.DeepEqual(all[1].Answers, answers) {
		t.Errorf("%+v, %v", all, err)
	}
}

// An account that is set up by hand is ready once, and its licence is to be told then, whatever it was told before.
func setUpOnce(t *testing.T, s register.Store) {
	for i := range 3 {
		if _, err := s.Arrived(t.Context(), arrival(i, core.LicenseID(fmt.Sprint("lic_", i))), told(i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Ready(t.Context(), "reg_9", noon, told(9)); !fail.Is(err, fail.NotFound) {
		t.Errorf("a registration that is not there: %v", err)
	}
	due := noon.Add(48 * time.Hour)
	if got, err := s.Ready(t.Context(), "reg_1", noon, told(9)); err != nil || !got.ReadyAt.IsZero() {
		t.Errorf("ready before there is an account: %+v, %v", got, err)
	}
	claimed, err := s.Claim(t.Context(), register.Registration{ID: "reg_1", Account: "acc_1", ClaimedAt: noon, DueAt: due}, told(11))
	if err != nil || !claimed.DueAt.Equal(due) || !claimed.SettingUp() {
		t.Fatalf("%+v, %v", claimed, err)
	}
	if _, err := s.Claim(t.Context(), register.Registration{ID: "reg_2", Account: "acc_1", ClaimedAt: noon}, told(12)); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Ready(t.Context(), "reg_2", noon, told(9)); err != nil || !got.ReadyAt.IsZero() {
		t.Errorf("ready, though nothing is done by hand: %+v, %v", got, err)
	}
	for state, want := range map[register.State]string{register.Open: "[reg_0]", register.SettingUp: "[reg_1]", register.Complete: "[reg_2]", "": "[reg_0 reg_1 reg_2]"} {
		list, err := s.Registrations(t.Context(), register.Query{State: state, Limit: 10})
		var ids []register.ID
		for _, r := range list {
			ids = append(ids, r.ID)
			if state != "" && r.Standing().State != state {
				t.Errorf("%s is %s, and listed as %s", r.ID, r.Standing().State, state)
			}
		}
		if err != nil || fmt.Sprint(ids) != want {
			t.Errorf("%q lists %v, %v; want %s", state, ids, err, want)
		}
	}
	if first, err := s.Attached(t.Context(), claimed, noon); err != nil || !first {
		t.Errorf("%v, %v", first, err)
	}
	for i := range 2 {
		got, err := s.Ready(t.Context(), "reg_1", noon.Add(time.Duration(i+1)*time.Hour), told(13+i))
		if err != nil || !got.ReadyAt.Equal(noon.Add(time.Hour)) || got.SettingUp() || got.AttachedAt.IsZero() != (i == 0) {
			t.Errorf("ready %d: %+v, %v", i, got, err)
		}
		// Who was about to say what was true before says nothing.
		if first, err := s.Attached(t.Context(), claimed, noon); err != nil || first {
			t.Errorf("told of what is over: %v, %v", first, err)
		}
		if first, err := s.Attached(t.Context(), got, noon.Add(2*time.Hour)); err != nil || first != (i == 0) {
			t.Errorf("told %d: %v, %v", i, first, err)
		}
	}
}
