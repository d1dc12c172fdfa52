package metering

import (
	"fmt"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// recordAnswer is what an answer says of one record; nothing if it does not mention it.
type recordAnswer struct {
	status      string
	receipt     string
	unprocessed bool
}

// verdict is all that a call told of one record.
type verdict struct {
	fault  *Fault // of the whole request; nil: there was an answer
	alone  bool   // it was the only record of the request
	of     int    // how many records the request had
	answer recordAnswer
}

// whole is what is in r, in what its events count.
func whole(r Record) usage.Quantity { return r.Per.Times(r.Line.Quantity) }

// lives reports whether later hours of the licence can be billed.
func lives(s license.Standing) bool {
	return s.State == license.Active || s.State == license.WindingDown || s.State == license.Pending || s.State == license.Failed
}

func (r *Record) become(s State, reason, why string, now time.Time) {
	if r.State != s || r.Reason != reason {
		r.Since = now
	}
	r.State, r.Reason, r.Why = s, reason, why
}

// again lets r be sent once more, at the instant at.
func (r *Record) again(why string, at, now time.Time) {
	r.become(Waiting, "", why, now)
	r.RetryAt = at
}

// judge says what becomes of a record after a call, and what somebody should look at.
func (e *Engine) judge(r Record, v verdict, s license.Standing, now time.Time) (Record, *alert.Finding) {
	if v.fault != nil {
		return e.judgeFault(r, v, s, now)
	}
	switch a := v.answer; {
	case a.status == contract.Success:
		r.Receipt, r.Limit = a.receipt, contract.MaxUsageRecords
		r.become(Honoured, "", "AWS has taken it.", now)
		return r, nil
	case a.status == contract.DuplicateRecord && r.Unsure:
		r.Receipt = a.receipt
		r.become(Honoured, ReasonReconciled, "AWS had taken it already: an earlier answer to this very record was lost.", now)
		return r, nil
	case a.status == contract.DuplicateRecord:
		r.Receipt = a.receipt
		r.become(Unbillable, ReasonConflict, "AWS has honoured another quantity for this hour, which was not sent from here. Look for a second system that meters this product.", now)
		return r, r.needsLook(now)
	case a.status == contract.CustomerNotSubscribed && r.Unsure:
		r.become(Unbillable, ReasonUnknown, "An answer was lost, and now AWS says that the customer is not subscribed: whether it was billed can only be seen in AWS's reports.", now)
		return r, r.needsLook(now)
	case a.status == contract.CustomerNotSubscribed:
		r.become(Unbillable, ReasonNotSubscribed, "AWS says that the customer has no subscription, or that its account is suspended.", now)
		return r, r.needsLook(now)
	}
	// Unprocessed, of a status that we do not know, or not mentioned at all: nothing is known of it.
	r.Unsure = true
	r.again("AWS has not said what became of it; the same record is sent again.", now.Add(e.backoff(r, now)), now)
	return r, e.nearDeadline(r, now)
}

func (e *Engine) judgeFault(r Record, v verdict, s license.Standing, now time.Time) (Record, *alert.Finding) {
	f := v.fault
	switch f.Class {
	case Refused:
		if !v.alone {
			r.Limit = (v.of + 1) / 2
			r.again(fmt.Sprintf("AWS refused a request of %d records (%s); smaller ones find out which it was.", v.of, f.Code), now, now)
			return r, nil
		}
		return e.park(r, f, s, now)
	case OutOfBounds:
		if !v.alone {
			r.Limit = (v.of + 1) / 2
			r.again(fmt.Sprintf("AWS found a timestamp out of bounds in a request of %d records; smaller ones find out which it was.", v.of), now, now)
			return r, nil
		}
		return e.outOfBounds(r, s, now)
	case Unreached, Throttled, Denied:
		r.again("AWS did not take the call ("+f.Code+"); the same record is sent again.", now.Add(e.backoff(r, now)), now)
	default:
		r.Unsure = true
		r.again("No answer that tells what became of it ("+f.Code+"); the same record is sent again.", now.Add(e.backoff(r, now)), now)
	}
	return r, e.nearDeadline(r, now)
}

// park keeps a record that AWS refuses by itself. At its deadline its quantity is carried, if the licence lives.
func (e *Engine) park(r Record, f *Fault, s license.Standing, now time.Time) (Record, *alert.Finding) {
	why := fmt.Sprintf("AWS refuses this record: %s: %s", f.Code, f.Message)
	if !now.Before(r.Deadline) && !lives(s) {
		if r.Unsure {
			r.become(Unbillable, ReasonUnknown, why+" An earlier answer was lost: whether it was billed can only be seen in AWS's reports.", now)
		} else {
			r.become(Unbillable, ReasonEnded, why+" The subscription has ended.", now)
		}
		return r, r.needsLook(now)
	}
	first := r.State != Parked && r.Reason != f.Code
	r.become(Parked, f.Code, why, now)
	r.RetryAt = now.Add(e.cfg.ParkedRetry)
	if now.Before(r.Deadline) && r.RetryAt.After(r.Deadline) {
		r.RetryAt = r.Deadline.Add(-(r.Deadline.Sub(now) / 2))
	}
	if first {
		return r, r.needsLook(now)
	}
	return r, e.nearDeadline(r, now)
}

// outOfBounds decides about a record whose timestamp AWS refuses.
func (e *Engine) outOfBounds(r Record, s license.Standing, now time.Time) (Record, *alert.Finding) {
	ts := r.Line.Timestamp.Time()
	switch {
	case now.Sub(ts) < clockSlack && now.Before(r.Expires):
		// Too young: AWS's clock is behind ours.
		r.again("AWS's clock is behind ours and finds the timestamp in the future; it is sent again shortly.", now.Add(5*time.Second), now)
		return r, nil
	case r.Unsure:
		r.become(Unbillable, ReasonUnknown, "An answer was lost, and AWS takes no repetition any more: whether it was billed can only be seen in AWS's reports.", now)
		return r, r.needsLook(now)
	case lives(s):
		r.become(Carried, "", "AWS found it too late for its hour; its quantity travels in a later one.", now)
		return r, nil
	}
	r.become(Unbillable, ReasonEnded, "AWS found it too late for its hour, and the subscription has ended.", now)
	return r, r.needsLook(now)
}

// backoff is how long a record waits after its r.Tries-th try failed: longer each time, and shorter towards its deadline.
func (e *Engine) backoff(r Record, now time.Time) time.Duration {
	wait := min(firstHold<<min(max(r.Tries-1, 0), 10), 5*time.Minute)
	if left := r.Deadline.Sub(now); left > 0 {
		wait = min(wait, left/8)
	}
	return max(wait, firstHold)
}
