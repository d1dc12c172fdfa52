package license

import (
	"reflect"
	"time"

	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// Snapshot is a licence as programs see it, in the API's answers as in what is told of it.
type Snapshot struct {
	ID                 core.LicenseID          `json:"id"`
	ProductCode        core.ProductCode        `json:"productCode"`
	LicenseARN         core.LicenseARN         `json:"licenseArn,omitempty"`
	Customer           core.AWSAccountID       `json:"customerAWSAccountId,omitempty"`
	CustomerIdentifier core.CustomerIdentifier `json:"customerIdentifier,omitempty"`
	AgreementIDs       []core.AgreementID      `json:"agreementIds"`
	OfferID            core.OfferID            `json:"offerId,omitempty"`
	Identity           Identity                `json:"identity"`
	Account            core.AccountID          `json:"account,omitempty"`
	SettingUp          bool                    `json:"settingUp,omitempty"`
	CreatedAt          time.Time               `json:"createdAt"`

	State State     `json:"state"`
	Why   string    `json:"why"`
	Since time.Time `json:"since"`
	Next  string    `json:"next,omitempty"`
	By    time.Time `json:"by,omitzero"`

	EndReason EndReason `json:"endReason,omitempty"`

	Access      bool      `json:"access"`
	ActivatedAt time.Time `json:"activatedAt,omitzero"`
	OpensAt     time.Time `json:"finalWindowOpensAt,omitzero"`
	ClosesAt    time.Time `json:"finalWindowClosesAt,omitzero"`
	AdvisedAt   time.Time `json:"advisedAt,omitzero"`
}

// Snapshot is l as programs see it.
func (l License) Snapshot() Snapshot {
	s := l.Standing
	out := Snapshot{
		ID: l.ID, ProductCode: l.ProductCode, LicenseARN: l.ARN, Customer: l.Customer, CustomerIdentifier: l.CustomerIdentifier,
		AgreementIDs: l.Agreements, OfferID: l.Offer, Identity: l.Identity(), Account: l.Account, SettingUp: l.SettingUp, CreatedAt: l.CreatedAt,
		State: s.State, Why: s.Why, Since: s.Since, Next: s.Next, By: s.By, EndReason: s.EndReason,
		Access: s.Access(), ActivatedAt: s.ActivatedAt, OpensAt: s.OpensAt, ClosesAt: s.ClosesAt, AdvisedAt: s.AdvisedAt,
	}
	if out.AgreementIDs == nil {
		out.AgreementIDs = []core.AgreementID{}
	}
	return out
}

// toldAs is how each state is told.
var toldAs = map[State]outbox.Kind{
	Pending: outbox.LicensePending, Active: outbox.LicenseActive, WindingDown: outbox.LicenseWindingDown, Ended: outbox.LicenseEnded, Failed: outbox.LicenseFailed,
}

// Told is the data of every event about a licence.
type Told struct {
	License Snapshot `json:"license"`
}

// tidings is what is to be told of a licence that was before, the zero License if it is new, and is l from now on: its new
// state, or else that something that programs see changed; and that it is ready, when it first gives access to an account.
//
// The events are named by what changed into what, and after how many facts: the same change written down twice is one
// happening, but one that brings back what had been before is another than the first.
func tidings(before, l License, facts int, now time.Time) (events []outbox.Event) {
	about, data := outbox.Subject{License: l.ID, Account: l.Account}, Told{l.Snapshot()}
	was, is := before.Standing, l.Standing
	name := struct {
		Facts      int
		Before, Is Snapshot
	}{facts, before.Snapshot(), data.License}
	tell := func(kind outbox.Kind) { events = append(events, outbox.NewEvent(kind, now, about, data).Named(name)) }
	switch kind := toldAs[is.State]; {
	case kind != "" && (was.State != is.State || !was.ActivatedAt.Equal(is.ActivatedAt)):
		tell(kind)
	case !sameButAdvice(name.Before, name.Is):
		tell(outbox.LicenseUpdated)
	}
	switch {
	case is.AdvisedAt.Equal(was.AdvisedAt):
	case is.AdvisedAt.IsZero():
		tell(outbox.LicenseAdvisoryResolved)
	default:
		tell(outbox.LicenseAdvisoryIssued)
	}
	if ready(l) && (!ready(before) || before.Account != l.Account || !was.ActivatedAt.Equal(is.ActivatedAt)) {
		tell(outbox.LicenseReady)
	}
	return events
}

// sameButAdvice reports whether two snapshots differ in nothing but AWS's word on the buyer's risk, which is told by itself.
func sameButAdvice(a, b Snapshot) bool {
	a.AdvisedAt = b.AdvisedAt
	return reflect.DeepEqual(a, b)
}

// advised is what somebody should look at when AWS tells of a risk with the buyer of l; ok is false where it does not, or did
// before.
func advised(before, l License) (f alert.Finding, ok bool) {
	at := l.Standing.AdvisedAt
	if at.IsZero() || at.Equal(before.Standing.AdvisedAt) {
		return f, false
	}
	return alert.Finding{Kind: outbox.AlertBuyerAdvised, Cause: string(l.ID), License: l.ID, Product: l.ProductCode,
		Say: "AWS tells of a risk with the buyer of this licence. It does not tell which: fraud, abuse, or an account that is closed. The subscription goes on as it is."}, true
}

func ready(l License) bool { return l.Standing.Access() && l.Account != "" && !l.SettingUp }
