package storefront

import (
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// Subscription is an agreement as pages show it.
type Subscription struct {
	world.Agreement
	Product world.Product
	Seller  string // its name
	Standing
}

// Newest is the history, newest first.
func (s Subscription) Newest() []world.Happening {
	h := slices.Clone(s.History)
	slices.Reverse(h)
	return h
}

// Standing is how an agreement is at an instant, for people.
type Standing struct {
	Tone webui.Tone
	Word string
	Why  string // with what happens next
	// Current says that it still matters to the bill: it is active, or its last usage may still come in.
	Current bool
}

// standing puts an agreement's status into words. The words "cancellation in progress" are AWS's own: between the
// buyer's cancellation and the end of the last hour for metering.
func standing(a world.Agreement, now time.Time) Standing {
	if a.Status == world.Active {
		if now.Before(a.License.ProvisionedAt) {
			return Standing{webui.Success, "Active", "The license follows at " + clockTime(a.License.ProvisionedAt) + "; you can set up your account already.", true}
		}
		return Standing{webui.Success, "Active", "Usage is billed as the seller reports it.", true}
	}
	if now.Before(a.License.MeteringUntil) {
		word := "Ending"
		if a.Status == world.Cancelled {
			word = "Cancellation in progress"
		}
		return Standing{webui.Warn, word, fmt.Sprintf("The seller can report your last usage until %s. It will be on your bill; nothing after it.", clockTime(a.License.MeteringUntil)), true}
	}
	why := map[world.AgreementStatus]string{
		world.Cancelled:  "You cancelled. No further charges arise.",
		world.Expired:    "It reached its end. No further charges arise.",
		world.Terminated: "It was ended for you. No further charges arise.",
		world.Renewed:    "A renewal goes on in its place.",
		world.Replaced:   "Another agreement goes on in its place.",
	}[a.Status]
	return Standing{webui.Neutral, webui.Words(a.Status), why, false}
}

func clockTime(t time.Time) string { return t.UTC().Format("15:04 UTC on 2 January") }

// subscription gathers what pages show of a.
func (s *Storefront) subscription(a world.Agreement, now time.Time) (Subscription, error) {
	p, err := s.opt.World.Product(a.ProductID)
	if err != nil {
		return Subscription{}, fmt.Errorf("product of agreement %s: %w", a.AgreementID, err)
	}
	seller, err := s.opt.World.Seller(a.SellerAccount)
	if err != nil {
		return Subscription{}, fmt.Errorf("seller of agreement %s: %w", a.AgreementID, err)
	}
	return Subscription{a, p, seller.Name, standing(a, now)}, nil
}

// subscriptions lists what q chooses, newest first.
func (s *Storefront) subscriptions(q world.AgreementQuery, now time.Time) ([]Subscription, error) {
	agreements := s.opt.World.Agreements(q)
	all := make([]Subscription, 0, len(agreements))
	for i := range agreements {
		sub, err := s.subscription(agreements[len(agreements)-1-i], now)
		if err != nil {
			return nil, err
		}
		all = append(all, sub)
	}
	return all, nil
}
