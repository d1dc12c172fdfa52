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
	Seller  string                     // its name
	Asked   *world.CancellationRequest // the seller's, if it waits for an answer; set where lists show it
	Trial   bool                       // it is free at present
	Standing
}

// Bought lists a contract's quantities as people read them, in the listing's order: "10 × Seats", or a tier's name.
func (s Subscription) Bought() []string {
	var all []string
	for _, d := range s.Product.Dimensions {
		switch n := s.Terms.Quantities[d.Key]; {
		case n == 0:
		case s.Product.Selection == world.OneTier:
			all = append(all, d.Name)
		default:
			all = append(all, webui.Quantity(n)+" × "+d.Name)
		}
	}
	return all
}

// Granted lists what the license entitles to at present.
func (s Subscription) Granted() []string {
	var all []string
	for _, d := range s.Product.Dimensions {
		if n := s.Entitlements[d.Key]; n > 0 {
			all = append(all, webui.Quantity(n)+" × "+d.Name)
		}
	}
	return all
}

// DurationWords is a contract's duration for people.
func (s Subscription) DurationWords() string { return durationWords(s.Terms.Duration) }

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
		return Standing{webui.Success, "Active", running(a, now), true}
	}
	if a.License.Status == world.FailedLicense {
		return Standing{webui.Neutral, "Payment failed", "It never began, and nothing is charged. You can try again.", false}
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

// running says how an active agreement goes on.
func running(a world.Agreement, now time.Time) string {
	switch {
	case a.TrialEndsAt.After(now) && a.TrialEndsAt.Equal(a.EndTime):
		return "Free until " + clockTime(a.TrialEndsAt) + ", when it ends."
	case a.TrialEndsAt.After(now):
		return "Free until " + clockTime(a.TrialEndsAt) + "; then usage is charged. Cancel before that to pay nothing."
	case a.EndTime.IsZero():
		return "Usage is billed as the seller reports it."
	case !a.Contract() && a.Successor != "":
		return "Usage is billed at the private offer's prices until " + a.EndTime.Format("2 January 2006") + "; then at the listed ones."
	case !a.Contract():
		return "Usage is billed as the seller reports it until " + a.EndTime.Format("2 January 2006") + ", when it ends."
	case a.Terms.AutoRenew:
		return "Paid until " + a.EndTime.Format("2 January 2006") + "; then it renews itself."
	default:
		return "Paid until " + a.EndTime.Format("2 January 2006") + ", when it ends."
	}
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
	return Subscription{Agreement: a, Product: p, Seller: seller.Name, Standing: standing(a, now), Trial: a.Status == world.Active && a.TrialEndsAt.After(now)}, nil
}

// newestBeside is how many of a buyer's subscriptions stand beside an offer of the same product.
const newestBeside = 5

// newestSubscriptions are the newest that q chooses, as many as stand beside an offer; more says that there are others.
func (s *Storefront) newestSubscriptions(q world.AgreementQuery, now time.Time) (all []Subscription, more bool, err error) {
	page, next := s.opt.World.NewestAgreements(q, 0, newestBeside)
	for _, a := range page {
		sub, err := s.subscription(a, now)
		if err != nil {
			return nil, false, err
		}
		all = append(all, sub)
	}
	return all, next > 0, nil
}
