package alert

import (
	"slices"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// kinds are those of alerts. What lasts stands until it is mended; the others happen.
var kinds = map[outbox.Kind]struct {
	lasts bool
	do    string
}{
	outbox.AlertCallsDenied: {true, "Look at the credentials, what the role may do, and the region; souk doctor says which it is. " +
		"Usage is kept meanwhile, and goes by itself when AWS takes calls again."},
	outbox.AlertRecordsRefused: {true, "Look at one of the records: it shows the request and AWS's answer. Mend the cause before its deadline; then it goes by itself. " +
		"What misses its deadline is billed in a later hour, as long as the subscription lives."},
	outbox.AlertDeadlineNear: {true, "Find out why AWS does not take the records: the log, AWS's health page, souk doctor. They are sent again all the time. " +
		"After the deadline they are billed in a later hour, and what has no later hour is lost."},
	outbox.AlertUsageUnbilled: {false, "Look at the usage and its reason. What AWS should have billed can be added by a correction, as long as the licence lives; " +
		"where usage goes on after the end, have your application ask for access before it serves."},
	outbox.AlertProductUnknown: {true, "Add the product to the setting products and start the gateway again: the notices are then applied by themselves. Until then its buyers have no access."},
	outbox.AlertNoticeUnread: {false, "Look at the notice: it is kept as it came. Where something else than AWS writes to the queue, stop it; " +
		"after an update that can read it, replay it."},
	outbox.AlertBuyerAdvised: {true, "Look at the licence, and what its buyer does. AWS revokes nothing: whether you serve a buyer at risk on, and how far, is yours to decide. " +
		"AWS tells when the risk is over."},
	outbox.AlertQueueAway: {true, "Look at whether the queue is there, its region, and what the role may do; souk doctor says which it is. Notices wait in it, for as long as it keeps them " +
		"(4 days, unless it says otherwise), and what of them is lost is made up for by the comparison with AWS. Until then new buyers wait, and who has left may still have access."},
	outbox.AlertEntitlementsStale: {true, "Look at what the role may do (GetEntitlements), the region, and AWS's health page; souk doctor says which it is. Checks go on with what AWS said last, and say " +
		"how old it is; when it is too old for the product (staleAfter), they are answered as its setting failOpen says. New buyers have nothing of what they bought until AWS answers."},
	outbox.AlertDeliveryDead: {false, "Look at the delivery: it shows each attempt and what was answered. Mend the receiver, then have it sent again."},
}

// Kinds are the kinds of alerts, in the order of their names.
func Kinds() []outbox.Kind {
	var all []outbox.Kind
	for k := range kinds {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// What is a telling's news.
type What string

// The news.
const (
	Fresh What = "raised"
	Still What = "still" // it was told before, and is still there, or happened again
	Over  What = "resolved"
)

// Told is the data of an alert's events.
type Told struct {
	Alert Snapshot `json:"alert"`
}

// Snapshot is an alert as it is told.
type Snapshot struct {
	ID      ID               `json:"id"`
	State   What             `json:"state"`
	Say     string           `json:"say"`
	Do      string           `json:"do,omitempty"`
	Since   time.Time        `json:"since"`
	Times   int              `json:"times"` // how often it was found since it was raised
	License core.LicenseID   `json:"license,omitempty"`
	Product core.ProductCode `json:"productCode,omitempty"`
	About   string           `json:"about,omitempty"`
}

// event tells of a. It is named by its number, so that the same telling, written down again, is the same event.
func (a Alert) event(what What, now time.Time) outbox.Event {
	s := Snapshot{a.ID, what, a.Say, a.Do(), a.Since.UTC(), a.Times, a.License, a.Product, a.About}
	if what == Over {
		s.Do = ""
	}
	return outbox.NewEvent(a.Kind, now, outbox.Subject{License: a.License}, Told{s}).Named(struct {
		ID      ID
		Telling int
	}{a.ID, a.Telling})
}

// GivenUp is the finding that a delivery was given up. It says nothing of what the receiver answered: of a mail, that may
// name a person.
func GivenUp(d outbox.Delivery) Finding {
	return Finding{Kind: outbox.AlertDeliveryDead, Cause: d.Channel + " " + d.To, License: d.License, About: string(d.ID), At: d.Since,
		Say: "What was to be told by " + d.Channel + " to " + d.To + " (" + string(d.Kind) + ") was given up."}
}
