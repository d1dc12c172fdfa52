package portal

import (
	"fmt"

	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/webui"
)

// words is how a customer is told where a subscription stands. The licence's own reason stands beside it.
type words struct {
	Label string
	Tone  webui.Tone
	Title string // while it is ending, "until" and when its last usage is reported follow
	Text  string
	Wait  bool // the page looks again by itself
}

var wording = map[license.State]words{
	license.Pending: {"Being confirmed", webui.Info, "AWS Marketplace is confirming your subscription",
		"As soon as it says that the subscription is active, usually within a few minutes, you can start. This page looks again by itself.", true},
	license.Active: {"Active", webui.Success, "", "", false},
	license.WindingDown: {"Cancellation in progress", webui.Warn, "Cancellation in progress",
		"AWS Marketplace told us that this subscription is ending.", true},
	license.Ended: {"Ended", webui.Neutral, "This subscription has ended",
		"It gives no more access, and we report no more usage for it. Your account stays, and you can subscribe again on AWS Marketplace.", false},
	license.Failed: {"Payment failed", webui.Error, "AWS Marketplace could not take the payment",
		"The subscription did not start. Please look at the payment method of your AWS account, and subscribe again.", false},
}

// endings are how an end is told of which AWS says why: the label and the title while the last hour runs, and the sentence with
// the day. Without AWS's word it is a cancellation: that is what a seller has to say when unsubscribe-pending comes.
// Source: AWS Marketplace Seller Guide, "SaaS purchase flow" (saas-integrate-subscription).
var endings = map[license.EndReason]struct{ label, title, on string }{
	license.Cancelled:  {"Cancellation in progress", "Cancellation in progress", "It was cancelled on %s."},
	license.Expired:    {"Term over", "The term is over; final usage is reported", "It ended on %s, because its term was over."},
	license.Terminated: {"Ended by AWS", "AWS Marketplace has ended this subscription; final usage is reported", "AWS Marketplace ended it on %s."},
	license.Renewed:    {"Renewed by another", "Another subscription renews this one; final usage is reported", "Another subscription renewed it on %s."},
	license.Replaced:   {"Replaced by another", "Another subscription replaces this one; final usage is reported", "Another subscription replaced it on %s."},
}

// wordsFor says where s stands.
func wordsFor(s license.Standing) words {
	w, ok := wording[s.State]
	if !ok {
		return wording[license.Pending] // nothing is known yet
	}
	e, why := endings[s.EndReason]
	switch {
	case s.State == license.WindingDown:
		if why {
			w.Label, w.Title, w.Text = e.label, e.title, fmt.Sprintf(e.on, endOf(s))
		}
		if s.Access() {
			w.Text += " You can finish what you are doing; what you use until then is still billed."
		}
	case s.State == license.Ended && why:
		w.Text = fmt.Sprintf(e.on, endOf(s)) + " " + w.Text
	}
	return w
}

// endOf is when the subscription ended by AWS's word, or when that was known where it had no last hour.
func endOf(s license.Standing) string {
	at := s.OpensAt
	if at.IsZero() {
		at = s.Since
	}
	return at.UTC().Format("2 January 2006, 15:04 UTC")
}
