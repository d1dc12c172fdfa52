package notice

import (
	"net/url"
	"strconv"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/world"
)

// topicOwner is AWS Marketplace's account, in the ARNs of its topics as sellers see them.
const topicOwner = "287250355862"

// subscriptionTopic is the ARN of a product's topic for subscribe- and unsubscribe- messages.
func subscriptionTopic(productCode string) string {
	return "arn:aws:sns:us-east-1:" + topicOwner + ":aws-mp-subscription-notification-" + productCode
}

// entitlementTopic is the ARN of a product's topic for entitlement-updated.
func entitlementTopic(productCode string) string {
	return "arn:aws:sns:us-east-1:" + topicOwner + ":aws-mp-entitlement-notification-" + productCode
}

// topic is where m is published.
func (m message) topic() string {
	if m.Action == contract.EntitlementUpdated {
		return entitlementTopic(m.ProductCode)
	}
	return subscriptionTopic(m.ProductCode)
}

// message is what AWS Marketplace publishes. It names neither account nor licence: the older generation had neither.
type message struct {
	Action             string `json:"action"`
	CustomerIdentifier string `json:"customer-identifier"`
	ProductCode        string `json:"product-code"`
	OfferIdentifier    string `json:"offer-identifier,omitempty"`       // with subscribe-success and subscribe-fail
	FreeTrial          string `json:"isFreeTrialTermPresent,omitempty"` // "true" or "false", with subscribe-success
}

// notification is SNS's envelope around a message, as it stands in a queue that is subscribed without raw delivery.
type notification struct {
	Type             string `json:"Type"`
	MessageID        string `json:"MessageId"`
	TopicARN         string `json:"TopicArn"`
	Message          string `json:"Message"`
	Timestamp        string `json:"Timestamp"` // milliseconds
	SignatureVersion string `json:"SignatureVersion"`
	Signature        string `json:"Signature"`
	SigningCertURL   string `json:"SigningCertURL"`
	UnsubscribeURL   string `json:"UnsubscribeURL"`
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

// notify puts m into an envelope, signed by s. base is the sandbox's address, which stands in for SNS's own.
func notify(a world.About, m message, s *Signer, base string) notification {
	topic := m.topic()
	n := notification{Type: "Notification", MessageID: a.ID, TopicARN: topic, Message: text(m),
		Timestamp:        a.At.UTC().Format("2006-01-02T15:04:05.000Z"),
		SignatureVersion: "1", SigningCertURL: base + CertificatePath,
		UnsubscribeURL: base + "/?" + url.Values{"Action": {"Unsubscribe"}, "SubscriptionArn": {topic + ":" + subscriptionID(a.SellerAccount, topic)}}.Encode()}
	n.Signature = s.sign(n)
	return n
}

// subscriptionID is the same for one seller and topic always.
func subscriptionID(seller, topic string) string { return uuidOf(seller, topic) }

// stringToSign is what SNS signs of a notification without a subject.
// Source: Amazon SNS Developer Guide, "Verifying the signatures of Amazon SNS messages".
func (n notification) stringToSign() string {
	return "Message\n" + n.Message + "\nMessageId\n" + n.MessageID + "\nTimestamp\n" + n.Timestamp +
		"\nTopicArn\n" + n.TopicARN + "\nType\n" + n.Type + "\n"
}
