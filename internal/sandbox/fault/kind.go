package fault

import (
	"slices"

	"souk.dev/souk/contract"
)

// Kind is the way in which a call, or a notification, is disturbed.
type Kind string

// Faults of calls.
const (
	Throttle         Kind = "throttle"           // ThrottlingException, before anything happened
	Error            Kind = "error"              // 500, before anything happened
	ErrorAfterCommit Kind = "error-after-commit" // 500, after it took effect
	Exception        Kind = "exception"          // the error that the rule's code names, before anything happened
	DisabledAPI      Kind = "disabled-api"       // DisabledApiException
	AccessDenied     Kind = "access-denied"      // AccessDeniedException
	Slow             Kind = "slow"               // answered after a delay of real time
	Hang             Kind = "hang"               // never answered, and without effect
	Drop             Kind = "drop-connection"    // the connection breaks, before anything happened
	DropAfterCommit  Kind = "drop-after-commit"  // the connection breaks, after it took effect
	Truncate         Kind = "truncate"           // 200 with half of the answer, after it took effect
	InvalidToken     Kind = "invalid-token"      // InvalidTokenException
	ExpiredToken     Kind = "expired-token"      // ExpiredTokenException
	Unprocessed      Kind = "unprocessed"        // records come back as UnprocessedRecords
	SuspendedBuyer   Kind = "suspended-buyer"    // records answer CustomerNotSubscribed

	StaleEntitlements Kind = "stale-entitlements" // entitlements come as they were when the same was asked before
)

// Faults of notifications.
const (
	Duplicate     Kind = "duplicate"           // delivered twice
	Reorder       Kind = "reorder"             // delivered after the one that follows it
	Delay         Kind = "delay"               // delivered later, in the sandbox's time
	LoseRedeliver Kind = "lose-then-redeliver" // its first delivery is lost
	Lose          Kind = "lose"                // never arrives, as for a rule that was made too late
	Forge         Kind = "forge"               // followed by one that is not from AWS
)

// Notification is the operation that faults of notifications name.
const Notification = "Notification"

// Phase is where in a call a fault takes place.
type Phase uint8

// The phases.
const (
	Before  Phase = iota // before the operation, which does not happen
	Within               // in the operation
	After                // after it took effect
	Telling              // not in a call: in the delivery of a notification
)

// spec is what is known of a kind.
type spec struct {
	Phase Phase
	Code  string   // the AWS error it raises, if it is one
	Only  []string // the operations that it makes sense for; none: every call
}

var specs = map[Kind]spec{
	Throttle:          {Phase: Before, Code: contract.Throttling},
	Error:             {Phase: Before, Code: contract.InternalServiceError},
	ErrorAfterCommit:  {Phase: After, Code: contract.InternalServiceError},
	Exception:         {Phase: Before},
	DisabledAPI:       {Phase: Before, Code: contract.DisabledAPI},
	AccessDenied:      {Phase: Before, Code: contract.AccessDenied},
	Slow:              {Phase: Before},
	Hang:              {Phase: Before},
	Drop:              {Phase: Before},
	DropAfterCommit:   {Phase: After},
	Truncate:          {Phase: After},
	InvalidToken:      {Phase: Before, Code: contract.InvalidToken, Only: []string{"ResolveCustomer"}},
	ExpiredToken:      {Phase: Before, Code: contract.ExpiredToken, Only: []string{"ResolveCustomer"}},
	Unprocessed:       {Phase: Within, Only: []string{"BatchMeterUsage"}},
	SuspendedBuyer:    {Phase: Within, Only: []string{"BatchMeterUsage"}},
	StaleEntitlements: {Phase: Within, Only: []string{"GetEntitlements"}},
	Duplicate:         {Phase: Telling, Only: []string{Notification}},
	Reorder:           {Phase: Telling, Only: []string{Notification}},
	Delay:             {Phase: Telling, Only: []string{Notification}},
	LoseRedeliver:     {Phase: Telling, Only: []string{Notification}},
	Lose:              {Phase: Telling, Only: []string{Notification}},
	Forge:             {Phase: Telling, Only: []string{Notification}},
}

// Phase tells where k takes place.
func (k Kind) Phase() Phase { return specs[k].Phase }

// Kinds lists all kinds, sorted.
func Kinds() []Kind {
	all := make([]Kind, 0, len(specs))
	for k := range specs {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// Suits reports whether k can disturb operation op; "*" is every call.
func (k Kind) Suits(op string) bool {
	s, known := specs[k]
	return known && s.suits(op)
}

// suits reports whether k can disturb operation op ("*" is every call).
func (s spec) suits(op string) bool {
	if len(s.Only) > 0 {
		return slices.Contains(s.Only, op)
	}
	return op != Notification
}

// common are the errors that every AWS API can raise.
var common = []string{contract.AccessDenied, contract.UnknownOperation, contract.Serialization, contract.Validation, contract.InvalidSignature,
	contract.UnrecognizedClient, contract.MissingAuth, contract.IncompleteSignature, contract.Throttling, "ServiceUnavailableException", "InternalFailure"}

// raises reports whether operation op may raise the error code, as far as is documented. Operations that contract
// does not list may raise any.
func raises(op, code string) bool {
	if op == "*" || slices.Contains(common, code) {
		return true
	}
	o, known := contract.Operations[op]
	return !known || slices.Contains(o.Errors, code)
}
