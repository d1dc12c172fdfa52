package license

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Fact is one thing that happened to a licence, at an instant that its teller gives (the notice's event time, not
// its arrival).
type Fact struct {
	ID   string // the same fact told again has the same ID
	Kind Kind
	At   time.Time
	// Reason is why the agreement ended, where the fact tells of an end and its teller says so.
	Reason EndReason
}

// Source is who told a fact.
type Source string

// The sources.
const (
	ByNotice  Source = "notice"
	ByLanding Source = "landing"      // ResolveCustomer, when the buyer came
	ByMeter   Source = "metering"     // AWS's answer to a record
	ByResync  Source = "resync"       // AWS was asked about its agreements
	ByAsking  Source = "entitlements" // AWS was asked for entitlements
)

// Source says who told f.
func (f Fact) Source() Source {
	switch {
	case f.Kind == Arrived:
		return ByLanding
	case f.Kind == Refused:
		return ByMeter
	case f.Kind == Lapsed:
		return ByAsking
	case strings.HasPrefix(f.ID, ResyncPrefix):
		return ByResync
	}
	return ByNotice
}

// finalWindow is how long AWS takes records after a subscription's end was announced (seed page of the seller guide:
// "1 hour to send a final metering record").
const finalWindow = time.Hour

// classicGap tells the two readings of AWS's guide apart. Where License Deprovisioned follows Ended within it, it is
// Deprovisioned that opens the hour (observed); where it comes later, it closes the hour that Ended opened (the older text).
const classicGap = 45 * time.Minute

// Standing is where a licence stands and why (law 7).
type Standing struct {
	State State
	Why   string
	Since time.Time // when it came into State

	Next string    // what happens next; empty when only a notice can change anything
	By   time.Time // when Next happens; zero where Next is empty

	ActivatedAt time.Time // the start of the present, or last, active life; zero if never
	// OpensAt and ClosesAt bound the final window of the present, or last, winding down: zero if there was none.
	// Records for usage up to ClosesAt must reach AWS before ClosesAt.
	OpensAt  time.Time
	ClosesAt time.Time

	// EndReason is why the licence is ending or has ended, by AWS's word; empty where it goes on, or AWS has not said.
	EndReason EndReason

	FollowedAt time.Time // when another agreement last went on in place of one of the licence's; zero if none did
	followed   EndReason // how, by AWS's word
	Lapsed     bool      // it is over because AWS listed nothing any more, and goes on should AWS list it again

	// AdvisedAt is when AWS told of a risk with the buyer that it has not called over since; zero: there is none. Of several agreements
	// the last word counts, for it is about the buyer.
	AdvisedAt time.Time

	Unused []Fact // facts that had no meaning in the state they met, for the console
}

// Access reports whether the licence gives access (law 4): from the marketplace's word that it is active until the end.
// A licence of which only the end was told winds down, so that its usage can still be metered, but gives no access.
func (s Standing) Access() bool {
	return !s.ActivatedAt.IsZero() && (s.State == Active || s.State == WindingDown)
}

// Replay works out the standing at now from everything known. Order and repetition of facts do not matter, and it
// reads nothing but its arguments. Facts later than now (clocks disagree) count as well.
func Replay(facts []Fact, now time.Time) Standing {
	var s Standing
	for _, f := range inOrder(facts) {
		s.passTime(f.At)
		s.take(f)
		s.learn(f)
	}
	s.passTime(now)
	if s.State == WindingDown {
		s.Next, s.By = "The last records go to AWS; then access ends.", s.ClosesAt
	}
	return s
}

// inOrder puts facts in the order in which they happened, each once.
func inOrder(facts []Fact) []Fact {
	told := slices.Clone(facts)
	slices.SortFunc(told, func(a, b Fact) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(rank[a.Kind], rank[b.Kind]), cmp.Compare(a.ID, b.ID))
	})
	return slices.CompactFunc(told, func(a, b Fact) bool { return a.ID == b.ID })
}

// passTime ends a winding down whose window closed at or before t.
func (s *Standing) passTime(t time.Time) {
	if s.State == WindingDown && !t.Before(s.ClosesAt) {
		s.take(Fact{Kind: TimeUp, At: s.ClosesAt})
	}
}

func (s *Standing) take(f Fact) {
	switch f.Kind {
	case AdvisoryIssued:
		s.AdvisedAt = f.At
		return
	case AdvisoryResolved:
		s.AdvisedAt = time.Time{}
		return
	}
	if s.State == WindingDown && f.Kind == Deprovisioned { // after Ended: see classicGap
		if f.At.Sub(s.OpensAt) < classicGap {
			s.ClosesAt = f.At.Add(finalWindow)
		}
		return
	}
	if s.State == WindingDown && f.Kind == NeverBegan && !s.ActivatedAt.IsZero() { // it did begin: the notice of that was late
		return
	}
	st, ok := transitions[edge{s.State, f.Kind}]
	if !ok {
		if !repeats(s.State, f.Kind) {
			s.Unused = append(s.Unused, f)
		}
		return
	}
	s.State, s.Why, s.Since = st.to, st.why, f.At
	s.Next, s.By, s.Lapsed = "", time.Time{}, f.Kind == Lapsed
	switch {
	case st.to == Active:
		s.ActivatedAt, s.EndReason = f.At, ""
		s.OpensAt, s.ClosesAt = time.Time{}, time.Time{}
	case st.to == WindingDown:
		s.OpensAt, s.ClosesAt = f.At, f.At.Add(finalWindow)
	}
	if s.EndReason != "" {
		s.Why += " " + say[s.EndReason]
	}
}

// repeats says which facts merely confirm a state: amendments and renewals tell Activated again, a buyer may come
// back to the landing page at any time, and the end is announced by several notices.
func repeats(s State, k Kind) bool {
	switch k {
	case Arrived, AgreementFollowed, AdvisoryIssued, AdvisoryResolved, TimeUp:
		return true
	case Activated:
		return s == Active
	case AgreementEnded, Deprovisioned, UnsubscribePending, Unsubscribed, Refused, Lapsed:
		return s == Ended || (s == WindingDown && opens(k))
	case PaymentFailed:
		return s == Failed
	case NeverBegan:
		return s == Failed || s == Ended
	}
	return false
}
