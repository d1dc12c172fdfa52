package notice

import (
	"souk.dev/souk/internal/sandbox/world"
)

type (
	renewingAgreement struct {
		createdAgreement
		AutoRenewalEnabled bool `json:"autoRenewalEnabled"`
	}
	finalizedSummary struct {
		TCV                string  `json:"tcv"` // the renewal's value, as a decimal
		Currency           string  `json:"currency"`
		TermsFinalizedTime string  `json:"termsFinalizedTime"`
		LockoutReached     bool    `json:"lockoutReached"`
		LockoutStartTime   *string `json:"lockoutStartTime"`
	}
	upcomingSummary struct {
		LockoutReached bool   `json:"lockoutReached"`
		TCV            string `json:"tcv"`
		Currency       string `json:"currency"`
	}
)

// upcomingDetail is the detail of Purchase Agreement Renewal Terms Finalized and Purchase Agreement Renewal Upcoming,
// which differ in their summaries.
type upcomingDetail struct {
	RequestID      string            `json:"requestId"`
	Catalog        string            `json:"catalog"`
	Agreement      renewingAgreement `json:"agreement"`
	RenewalSummary any               `json:"renewalSummary"`
	Product        titledRef         `json:"product"`
	Acceptor       accountRef        `json:"acceptor"`
	Proposer       namedAccountRef   `json:"proposer"`
	Offer          idRef             `json:"offer"`
}

func upcoming(n world.AgreementTold, intent world.Intent, summary any) upcomingDetail {
	return upcomingDetail{RequestID: n.ID, Catalog: catalog, Agreement: renewingAgreement{agreementOf(n, intent, ""), true},
		RenewalSummary: summary, Product: titledRef{n.ProductID, n.ProductTitle}, Acceptor: accountRef{n.BuyerAccount},
		Proposer: namedAccountRef{n.SellerAccount, n.ProposerName}, Offer: idRef{n.OfferID}}
}

func finalizedOf(n world.AgreementTermsFinalized) upcomingDetail {
	return upcoming(n.AgreementTold, n.Intent, finalizedSummary{TCV: n.Value.StringFixed(2), Currency: "USD", TermsFinalizedTime: instant(n.At),
		LockoutStartTime: renewalOf(n.AgreementTold, true).LockoutStartTime})
}

func upcomingOf(n world.AgreementRenewalUpcoming) upcomingDetail {
	return upcoming(n.AgreementTold, n.Intent, upcomingSummary{LockoutReached: true, TCV: n.Value.StringFixed(2), Currency: "USD"})
}
