package license

import (
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

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
