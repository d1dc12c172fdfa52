package notice

import "souk.dev/souk/internal/sandbox/world"

// advisory says when a risk was seen, or was over.
type advisory struct {
	IssuedAt   string `json:"issuedAt,omitempty"`
	ResolvedAt string `json:"resolvedAt,omitempty"`
}

// advisoryDetail is the detail of Purchase Agreement Advisory Issued and Resolved. The guide shows its members and not
// their order.
type advisoryDetail struct {
	RequestID string     `json:"requestId"`
	Catalog   string     `json:"catalog"`
	Agreement idRef      `json:"agreement"`
	Product   idRef      `json:"product"`
	Acceptor  accountRef `json:"acceptor"`
	Proposer  accountRef `json:"proposer"`
	Offer     idRef      `json:"offer"`
	Advisory  advisory   `json:"advisory"`
}

func advisoryOf(a world.About, said advisory) advisoryDetail {
	return advisoryDetail{RequestID: a.ID, Catalog: catalog, Agreement: idRef{a.AgreementID}, Product: idRef{a.ProductID},
		Acceptor: accountRef{a.BuyerAccount}, Proposer: accountRef{a.SellerAccount}, Offer: idRef{a.OfferID}, Advisory: said}
}
