package world

import "crypto/sha256"

// ForAcceptor is what the buyer's own account is told of what n tells the proposer; ok is false where buyers are told
// nothing: of licences and advisories, of requests that AWS refused, of adjustments that failed, by topics, and a second
// time for the product's seller.
// Source: buyer guide, https://docs.aws.amazon.com/marketplace/latest/buyerguide/agreement-eventbridge.html and
// https://docs.aws.amazon.com/marketplace/latest/buyerguide/cancellation-adjustment-eventbridge.html.
func ForAcceptor(n Notice) (told Notice, ok bool) {
	if n.Subject().Manufacturer != "" {
		return nil, false
	}
	switch n := n.(type) {
	case AgreementCreated:
		n.About = n.toAcceptor()
		return n, true
	case AgreementAmended:
		n.About = n.toAcceptor()
		return n, true
	case AgreementEnding:
		n.About = n.toAcceptor()
		return n, true
	case AgreementTermsFinalized:
		n.About = n.toAcceptor()
		return n, true
	case AgreementRenewalUpcoming:
		n.About = n.toAcceptor()
		return n, true
	case AgreementEnded:
		n.About = n.toAcceptor()
		return n, true
	case CancellationRequested:
		n.About = n.toAcceptor()
		return n, n.Request.Status != ValidationFailed
	case BillingAdjusted:
		n.About = n.toAcceptor()
		return n, n.Adjustment.Status == AdjustmentCompleted
	}
	return nil, false
}

// toAcceptor is a for the buyer: another notice, with an ID of its own that follows from a's.
func (a About) toAcceptor() About {
	sum := sha256.Sum256([]byte("acceptor " + a.ID))
	a.ID, a.Acceptor, a.Travel = formatUUID([16]byte(sum[:16])), a.BuyerAccount, Travel{}
	return a
}
