package notice

import (
	"strconv"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/world"
)

// topic is where m is published.
func (m message) topic() string {
	if m.Action == contract.EntitlementUpdated {
		return topic.Entitlements(m.ProductCode)
	}
	return topic.Subscriptions(m.ProductCode)
}

// message is what AWS Marketplace publishes. It names neither account nor licence: the older generation had neither.
type message struct {
	Action             string `json:"action"`
	CustomerIdentifier string `json:"customer-identifier"`
	ProductCode        string `json:"product-code"`
	OfferIdentifier    string `json:"offer-identifier,omitempty"`       // with subscribe-success and subscribe-fail
	FreeTrial          string `json:"isFreeTrialTermPresent,omitempty"` // "true" or "false", with subscribe-success
}

// publish writes the message of a legacy product's notice; ok is false for a notice that is none.
func publish(n world.Notice) (m message, ok bool) {
	a := n.Subject()
	m = message{CustomerIdentifier: a.CustomerIdentifier, ProductCode: a.ProductCode}
	switch n := n.(type) {
	case world.SubscribeSuccess:
		m.Action, m.OfferIdentifier, m.FreeTrial = contract.SubscribeSuccess, a.OfferID, strconv.FormatBool(n.FreeTrial)
	case world.SubscribeFail:
		m.Action, m.OfferIdentifier = contract.SubscribeFail, a.OfferID
	case world.EntitlementUpdated:
		m.Action = contract.EntitlementUpdated
	case world.UnsubscribePending:
		m.Action = contract.UnsubscribePending
	case world.UnsubscribeSuccess:
		m.Action = contract.UnsubscribeSuccess
	default:
		return message{}, false
	}
	return m, true
}
