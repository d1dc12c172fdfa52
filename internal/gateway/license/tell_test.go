package license

import (
	"context"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// An account that the seller's people set up is ready when they are done and AWS has said that the licence is active, in
// whatever order.
func TestALicenceIsReadyWhenItsAccountIs(t *testing.T) {
	for name, steps := range map[string][]func(*Book) error{
		"active first": {activate, attach(true), attach(true), attach(false), attach(true)},
		"set up first": {attach(true), attach(false), attach(false), activate},
		"at once":      {attach(false), activate, attach(true)},
	} {
		t.Run(name, func(t *testing.T) {
			b, kept, _ := openBook(t, core.Product{Code: "p"})
			arrive(t, b, ada, at("10:00:00"))
			told := 0
			for i, step := range steps {
				if err := step(b); err != nil {
					t.Fatal(err)
				}
				told = 0
				for _, c := range kept.changes {
					for _, e := range c.Tell {
						if e.Kind == outbox.LicenseReady {
							told++
						}
					}
				}
				l, _ := b.ByARN(ada.ARN)
				if want := !l.SettingUp && l.Account != "" && l.Standing.Access(); told > 1 || want != (told == 1) {
					t.Errorf("step %d: %+v is told to be ready %d times", i, l, told)
				}
			}
			if told != 1 {
				t.Errorf("in the end it is told to be ready %d times", told)
			}
		})
	}
}

func activate(b *Book) error {
	_, err := b.Note(context.Background(), Note{ID: "n1", Kind: Activated, At: at("10:01:00"), About: Ref{ProductCode: ada.ProductCode, ARN: ada.ARN, Customer: ada.Customer}})
	return err
}

func attach(settingUp bool) func(*Book) error {
	return func(b *Book) error {
		l, _ := b.ByARN(ada.ARN)
		return b.AttachAccount(context.Background(), l.ID, "acc_1", settingUp)
	}
}

// A licence may come back to what it was. That is told, too: who is told has to know it.
func TestComingBackIsAnotherHappening(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	with := func(offer core.OfferID) License {
		return License{ID: "lic_1", ProductCode: "prod", Offer: offer, Standing: Standing{State: Active, ActivatedAt: now}}
	}
	ids := map[outbox.EventID]int{}
	told := func(before, l License, facts int) outbox.EventID {
		events := tidings(before, l, facts, now)
		if len(events) != 1 || events[0].Kind != outbox.LicenseUpdated {
			t.Fatalf("told %+v", events)
		}
		ids[events[0].ID]++
		return events[0].ID
	}
	a, b := with("offer-a"), with("offer-b")
	first := told(a, b, 2)
	told(b, a, 3)
	told(a, b, 4)
	if len(ids) != 3 {
		t.Errorf("three changes have %d names", len(ids))
	}
	if again := told(a, b, 2); again != first {
		t.Errorf("the same change, written down again, is %s and was %s", again, first)
	}
	if events := tidings(a, a, 5, now); len(events) != 0 {
		t.Errorf("nothing changed, and is told: %+v", events)
	}
}
