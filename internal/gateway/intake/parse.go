package intake

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// Parse reads what a queue delivered. It always gives a notice that can be kept: what cannot be read, or says nothing
// to us, has its outcome already; what is to be applied has the outcome Received.
//
// Three forms are known, and each may be inside an SNS envelope whose Message is a string, as SNS sends it, or an object,
// as a published AWS sample has it: a legacy message ({"action":…}), an SNS envelope ({"Type":…,"Message":…}), and
// an EventBridge event ({"detail-type":…}). Members that are not known are ignored.
func Parse(m Message) Notice {
	n := Notice{Way: cmp.Or(m.Way, FromQueue), Channel: Raw, MessageID: m.ID, At: m.SentAt, SentAt: m.SentAt, Body: m.Body}
	n.read([]byte(m.Body), "")
	if n.Key == "" {
		// Nothing inside names the happening, so that the queue's own id must do: it tells a redelivery by the queue, but
		// not the same message published twice. Where even that is missing, the same bytes are the same notice.
		if n.Key = "sqs:" + m.ID; m.ID == "" {
			sum := sha256.Sum256([]byte(m.Body))
			n.Key = "body:" + hex.EncodeToString(sum[:16])
		}
	}
	n.note.ID, n.note.At = n.Key, n.At
	return n
}

// shape has the members by which the forms are told apart.
type shape struct {
	DetailType *string         `json:"detail-type"`
	Type       string          `json:"Type"`
	Message    json.RawMessage `json:"Message"`
	MessageID  string          `json:"MessageId"`
	Timestamp  string          `json:"Timestamp"`
	Action     *string         `json:"action"`
}

// read reads one form; envelope is the id of the SNS message around it.
func (n *Notice) read(body []byte, envelope string) {
	var s shape
	if err := decode(body, &s); err != nil {
		n.poison("It is not a JSON object of a known form: " + err.Error() + ".")
		return
	}
	switch {
	case s.DetailType != nil:
		n.event(body)
	case n.Way == ByEventBus:
		n.poison("It was posted as an EventBridge event, and is none; look at the input transformer of the rule's target.")
	case s.Action != nil:
		n.message(body)
	case s.Message != nil && envelope == "":
		n.Channel, n.Key = SNS, ""
		if s.MessageID != "" {
			n.Key = "sns:" + s.MessageID
		}
		if t, ok := instant(s.Timestamp); ok {
			n.At = t
		}
		if s.Type != "" && s.Type != contract.SNSNotification {
			n.handshake(s.Type)
			return
		}
		inner := []byte(s.Message)
		var text string
		if json.Unmarshal(s.Message, &text) == nil {
			inner = []byte(text)
		}
		n.read(inner, "sns:"+s.MessageID)
	default:
		n.poison("It is JSON, but neither an EventBridge event, nor an SNS envelope, nor a marketplace message.")
	}
}

// handshake is what a topic says of the subscription itself.
func (n *Notice) handshake(kind string) {
	n.Kind = kind
	switch {
	case n.Way == ByTopic && kind == contract.SNSSubscribed:
		n.settle(license.Recorded, "The topic asked whether its messages are wanted here; they are, and the subscription was confirmed.")
	case n.Way == ByTopic && kind == contract.SNSUnsubscribed:
		n.settle(license.Recorded, "Somebody ended the topic's subscription: its notices come here no more. Subscribe again in the AWS console, unless that was meant.")
	default:
		n.settle(Unknown, "It is about the subscription of the queue to its topic, not a notice; confirm subscriptions in the AWS console.")
	}
}

func (n *Notice) poison(why string) {
	n.Channel = NoChannel
	n.settle(Poison, why)
}

func (n *Notice) settle(o license.Outcome, why string) { n.Outcome, n.Why = o, why }

// event is what we read of an EventBridge event. Source: SellerGuide, "Managing Amazon EventBridge events"; the
// members that are not the same in every sample are pointers.
type event struct {
	ID         string          `json:"id"`
	Source     string          `json:"source"`
	DetailType string          `json:"detail-type"`
	Time       string          `json:"time"`
	Detail     json.RawMessage `json:"detail"`
}

type detail struct {
	RequestID string `json:"requestId"`
	Agreement struct {
		ID                  string `json:"id"`
		Status              string `json:"status"`
		Intent              string `json:"intent"`
		PreviousAgreementID string `json:"previousAgreementId"`
	} `json:"agreement"`
	Product  struct{ Code string } `json:"product"`
	License  struct{ ARN string }  `json:"license"`
	Acceptor struct {
		AccountID string `json:"accountId"`
	} `json:"acceptor"`
	Offer struct{ ID string } `json:"offer"`
}

// eventKinds are the events that have a bearing on a licence; "" is a fact about who is who. That of Purchase
// Agreement Ended depends on its status.
var eventKinds = map[string]license.Kind{
	contract.AgreementCreated:      "",
	contract.AgreementAmended:      "",
	contract.AgreementEnding:       "",
	contract.RenewalTermsFinalized: "",
	contract.RenewalUpcoming:       "",
	contract.AgreementEnded:        "",
	contract.LicenseUpdated:        license.Activated,
	contract.LicenseDeprovisioned:  license.Deprovisioned,
	contract.AdvisoryIssued:        license.AdvisoryIssued,
	contract.AdvisoryResolved:      license.AdvisoryResolved,
}

// tidings are the events that are no fact of a licence: they are about a seller's own requests, or only information. They are
// kept for the seller's people, in whose words they are explained.
var tidings = map[string]string{
	contract.CancellationPending:   "The buyer was asked to agree to the end of an agreement, and has 7 days; then silence is an approval.",
	contract.CancellationApproved:  "The buyer agreed to the end of an agreement, which AWS tells of separately.",
	contract.CancellationRejected:  "The buyer did not agree to the end of an agreement, which goes on.",
	contract.CancellationWithdrawn: "A request to end an agreement was withdrawn.",
	contract.CancellationFailed:    "AWS could not process a request to end an agreement; its detail says why.",
	contract.AdjustmentCompleted:   "A part of an invoice was given back to the buyer.",
	contract.AdjustmentFailed:      "A billing adjustment could not be made; the Agreement API says why.",
	contract.SpendReached:          "A buyer's spending has reached a limit, at which AWS looks at how they pay. There is nothing to do but wait.",
	contract.SpendVetted:           "AWS has looked at how a buyer pays whose spending had reached a limit, and goes on.",
	contract.SpendUnvetted:         "AWS could not confirm how a buyer pays whose spending has reached a limit. It tries again by itself.",
}

// endings are the statuses of Purchase Agreement Ended. A renewed or replaced agreement is no end: another goes on.
var endings = map[license.EndReason]license.Kind{
	license.Cancelled: license.AgreementEnded, license.Expired: license.AgreementEnded, license.Terminated: license.AgreementEnded,
	license.Renewed: license.AgreementFollowed, license.Replaced: license.AgreementFollowed,
}

func (n *Notice) event(body []byte) {
	n.Channel, n.Key = EventBridge, ""
	var e event
	if err := decode(body, &e); err != nil {
		n.poison("It is an EventBridge event whose envelope cannot be read: " + err.Error() + ".")
		return
	}
	n.Kind, n.Role = splitRole(e.DetailType)
	if t, ok := instant(e.Time); ok {
		n.At = t
	}
	n.EventID = e.ID
	if e.ID != "" {
		n.Key = "event:" + e.ID
	}
	if e.Source != contract.EventSource {
		n.settle(Foreign, "Its source is "+quote(e.Source)+"; only "+contract.EventSource+" speaks of agreements and licenses.")
		return
	}
	var d detail
	err := json.Unmarshal(e.Detail, &d)
	if d.RequestID != "" {
		// AWS documents requestId for telling repetitions apart. One request may cause several kinds of event, and one
		// event is told to the Proposer and to the Manufacturer: the kind belongs to the key, the role does not.
		n.Key = "event:" + d.RequestID + ":" + strings.ReplaceAll(n.Kind, " ", "")
	}
	kind, known := eventKinds[n.Kind]
	var reason license.EndReason
	switch {
	case !known:
		if why := tidings[n.Kind]; why != "" {
			n.settle(license.Recorded, why)
		} else {
			n.settle(Unknown, "This kind of event has no bearing on licenses here.")
		}
		return
	case err != nil:
		n.poison("Its detail is not of the documented form: " + err.Error() + ".")
		return
	case strings.EqualFold(n.Role, "Acceptor"):
		n.settle(Foreign, "It is about something that this AWS account bought, not sold.")
		return
	case n.Kind == contract.AgreementEnded:
		reason = license.EndReason(strings.ToUpper(trim(d.Agreement.Status)))
		if kind, known = endings[reason]; !known {
			n.settle(Unknown, "The agreement ended with the status "+quote(d.Agreement.Status)+", which is not known here.")
			return
		}
	}
	n.ProductCode = core.ProductCode(trim(d.Product.Code))
	n.note.Kind, n.note.Reason = kind, reason
	n.note.About = license.Ref{
		ProductCode: n.ProductCode, ARN: core.LicenseARN(trim(d.License.ARN)), Customer: core.AWSAccountID(trim(d.Acceptor.AccountID)),
		Agreement: core.AgreementID(trim(d.Agreement.ID)), Follows: core.AgreementID(trim(d.Agreement.PreviousAgreementID)), Offer: core.OfferID(trim(d.Offer.ID)),
	}
	n.settle(Received, "")
}

// splitRole parts "License Updated - Manufacturer" into what happened and to whom it is told. The dash is missing in
// one of AWS's samples.
func splitRole(detailType string) (kind, role string) {
	kind = trim(detailType)
	for _, r := range []string{"Proposer", "Manufacturer", "Acceptor"} {
		if cut, ok := strings.CutSuffix(kind, r); ok && cut != "" {
			return strings.TrimRight(cut, " -"), r
		}
	}
	return kind, ""
}

// message is a legacy message. Source: SellerGuide, "Amazon SNS notifications for SaaS products".
type message struct {
	Action             string `json:"action"`
	CustomerIdentifier string `json:"customer-identifier"`
	ProductCode        string `json:"product-code"`
	Offer              string `json:"offer-identifier"`
}

var actionKinds = map[string]license.Kind{
	contract.SubscribeSuccess:   license.Activated,
	contract.SubscribeFail:      license.PaymentFailed,
	contract.UnsubscribePending: license.UnsubscribePending,
	contract.UnsubscribeSuccess: license.Unsubscribed,
	contract.EntitlementUpdated: "",
}

func (n *Notice) message(body []byte) {
	var m message
	if err := decode(body, &m); err != nil {
		n.poison("It is a marketplace message that cannot be read: " + err.Error() + ".")
		return
	}
	n.Kind = trim(m.Action)
	kind, known := actionKinds[n.Kind]
	if !known {
		n.settle(Unknown, "This action is not known here.")
		return
	}
	n.ProductCode = core.ProductCode(trim(m.ProductCode))
	n.note.Kind = kind
	n.note.About = license.Ref{ProductCode: n.ProductCode, CustomerIdentifier: core.CustomerIdentifier(trim(m.CustomerIdentifier)), Offer: core.OfferID(trim(m.Offer))}
	n.settle(Received, "")
}

// trailingComma occurs in the seller guide's samples of legacy messages.
var trailingComma = regexp.MustCompile(`,(\s*})`)

func decode(body []byte, v any) error {
	err := json.Unmarshal(body, v)
	if _, syntax := err.(*json.SyntaxError); syntax { //nolint:errorlint // json.Unmarshal returns it bare
		if json.Unmarshal(trailingComma.ReplaceAll(body, []byte("$1")), v) == nil {
			return nil
		}
	}
	return err
}

// trim drops the blanks around identifiers that the seller guide's samples have.
func trim(s string) string { return strings.TrimSpace(s) }

func quote(s string) string {
	const most = 80
	if len(s) > most {
		s = s[:most] + "…"
	}
	return `"` + s + `"`
}

func instant(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, trim(s))
	return t.UTC(), err == nil
}
