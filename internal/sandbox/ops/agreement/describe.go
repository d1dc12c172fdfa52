package agreement

import (
	"context"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/ops/terms"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

type described struct {
	AgreementID        string           `json:"agreementId"`
	AgreementType      string           `json:"agreementType"`
	Status             string           `json:"status"`
	Acceptor           party            `json:"acceptor"`
	Proposer           party            `json:"proposer"`
	AcceptanceTime     wire.Time        `json:"acceptanceTime"`
	StartTime          wire.Time        `json:"startTime"`
	EndTime            wire.Time        `json:"endTime,omitzero"` // pay as you go has none
	EstimatedCharges   estimatedCharges `json:"estimatedCharges"`
	ProposalSummary    proposalSummary  `json:"proposalSummary"`
	InitialAgreementID string           `json:"initialAgreementId"`
	EndTimeBehavior    *endTimeBehavior `json:"endTimeBehavior,omitempty"`
}

type party struct {
	AccountID string `json:"accountId"`
}

type estimatedCharges struct {
	CurrencyCode   string `json:"currencyCode"`
	AgreementValue string `json:"agreementValue"` // what the buyer is committed to; 0 for pay as you go
}

type proposalSummary struct {
	OfferID   string     `json:"offerId"`
	Resources []resource `json:"resources"`
}

type resource struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

type endTimeBehavior struct {
	Type           string          `json:"type"`
	ReasonCode     string          `json:"reasonCode,omitempty"`
	RenewalSummary *renewalSummary `json:"renewalSummary,omitempty"`
}

type renewalSummary struct {
	OfferID string `json:"offerId"`
}

// describeAgreement performs DescribeAgreement, for both parties.
func (s *service) describeAgreement(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		AgreementID *string `json:"agreementId"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	a, err := s.agreement(c, in.AgreementID)
	if err != nil {
		return wire.Answer{}, err
	}
	return wire.Encode(c, described{
		AgreementID: a.AgreementID, AgreementType: contract.PurchaseContract, Status: string(a.Status), Acceptor: party{a.BuyerAccount}, Proposer: party{a.SellerAccount},
		AcceptanceTime: wire.Time{Time: a.AcceptanceTime}, StartTime: wire.Time{Time: a.StartTime}, EndTime: wire.Time{Time: a.EndTime},
		EstimatedCharges: estimatedCharges{terms.Currency, a.Committed().StringFixed(2)}, ProposalSummary: summaryOf(a),
		InitialAgreementID: a.InitialAgreementID, EndTimeBehavior: behaviour(a),
	})
}

func summaryOf(a world.Agreement) proposalSummary {
	return proposalSummary{a.OfferID, []resource{productOf(a)}}
}

func productOf(a world.Agreement) resource { return resource{a.ProductID, contract.SaaSProduct} }

// behaviour is what happens at a's end: nothing is known of it where a has ended, or has no end.
func behaviour(a world.Agreement) *endTimeBehavior {
	what, why, known := a.EndBehavior()
	if !known {
		return nil
	}
	next := a.OfferID
	if what == world.Replaces {
		next = a.Successor
	}
	return &endTimeBehavior{string(what), string(why), &renewalSummary{next}}
}

// updated is when a was last changed: by its acceptance, an amendment, or its end.
func updated(a world.Agreement) time.Time {
	last := a.AcceptanceTime
	for _, h := range a.History {
		if h.What == "amended" {
			last = h.At
		}
	}
	if a.EndedAt.After(last) {
		return a.EndedAt
	}
	return last
}
