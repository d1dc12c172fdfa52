package outbox

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// EventID names an event ("evt_…"). The same happening has the same, however often it is written down.
type EventID string

// Kind is what an event tells, such as "license.active".
type Kind string

// The kinds. docs/webhooks.md tells what each carries.
const (
	LicensePending     Kind = "license.pending"
	LicenseActive      Kind = "license.active"
	LicenseWindingDown Kind = "license.winding_down"
	LicenseEnded       Kind = "license.ended"
	LicenseFailed      Kind = "license.failed"
	LicenseReady       Kind = "license.ready"
	LicenseUpdated     Kind = "license.updated"

	LicenseAdvisoryIssued   Kind = "license.advisory_issued"
	LicenseAdvisoryResolved Kind = "license.advisory_resolved"

	RegistrationArrived   Kind = "registration.arrived"
	RegistrationSettingUp Kind = "registration.setting_up"
	RegistrationCompleted Kind = "registration.completed"

	AccountCreated  Kind = "account.created"
	AccountVerified Kind = "account.verified"
	MembersChanged  Kind = "account.members_changed"

	EntitlementChanged Kind = "entitlement.changed"

	UsageThreshold Kind = "usage.threshold"

	AgreementChanged Kind = "agreement.changed"
	AgreementEnding  Kind = "agreement.ending"

	CorrectionProposed  Kind = "correction.proposed"
	CorrectionApproved  Kind = "correction.approved"
	CorrectionRejected  Kind = "correction.rejected"
	CorrectionSending   Kind = "correction.sending"
	CorrectionPending   Kind = "correction.pending"
	CorrectionCompleted Kind = "correction.completed"
	CorrectionFailed    Kind = "correction.failed"

	CancellationProposed    Kind = "cancellation.proposed"
	CancellationSending     Kind = "cancellation.sending"
	CancellationPending     Kind = "cancellation.pending"
	CancellationWithdrawing Kind = "cancellation.withdrawing"
	CancellationAgreed      Kind = "cancellation.agreed"
	CancellationCompleted   Kind = "cancellation.completed"
	CancellationDenied      Kind = "cancellation.denied"
	CancellationWithdrawn   Kind = "cancellation.withdrawn"
	CancellationRejected    Kind = "cancellation.rejected"
	CancellationFailed      Kind = "cancellation.failed"

	PaymentProposed    Kind = "payment.proposed"
	PaymentSending     Kind = "payment.sending"
	PaymentValidating  Kind = "payment.validating"
	PaymentPending     Kind = "payment.pending"
	PaymentWithdrawing Kind = "payment.withdrawing"
	PaymentAccepted    Kind = "payment.accepted"
	PaymentDenied      Kind = "payment.denied"
	PaymentWithdrawn   Kind = "payment.withdrawn"
	PaymentRejected    Kind = "payment.rejected"
	PaymentFailed      Kind = "payment.failed"

	AlertCallsDenied    Kind = "alert.calls_denied"
	AlertRecordsRefused Kind = "alert.records_refused"
	AlertDeadlineNear   Kind = "alert.deadline_near"
	AlertUsageUnbilled  Kind = "alert.usage_unbilled"
	AlertProductUnknown Kind = "alert.product_unknown"
	AlertNoticeUnread   Kind = "alert.notice_unread"
	AlertDeliveryDead   Kind = "alert.delivery_dead"
	AlertBuyerAdvised   Kind = "alert.buyer_advised"
	AlertQueueAway      Kind = "alert.queue_away"

	AlertEntitlementsStale Kind = "alert.entitlements_stale"

	// These are for one person alone, who is sent a mail: programs are not told.
	VerifyAsked     Kind = "account.verify_asked"
	ResetAsked      Kind = "account.reset_asked"
	PasswordChanged Kind = "account.password_changed"
	FactorAdded     Kind = "account.factor_added"
	FactorRemoved   Kind = "account.factor_removed"
	PasskeyAdded    Kind = "account.passkey_added"
	PasskeyRemoved  Kind = "account.passkey_removed"
	InvitationAsked Kind = "account.invitation_asked"
	AddressAsked    Kind = "account.address_asked"
	AddressChanged  Kind = "account.address_changed"

	// WebhookTest goes to one endpoint, because somebody asked for it.
	WebhookTest Kind = "webhook.test"
	// ChatTest goes to one room of a chat. Programs are not told.
	ChatTest Kind = "chat.test"
)

// KindMeans is a kind and what it tells.
type KindMeans struct {
	Kind  Kind
	Means string
}

// Kinds are all kinds that programs may ask to be told, in the order of the documentation, with what each means.
var Kinds = []KindMeans{
	{LicensePending, "a buyer arrived, and AWS has not yet said that the subscription is active"},
	{LicenseActive, "AWS says that the subscription is active"},
	{LicenseWindingDown, "the subscription is ending; its last hour for metering runs"},
	{LicenseEnded, "the subscription is over"},
	{LicenseFailed, "the buyer's payment failed"},
	{LicenseReady, "the licence gives access and has an account: its user can start"},
	{LicenseUpdated, "something else about the licence changed: its names, agreements, account or final window"},
	{LicenseAdvisoryIssued, "AWS sees a risk with the buyer, such as fraud or a closed account; the subscription goes on"},
	{LicenseAdvisoryResolved, "AWS sees no risk with the buyer any more"},
	{RegistrationArrived, "a buyer came to the landing page for the first time with this purchase"},
	{RegistrationSettingUp, "the buyer has an account, which you make ready by hand (`manualSetup`)"},
	{RegistrationCompleted, "the buyer has an account, which owns the licence and is ready"},
	{AccountCreated, "somebody made an account"},
	{AccountVerified, "the account's owner has shown that its e-mail address is theirs"},
	{MembersChanged, "somebody came into the account, has another role there, or is out of it and signed out"},
	{EntitlementChanged, "AWS tells other entitlements than before"},
	{UsageThreshold, "50, 80 or 100 percent of what was bought in advance, or of a budget, are used"},
	{AgreementChanged, "AWS lists an agreement that is new, or says something else of one: its status, its end, what follows it, its terms"},
	{AgreementEnding, "a contract or a free trial is near its end; it renews itself or not"},
	{CorrectionProposed, "a billing adjustment is proposed; a person approves or rejects it"},
	{CorrectionApproved, "a correction goes ahead"},
	{CorrectionRejected, "a person did not want the adjustment"},
	{CorrectionSending, "the adjustment is being sent to AWS"},
	{CorrectionPending, "AWS has the adjustment, and decides"},
	{CorrectionCompleted, "the money was given back, or the usage added"},
	{CorrectionFailed, "AWS, or the ledger, does not do it"},
	{CancellationProposed, "it is proposed to ask a buyer to end an agreement; a person approves or rejects it"},
	{CancellationSending, "a person approved the request, and it is being sent to AWS"},
	{CancellationPending, "the buyer has the request, and decides; `respondBy` says when silence becomes a yes"},
	{CancellationWithdrawing, "the seller takes the request back"},
	{CancellationAgreed, "the buyer agreed, or was silent; AWS ends the agreement"},
	{CancellationCompleted, "AWS has ended the agreement"},
	{CancellationDenied, "the buyer did not agree; the agreement goes on"},
	{CancellationWithdrawn, "the request was taken back; the agreement goes on"},
	{CancellationRejected, "a person did not want the request; AWS knows nothing of it"},
	{CancellationFailed, "AWS does not do it; the agreement goes on"},
	{PaymentProposed, "it is proposed to ask a buyer for a payment; a person approves or rejects it"},
	{PaymentSending, "a person approved the request, and it is being sent to AWS"},
	{PaymentValidating, "AWS has the request and checks it; the buyer does not know of it yet"},
	{PaymentPending, "the buyer has the request, and decides; `respondBy`, if it is there, says when silence becomes a yes"},
	{PaymentWithdrawing, "the seller takes the request back"},
	{PaymentAccepted, "the buyer accepted the request, or was silent where that is a yes; AWS charges it"},
	{PaymentDenied, "the buyer does not pay it"},
	{PaymentWithdrawn, "the request was taken back"},
	{PaymentRejected, "a person did not want the request; AWS knows nothing of it"},
	{PaymentFailed, "AWS does not do it; the buyer pays nothing"},
	{AlertCallsDenied, "AWS refuses our calls: no usage reaches it"},
	{AlertRecordsRefused, "AWS refuses records for a reason that somebody must mend"},
	{AlertDeadlineNear, "AWS has not taken records, and soon will not take them any more"},
	{AlertUsageUnbilled, "usage is not billed, and cannot be any more"},
	{AlertProductUnknown, "AWS tells of a product that is not configured here"},
	{AlertNoticeUnread, "a notice cannot be read, or is about nobody"},
	{AlertDeliveryDead, "what was to be told was given up"},
	{AlertBuyerAdvised, "AWS sees a risk with a buyer"},
	{AlertQueueAway, "the queue of AWS's notices does not answer"},
	{AlertEntitlementsStale, "AWS cannot be asked for what was bought in advance"},
	{WebhookTest, "somebody asked for a test"},
}

// Known reports whether k is one of [Kinds].
func (k Kind) Known() bool {
	return slices.ContainsFunc(Kinds, func(o KindMeans) bool { return o.Kind == k })
}

// Group is what stands before the dot.
func (k Kind) Group() string {
	g, _, _ := strings.Cut(string(k), ".")
	return g
}

// Event is one happening, as it was when it was written down.
type Event struct {
	ID      EventID
	Kind    Kind
	At      time.Time       // when the gateway learnt of it
	License core.LicenseID  // empty where it is about none
	Account core.AccountID  // empty where it is about none
	Data    json.RawMessage // a JSON object: ids and states, and nothing that names a person
}

// NewEvent makes an event of kind about about. Its id is made of its kind and data, so that the same happening, written down
// again after an error that left open whether it was, is the same event; at is no part of that.
func NewEvent(kind Kind, at time.Time, about Subject, data any) Event {
	text := written(data)
	return Event{ID: idOf(kind, about, text), Kind: kind, At: time.UnixMicro(at.UnixMicro()).UTC(), License: about.License, Account: about.Account, Data: text}
}

// Subject is what an event is about.
type Subject struct {
	License core.LicenseID
	Account core.AccountID
}

// Named is e, whose id is made of name instead of its data: where another attempt to write the same happening down would give
// other data (an instant), or where two happenings have the same.
func (e Event) Named(name any) Event {
	e.ID = idOf(e.Kind, Subject{e.License, e.Account}, written(name))
	return e
}

func written(data any) []byte {
	text, err := json.Marshal(data)
	if err != nil {
		panic(err) // a programming error: data is made of plain fields
	}
	return text
}

func idOf(kind Kind, about Subject, name []byte) EventID {
	sum := sha256.Sum256(slices.Concat([]byte(kind), []byte{0}, []byte(about.License), []byte{0}, []byte(about.Account), []byte{0}, name))
	return EventID("evt_" + short(sum[:]))
}

func short(sum []byte) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:15]))
}
