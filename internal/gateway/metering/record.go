package metering

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// State is where a record is in its life.
type State string

// The states. Waiting and Parked records are sent again; Honoured, Carried and Unbillable are final.
const (
	Waiting    State = "waiting"    // to be sent, or sent again
	Sending    State = "sending"    // a request with it is stored; its answer is not
	Parked     State = "parked"     // AWS refuses this record for a reason that somebody must mend; tried again now and then
	Honoured   State = "honoured"   // AWS took it: the buyer is billed
	Carried    State = "carried"    // AWS would not take it for its hour; its quantity went back to the balance
	Unbillable State = "unbillable" // never billed; Reason says why
)

// Reasons of records that are unbillable, or honoured in an unusual way. Events have reasons of their own, see
// [usage.Entry].
const (
	ReasonNotSubscribed = "customer_not_subscribed" // AWS: no subscription, or the buyer's account is suspended
	ReasonConflict      = "conflict"                // AWS honoured another quantity for the hour, which we did not send
	ReasonUnknown       = "outcome_unknown"         // an answer was lost, and AWS takes no repetition any more
	ReasonEnded         = "ended"                   // the subscription ended before it could be billed
	ReasonMerged        = "merged"                  // a balance moved to the licence that this one turned out to be
	ReasonReconciled    = "duplicate_of_own"        // honoured: DuplicateRecord after a lost answer of this very record
)

// Record is what one licence used of one dimension in one hour, as AWS is told it. What is sent never changes.
type Record struct {
	ID        string // made from licence, dimension and hour; sorts by hour
	License   core.LicenseID
	Dimension core.Dimension
	Hour      core.Hour
	Product   core.ProductCode
	Line      Line
	// Per is how much of what events count is in one unit of Line.Quantity.
	Per usage.Quantity

	State    State
	Reason   string
	Why      string    // a sentence for people
	Since    time.Time // when it came into State
	Expires  time.Time // from then on AWS finds its timestamp too old
	Deadline time.Time // AWS must have it before: Expires, or earlier while the licence winds down
	RetryAt  time.Time // not to be sent before

	Tries   int    // requests it was in
	Limit   int    // how many records a request with it may have: halved to find the one that spoils a request
	Unsure  bool   // an answer was lost: AWS may have honoured it
	Attempt string // the newest request it was in
	Receipt string // AWS's MeteringRecordId
}

// Line is a record as AWS is told it, in AWS's names. Exactly one of LicenseArn (with CustomerAWSAccountId) and
// CustomerIdentifier is given.
type Line struct {
	Timestamp          Second                  `json:"Timestamp"`
	Dimension          core.Dimension          `json:"Dimension"`
	Quantity           int64                   `json:"Quantity"`
	CustomerAWSAccount core.AWSAccountID       `json:"CustomerAWSAccountId,omitempty"`
	LicenseARN         core.LicenseARN         `json:"LicenseArn,omitempty"`
	CustomerIdentifier core.CustomerIdentifier `json:"CustomerIdentifier,omitempty"`
	UsageAllocations   Allocations             `json:"UsageAllocations,omitempty"`
}

// Second is an instant in whole seconds since the epoch, as AWS's JSON has it.
type Second int64

// Time is the instant.
func (s Second) Time() time.Time { return time.Unix(int64(s), 0).UTC() }

// recordID names the record of a licence, dimension and hour. The beginning of the licence's name stands in it, so that
// records that are sealed one after the other, in the order of their licences, are neighbours in every index by id: a
// million of them would otherwise change a page each.
func recordID(l core.LicenseID, d core.Dimension, h core.Hour) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s:%s", len(l), l, d))
	head := strings.TrimPrefix(string(l), "lic_")
	return FirstID(h) + head[:min(6, len(head))] + strings.ToLower(base32.HexEncoding.EncodeToString(sum[:10]))[6:]
}

// identity fills in who used it in an hour; ok is false while the licence cannot be named to AWS.
func identity(l license.License, hour core.Hour, to *Line) (ok bool) {
	switch l.IdentityAt(hour.Start()) {
	case license.ByLicense:
		to.CustomerAWSAccount, to.LicenseARN = l.Customer, l.ARN
		return l.Customer != ""
	default:
		to.CustomerIdentifier = l.CustomerIdentifier
		return l.CustomerIdentifier != "" && l.ProductCode != ""
	}
}

// request is what record r is sent under: records of one request share it.
type group struct {
	product core.ProductCode // as in the request: empty when records carry license ARNs
	owner   core.ProductCode
	limit   int
}

func (r Record) group() group {
	g := group{owner: r.Product, limit: r.Limit}
	if r.Line.LicenseARN == "" {
		g.product = r.Product
	}
	return g
}

// deadline is the instant before which AWS must have a record stamped ts (MeteringAPI, API_BatchMeterUsage: 24 hours, and
// the month's end plus six).
func deadline(ts time.Time) time.Time {
	d := ts.Add(contract.LookBack)
	month := time.Date(ts.Year(), ts.Month()+1, 1, 0, 0, 0, 0, time.UTC).Add(contract.MonthCloses)
	if month.Before(d) {
		return month
	}
	return d
}

// announced is how long after a subscription's end its final window opens at the latest: the end is announced within
// seconds or minutes, of a licence in whose place another goes on after that one was provisioned.
const announced = 10 * time.Minute

// stamp chooses the timestamp of the record for hour: the last whole second of what the hour and the licence's life
// have in common, and not in the future. It is the last so that the record can be sent for as long as possible. But in the
// hour of the subscription's end, or of another agreement's that goes on under another licence, it is the first: AWS does not
// say whether it takes a stamp from after the end, nor always when that was, and what was used before it is in the same record. ok is false when there is no such second.
func stamp(s license.Standing, hour core.Hour, now time.Time, skew time.Duration) (ts time.Time, ok bool) {
	from, to := hour.Start(), hour.End()
	switch s.State {
	case license.Active, license.WindingDown, license.Ended:
	default:
		return time.Time{}, false
	}
	if s.ActivatedAt.After(from) {
		from = s.ActivatedAt.Add(time.Second - 1).Truncate(time.Second)
	}
	if end, ends := usage.EndOf(s); ends && end.Before(to) {
		to = end
	}
	if announcedIn(from, to, s.OpensAt) || announcedIn(from, to, s.FollowedAt) {
		return from, from.Before(to) && !from.After(now)
	}
	ts = to.Add(-1).Truncate(time.Second)
	if latest := now.Add(-skew).Truncate(time.Second); ts.After(latest) { // an hour that is sealed while it runs
		ts = latest
	}
	if ts.Before(from) {
		ts = from
	}
	return ts, ts.Before(to) && !ts.After(now)
}

// announcedIn reports whether what was announced at an instant may have happened between from and to.
func announcedIn(from, to, at time.Time) bool { return at.After(from) && at.Before(to.Add(announced)) }

// Explanation says what a record's state means and what happens next (law 7).
type Explanation struct {
	Why   string
	Since time.Time
	Next  string    // empty when nothing will
	By    time.Time // when Next happens at the latest; zero when Next is empty
}

// Explain tells about r.
func (r Record) Explain() Explanation {
	e := Explanation{Why: r.Why, Since: r.Since}
	switch r.State {
	case Waiting:
		e.Next, e.By = "It is sent to AWS.", r.Deadline
	case Sending:
		e.Next, e.By = "AWS answers; without an answer the same record is sent again.", r.Deadline
	case Parked:
		e.Next, e.By = "It is tried again now and then; at its deadline its quantity is carried to a later hour, if the subscription lives.", r.Deadline
	}
	return e
}

// FirstID is the lowest id that a record of the hour can have.
func FirstID(h core.Hour) string { return fmt.Sprintf("rec_%07x", int64(h)) }
