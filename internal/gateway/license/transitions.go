package license

// State is where a licence is in its life.
type State string

// The states.
const (
	Pending     State = "pending"      // its buyer has arrived; AWS has not said that it is active
	Active      State = "active"       // AWS says so: access, and metering
	WindingDown State = "winding_down" // ending: the last hour for metering runs
	Ended       State = "ended"        // no access; AWS takes no more records
	Failed      State = "failed"       // the buyer's payment failed before it became active
)

// Kind is what a fact says happened. Both of AWS's notification systems are told in these words.
type Kind string

// The kinds of fact.
const (
	// Arrived: the buyer came to the landing page and AWS resolved the token. It proves identity, not a subscription.
	Arrived Kind = "arrived"
	// Activated: License Updated, or subscribe-success; or AWS was asked, and says that the agreement is active.
	Activated Kind = "activated"
	// PaymentFailed: subscribe-fail.
	PaymentFailed Kind = "payment_failed"
	// NeverBegan is not a notice: AWS was asked, and had terminated the agreement within minutes of its start, before anything
	// said that it was active. So a payment fails where events tell nothing of it.
	NeverBegan Kind = "never_began"
	// AgreementEnded: Purchase Agreement Ended with CANCELLED, EXPIRED or TERMINATED.
	AgreementEnded Kind = "agreement_ended"
	// AgreementFollowed: Purchase Agreement Ended with RENEWED or REPLACED: another agreement goes on.
	AgreementFollowed Kind = "agreement_followed"
	// Deprovisioned: License Deprovisioned.
	Deprovisioned Kind = "deprovisioned"
	// UnsubscribePending: the legacy notice that opens the last hour.
	UnsubscribePending Kind = "unsubscribe_pending"
	// Unsubscribed: unsubscribe-success: AWS takes no more records.
	Unsubscribed Kind = "unsubscribed"
	// Refused: AWS answered CustomerNotSubscribed to a record of the last hour.
	Refused Kind = "refused"
	// Lapsed is not a notice: AWS was asked, and lists nothing any more of what a legacy contract had bought. No notice says
	// that such a contract is over but entitlement-updated, which says as much of any change.
	Lapsed Kind = "lapsed"
	// AdvisoryIssued and AdvisoryResolved: Purchase Agreement Advisory Issued, and Resolved: AWS sees a risk with the buyer (fraud,
	// abuse, a closed account), or sees it no more. It is information: in no state does either lead anywhere.
	AdvisoryIssued   Kind = "advisory_issued"
	AdvisoryResolved Kind = "advisory_resolved"
	// TimeUp is not a notice: the final window's end has passed.
	TimeUp Kind = "time_up"
)

type edge struct {
	from State
	on   Kind
}

// step is what a fact leads to. Why is what the console, the API and the logs tell.
type step struct {
	to  State
	why string
}

// None is the state before any fact is known.
const None State = ""

// transitions is the whole life of a licence. A pair that is not here has no meaning: Replay keeps the state and
// reports the fact as without effect. Source: docs/aws/lifecycle.md.
var transitions = map[edge]step{
	{None, Arrived}:            {Pending, "The buyer has arrived from AWS Marketplace; AWS has not yet said that the subscription is active."},
	{None, Activated}:          {Active, "AWS says the subscription is active."},
	{None, PaymentFailed}:      {Failed, "AWS says the buyer's payment failed."},
	{None, NeverBegan}:         {Failed, "AWS terminated the agreement before the subscription was active."},
	{None, AgreementEnded}:     {WindingDown, "AWS says the agreement ended, before it was heard of here."},
	{None, Deprovisioned}:      {WindingDown, "AWS withdrew the license, before it was heard of here."},
	{None, UnsubscribePending}: {WindingDown, "AWS says the subscription is ending, before it was heard of here."},
	{None, Unsubscribed}:       {Ended, "AWS says the cancellation is complete."},

	{Pending, Activated}:          {Active, "AWS says the subscription is active."},
	{Pending, PaymentFailed}:      {Failed, "AWS says the buyer's payment failed."},
	{Pending, NeverBegan}:         {Failed, "AWS terminated the agreement before the subscription was active."},
	{Pending, AgreementEnded}:     {WindingDown, "AWS says the agreement ended; the last hour for metering runs."},
	{Pending, Deprovisioned}:      {WindingDown, "AWS withdrew the license; the last hour for metering runs."},
	{Pending, UnsubscribePending}: {WindingDown, "AWS says the subscription is ending; the last hour for metering runs."},
	{Pending, Unsubscribed}:       {Ended, "AWS says the cancellation is complete."},

	{Active, NeverBegan}:         {WindingDown, "AWS says the agreement ended; the last hour for metering runs."},
	{Active, AgreementEnded}:     {WindingDown, "AWS says the agreement ended; the last hour for metering runs."},
	{Active, Deprovisioned}:      {WindingDown, "AWS withdrew the license; the last hour for metering runs."},
	{Active, UnsubscribePending}: {WindingDown, "AWS says the subscription is ending; the last hour for metering runs."},
	{Active, Unsubscribed}:       {Ended, "AWS says the cancellation is complete."},
	{Active, PaymentFailed}:      {Failed, "AWS says the buyer's payment failed."},
	{Active, Lapsed}:             {Ended, "AWS lists nothing any more of what was bought: the contract is over."},

	{WindingDown, NeverBegan}:   {Ended, "The subscription was never active."},
	{WindingDown, Activated}:    {Active, "Subscribed again inside the last hour."},
	{WindingDown, Unsubscribed}: {Ended, "AWS says the cancellation is complete."},
	{WindingDown, Refused}:      {Ended, "AWS takes no more records for this subscription."},
	{WindingDown, TimeUp}:       {Ended, "The last hour for metering is over."},

	{Ended, Activated}:       {Active, "Subscribed again."},
	{Failed, Activated}:      {Active, "AWS says the subscription is active after all."},
	{Failed, Unsubscribed}:   {Ended, "AWS says the cancellation is complete."},
	{Failed, AgreementEnded}: {Ended, "AWS says the agreement ended; it was never active."},
	{Failed, Deprovisioned}:  {Ended, "AWS withdrew the license; it was never active."},
}

// rank orders facts of the same instant: EventBridge stamps whole seconds, and a cancellation may follow its
// subscription within one. The life's own order breaks the tie.
var rank = map[Kind]int{
	Arrived: 0, Activated: 1, PaymentFailed: 2, NeverBegan: 3, AgreementFollowed: 4, AgreementEnded: 5, Deprovisioned: 6,
	UnsubscribePending: 7, Refused: 8, Unsubscribed: 9, Lapsed: 10, AdvisoryIssued: 11, AdvisoryResolved: 12, TimeUp: 13,
}

// opens says which facts open the final window, each by itself (docs/aws/lifecycle.md, "Which notice opens the last hour").
func opens(k Kind) bool { return k == AgreementEnded || k == Deprovisioned || k == UnsubscribePending }
