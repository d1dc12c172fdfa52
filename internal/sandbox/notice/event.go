package notice

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/world"
)

// The roles that detail types end in. A direct seller is the proposer of its agreements and the manufacturer of its
// licences, and gets each event once, in this role.
const (
	acceptor     = " - Acceptor"
	proposer     = " - Proposer"
	manufacturer = " - Manufacturer"
)

// envelope is an EventBridge event. The order of its members, and of all below, is that of the captured events.
type envelope struct {
	Version    string   `json:"version"`
	ID         string   `json:"id"`
	DetailType string   `json:"detail-type"`
	Source     string   `json:"source"`
	Account    string   `json:"account"`
	Time       string   `json:"time"` // whole seconds
	Region     string   `json:"region"`
	Resources  []string `json:"resources"`
	Detail     any      `json:"detail"`
}

type (
	accountRef struct {
		AccountID string `json:"accountId"`
	}
	idRef struct {
		ID string `json:"id"`
	}
	offerRef struct {
		ID   string `json:"id"`
		Name string `json:"name,omitempty"` // buyers are told it
	}
	nullableID struct {
		ID *string `json:"id"` // null when nobody resells
	}
	productRef struct {
		ID   string `json:"id"`
		Code string `json:"code"`
	}
	licenseRef struct {
		ARN string `json:"arn"`
	}
	createdAgreement struct {
		ID             string `json:"id"`
		PreviousID     string `json:"previousAgreementId,omitempty"`
		Intent         string `json:"intent"`
		Status         string `json:"status"`
		AcceptanceTime string `json:"acceptanceTime"`
		StartTime      string `json:"startTime"`
		EndTime        string `json:"endTime"`
	}
	amendedAgreement struct {
		createdAgreement
		AutoRenewalEnabled bool `json:"autoRenewalEnabled"`
	}
	endingAgreement struct {
		createdAgreement
		DaysBeforeEndTime  int  `json:"daysBeforeEndTime"`
		AutoRenewalEnabled bool `json:"autoRenewalEnabled"`
	}
	titledRef struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	namedAccountRef struct {
		AccountID string `json:"accountId"`
		Name      string `json:"name"`
	}
	renewalSummary struct {
		LockoutStartTime *string `json:"lockoutStartTime"` // null: no deadline was agreed on
		DisabledBy       *string `json:"disabledBy"`       // ACCEPTOR or PROPOSER; null while it renews itself
	}
	endedAgreement struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}
)

// createdDetail is the detail of Purchase Agreement Created.
type createdDetail struct {
	RequestID string           `json:"requestId"`
	Catalog   string           `json:"catalog"`
	Agreement createdAgreement `json:"agreement"`
	named
	ResaleAuthorization nullableID `json:"resaleAuthorization"`
	Acceptor            accountRef `json:"acceptor"`
	Proposer            accountRef `json:"proposer"`
	Offer               idRef      `json:"offer"`
}

// named is what the events of an agreement's beginning and end may name beside it. The captured ones have neither.
type named struct {
	Product *productRef `json:"product,omitempty"`
	License *licenseRef `json:"license,omitempty"`
}

func namedBy(n world.Names, a world.About) (in named) {
	if n.Product {
		in.Product = &productRef{ID: a.ProductID, Code: a.ProductCode}
	}
	if n.License {
		in.License = &licenseRef{a.LicenseARN}
	}
	return in
}

// renewedDetail is the detail of Purchase Agreement Created for a renewal, as the guide shows it: with the product and the
// proposer's name, without a resale authorization.
type renewedDetail struct {
	RequestID string           `json:"requestId"`
	Catalog   string           `json:"catalog"`
	Agreement createdAgreement `json:"agreement"`
	Product   titledRef        `json:"product"`
	Acceptor  accountRef       `json:"acceptor"`
	Proposer  namedAccountRef  `json:"proposer"`
	Offer     offerRef         `json:"offer"`
}

// amendedDetail is the detail of Purchase Agreement Amended.
type amendedDetail struct {
	RequestID           string           `json:"requestId"`
	Catalog             string           `json:"catalog"`
	Agreement           amendedAgreement `json:"agreement"`
	RenewalSummary      renewalSummary   `json:"renewalSummary"`
	Product             titledRef        `json:"product"`
	ResaleAuthorization nullableID       `json:"resaleAuthorization"`
	Acceptor            accountRef       `json:"acceptor"`
	Proposer            accountRef       `json:"proposer"`
	Offer               idRef            `json:"offer"`
}

// endingDetail is the detail of Purchase Agreement Ending.
type endingDetail struct {
	RequestID      string          `json:"requestId"`
	Catalog        string          `json:"catalog"`
	Agreement      endingAgreement `json:"agreement"`
	RenewalSummary renewalSummary  `json:"renewalSummary"`
	Product        titledRef       `json:"product"`
	Acceptor       accountRef      `json:"acceptor"`
	Proposer       namedAccountRef `json:"proposer"`
	Offer          idRef           `json:"offer"`
}

// endedDetail is the detail of Purchase Agreement Ended. The guide shows an offer in it; the captured event has none.
type endedDetail struct {
	RequestID string         `json:"requestId"`
	Catalog   string         `json:"catalog"`
	Agreement endedAgreement `json:"agreement"`
	named
	ResaleAuthorization nullableID `json:"resaleAuthorization"`
	Acceptor            accountRef `json:"acceptor"`
	Proposer            accountRef `json:"proposer"`
	Offer               *idRef     `json:"offer,omitempty"`
}

// licenseDetail is the detail of License Updated and License Deprovisioned.
type licenseDetail struct {
	RequestID string     `json:"requestId"`
	Catalog   string     `json:"catalog"`
	Agreement idRef      `json:"agreement"`
	Product   productRef `json:"product"`
	License   licenseRef `json:"license"`
	Acceptor  accountRef `json:"acceptor"`
	Proposer  accountRef `json:"proposer"`
	Offer     idRef      `json:"offer"`
}

const catalog = "AWSMarketplace"

// noEnd is how events write that an agreement has no end.
const noEnd = "9999-01-01T00:00:00Z"

// event writes an EventBridge event with the given envelope id; ok is false for a notice that is none.
func event(n world.Notice, id string) (e envelope, ok bool) {
	a := n.Subject()
	e = envelope{Version: "0", ID: id, Source: contract.EventSource, Account: a.Receiver(),
		Time: a.At.UTC().Format(time.RFC3339), Region: "us-east-1",
		Resources: []string{"arn:aws:aws-marketplace::aws:agreement:" + a.AgreementID}}
	switch n := n.(type) {
	case world.AgreementCreated:
		e.DetailType = contract.AgreementCreated + role(a)
		e.Detail = createdOf(n)
	case world.AgreementAmended:
		e.DetailType = contract.AgreementAmended + role(a)
		e.Detail = amendedOf(n)
	case world.AgreementEnding:
		e.DetailType = contract.AgreementEnding + role(a)
		e.Detail = endingOf(n)
	case world.AgreementTermsFinalized:
		e.DetailType = contract.RenewalTermsFinalized + role(a)
		e.Detail = finalizedOf(n)
	case world.AgreementRenewalUpcoming:
		e.DetailType = contract.RenewalUpcoming + role(a)
		e.Detail = upcomingOf(n)
	case world.AgreementEnded:
		e.DetailType = contract.AgreementEnded + role(a)
		e.Detail = endedDetail{RequestID: a.ID, Catalog: catalog, Agreement: endedAgreement{a.AgreementID, string(n.Status)}, named: namedBy(n.Names, a), ResaleAuthorization: resale(a),
			Acceptor: accountRef{a.BuyerAccount}, Proposer: accountRef{a.SellerAccount}, Offer: offerOf(n)}
	case world.LicenseUpdated:
		e.DetailType = contract.LicenseUpdated + manufacturer
		e.Detail = license(a)
	case world.LicenseDeprovisioned:
		e.DetailType = contract.LicenseDeprovisioned + manufacturer
		e.Detail = license(a)
	case world.AdvisoryIssued:
		e.DetailType = contract.AdvisoryIssued + manufacturer
		e.Detail = advisoryOf(a, advisory{IssuedAt: instant(a.At)})
	case world.AdvisoryResolved:
		e.DetailType = contract.AdvisoryResolved + manufacturer
		e.Detail = advisoryOf(a, advisory{ResolvedAt: instant(a.At)})
	case world.CancellationRequested:
		e.DetailType, e.Resources = cancellationTypes[n.Request.Status]+role(a), []string{}
		e.Detail = cancellationOf(n)
	case world.BillingAdjusted:
		e.DetailType, e.Resources = adjustmentTypes[n.Adjustment.Status]+role(a), []string{}
		e.Detail = adjustmentOf(n)
	default:
		return envelope{}, false
	}
	return e, true
}

// offerOf is the offer of an agreement that ended, where the notice names it.
func offerOf(n world.AgreementEnded) *idRef {
	if !n.TellsOffer {
		return nil
	}
	return &idRef{n.OfferID}
}

// agreementOf writes what a notice tells of an agreement.
func agreementOf(n world.AgreementTold, intent world.Intent, previous string) createdAgreement {
	end := noEnd
	if !n.EndTime.IsZero() {
		end = instant(n.EndTime)
	}
	return createdAgreement{ID: n.AgreementID, PreviousID: previous, Intent: string(intent), Status: string(n.Status),
		AcceptanceTime: instant(n.AcceptanceTime), StartTime: instant(n.StartTime), EndTime: end}
}

func createdOf(n world.AgreementCreated) any {
	if n.Intent == world.IntentRenew {
		agreement := agreementOf(n.AgreementTold, n.Intent, n.PreviousAgreementID)
		return renewedDetail{RequestID: n.ID, Catalog: catalog, Agreement: agreement, Product: titledRef{n.ProductID, n.ProductTitle},
			Acceptor: accountRef{n.BuyerAccount}, Proposer: namedAccountRef{n.SellerAccount, n.ProposerName}, Offer: renewedOffer(n)}
	}
	// Of a replacement, it does not tell what it replaces.
	return createdDetail{RequestID: n.ID, Catalog: catalog, Agreement: agreementOf(n.AgreementTold, n.Intent, ""), named: namedBy(n.Names, n.About), ResaleAuthorization: resale(n.About),
		Acceptor: accountRef{n.BuyerAccount}, Proposer: accountRef{n.SellerAccount}, Offer: idRef{n.OfferID}}
}

// renewedOffer is the offer as the creation of a renewal names it: to its buyer by name, too.
func renewedOffer(n world.AgreementCreated) offerRef {
	if n.Acceptor == "" {
		return offerRef{ID: n.OfferID}
	}
	return offerRef{n.OfferID, n.OfferName}
}

func amendedOf(n world.AgreementAmended) amendedDetail {
	return amendedDetail{RequestID: n.ID, Catalog: catalog, Agreement: amendedAgreement{agreementOf(n.AgreementTold, world.IntentAmend, ""), n.AutoRenew},
		RenewalSummary: renewalOf(n.AgreementTold, n.AutoRenew), Product: titledRef{n.ProductID, n.ProductTitle}, ResaleAuthorization: resale(n.About),
		Acceptor: accountRef{n.BuyerAccount}, Proposer: accountRef{n.SellerAccount}, Offer: idRef{n.OfferID}}
}

func endingOf(n world.AgreementEnding) endingDetail {
	return endingDetail{RequestID: n.ID, Catalog: catalog,
		Agreement:      endingAgreement{agreementOf(n.AgreementTold, n.Intent, ""), n.DaysBeforeEnd, n.AutoRenew},
		RenewalSummary: renewalOf(n.AgreementTold, n.AutoRenew), Product: titledRef{n.ProductID, n.ProductTitle},
		Acceptor: accountRef{n.BuyerAccount}, Proposer: namedAccountRef{n.SellerAccount, n.ProposerName}, Offer: idRef{n.OfferID}}
}

// renewalOf says whether a contract renews itself, and if not, who did not want it.
func renewalOf(n world.AgreementTold, renews bool) (r renewalSummary) {
	if !n.LockoutStart.IsZero() {
		r.LockoutStartTime = new(instant(n.LockoutStart))
	}
	switch {
	case n.ProposerOptedOut:
		r.DisabledBy = new("PROPOSER")
	case !renews:
		r.DisabledBy = new("ACCEPTOR")
	}
	return r
}

// role is what a's receiver is to the agreement.
func role(a world.About) string {
	switch {
	case a.Acceptor != "":
		return acceptor
	case a.Manufacturer != "":
		return manufacturer
	}
	return proposer
}

// resale is what a channel partner sells under.
func resale(a world.About) nullableID {
	if a.ResaleAuthorization == "" {
		return nullableID{}
	}
	return nullableID{&a.ResaleAuthorization}
}

func license(a world.About) licenseDetail {
	return licenseDetail{RequestID: a.ID, Catalog: catalog, Agreement: idRef{a.AgreementID},
		Product: productRef{ID: a.ProductID, Code: a.ProductCode}, License: licenseRef{a.LicenseARN},
		Acceptor: accountRef{a.BuyerAccount}, Proposer: accountRef{a.SellerAccount}, Offer: idRef{a.OfferID}}
}

// instant writes t as AWS's events do: with milliseconds, or without a fraction when there are none.
func instant(t time.Time) string {
	t = t.UTC().Truncate(time.Millisecond)
	if t.Nanosecond() == 0 {
		return t.Format(time.RFC3339)
	}
	return t.Format("2006-01-02T15:04:05.000Z07:00")
}

// text writes v as JSON without escaping what only HTML needs escaped.
func text(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("notice: %T is strings all through and cannot fail to encode: %v", v, err))
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
