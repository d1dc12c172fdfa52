package metering_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/metering"
)

// slot is what AWS honours one quantity for.
type slot struct {
	who       string // license ARN, or customer identifier
	dimension core.Dimension
	hour      core.Hour
}

type honoured struct {
	quantity int64
	id       string
	at       time.Time
}

// reporter is a *testing.T or a *rapid.T.
type reporter interface {
	Errorf(format string, args ...any)
}

// fakeAWS keeps what a buyer would be billed. Tests read that, not the calls.
type fakeAWS struct {
	t   reporter
	clk clock.Clock
	mu  sync.Mutex

	ledger map[slot]honoured
	sent   map[slot]int64 // what was ever asked for: another quantity breaks law 2
	calls  []metering.Request

	duplicateOnResend bool                                        // the disputed reading: an identical record again is a DuplicateRecord
	subscribed        func(who string, now time.Time) bool        // nil: everybody always
	known             map[core.Dimension]bool                     // nil: all
	fault             func(metering.Request) fault                // nil: none
	stale             func(metering.Line, time.Time) bool         // nil: by contract.EarliestAccepted
	during            func()                                      // called in each call, before anything happens
	spoils            func(metering.Line) (code string, bad bool) // nil: none
}

// fault is what goes wrong with a call.
type fault int

const (
	fine        fault = iota
	throttle          // refused before anything happened
	errorBefore       // 500 before anything happened
	errorAfter        // 500 after the records were honoured
	dropBefore        // no answer, nothing happened
	dropAfter         // no answer, the records were honoured
	unprocessed       // every other record is handed back
	emptyAnswer       // 200 with nothing in it, after the records were honoured
	denied            // the credentials are wrong
	unreached         // no connection
	faults
)

func newFakeAWS(t reporter, clk clock.Clock) *fakeAWS {
	return &fakeAWS{t: t, clk: clk, ledger: map[slot]honoured{}, sent: map[slot]int64{}}
}

func (a *fakeAWS) Send(_ context.Context, r metering.Request) (metering.Answer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.during != nil {
		a.during()
	}
	a.calls = append(a.calls, r)
	a.checkRequest(r)
	f := fine
	if a.fault != nil {
		f = a.fault(r)
	}
	switch f {
	case throttle:
		return metering.Answer{}, &metering.Fault{Class: metering.Throttled, Code: contract.Throttling}
	case errorBefore:
		return metering.Answer{}, &metering.Fault{Class: metering.Lost, Code: contract.InternalServiceError}
	case dropBefore:
		return metering.Answer{}, errors.New("connection reset")
	case denied:
		return metering.Answer{}, &metering.Fault{Class: metering.Denied, Code: contract.AccessDenied}
	case unreached:
		return metering.Answer{}, &metering.Fault{Class: metering.Unreached, Code: "network"}
	}
	answer, err := a.meter(r, f == unprocessed)
	switch {
	case err != nil:
		return metering.Answer{}, err
	case f == errorAfter:
		return metering.Answer{}, &metering.Fault{Class: metering.Lost, Code: contract.InternalServiceError}
	case f == dropAfter:
		return metering.Answer{}, errors.New("connection reset")
	case f == emptyAnswer:
		return metering.Answer{}, nil
	}
	return answer, nil
}

// checkRequest is what must hold for every request whatever happens to it.
func (a *fakeAWS) checkRequest(r metering.Request) {
	if n := len(r.UsageRecords); n == 0 || n > contract.MaxUsageRecords {
		a.t.Errorf("a request of %d records", n)
	}
	seen := map[slot]bool{}
	for _, l := range r.UsageRecords {
		if (l.LicenseARN != "") == (l.CustomerIdentifier != "") || (l.LicenseARN != "") == (r.ProductCode != "") {
			a.t.Errorf("identities mixed: product %q, %+v", r.ProductCode, l)
		}
		if l.Quantity < 0 || l.Quantity > contract.MaxQuantity {
			a.t.Errorf("quantity %d", l.Quantity)
		}
		s := slotOf(l)
		if seen[s] {
			a.t.Errorf("two records of %+v in one request", s)
		}
		seen[s] = true
		if q, ok := a.sent[s]; ok && q != l.Quantity {
			a.t.Errorf("law 2: %+v was sent as %d and then as %d", s, q, l.Quantity)
		}
		a.sent[s] = l.Quantity
	}
}

func slotOf(l metering.Line) slot {
	who := string(l.LicenseARN)
	if who == "" {
		who = string(l.CustomerIdentifier)
	}
	return slot{who, l.Dimension, core.HourOf(l.Timestamp.Time())}
}

func (a *fakeAWS) meter(r metering.Request, half bool) (metering.Answer, error) {
	now := a.clk.Now()
	for _, l := range r.UsageRecords {
		if a.known != nil && !a.known[l.Dimension] {
			return metering.Answer{}, &metering.Fault{Class: metering.Refused, Code: contract.InvalidUsageDimension}
		}
		if a.spoils != nil {
			if code, bad := a.spoils(l); bad {
				return metering.Answer{}, &metering.Fault{Class: metering.Refused, Code: code}
			}
		}
	}
	for _, l := range r.UsageRecords {
		if a.tooOld(l, now) || l.Timestamp.Time().After(now) {
			return metering.Answer{}, &metering.Fault{Class: metering.OutOfBounds, Code: contract.TimestampOutOfBounds}
		}
	}
	var out metering.Answer
	for i, l := range r.UsageRecords {
		if half && i%2 == 0 {
			out.UnprocessedRecords = append(out.UnprocessedRecords, l)
			continue
		}
		out.Results = append(out.Results, a.one(l, now))
	}
	return out, nil
}

func (a *fakeAWS) tooOld(l metering.Line, now time.Time) bool {
	if a.stale != nil {
		return a.stale(l, now)
	}
	t, inclusive := contract.EarliestAccepted(now)
	ts := l.Timestamp.Time()
	return ts.Before(t) || (!inclusive && ts.Equal(t))
}

func (a *fakeAWS) one(l metering.Line, now time.Time) metering.Result {
	s := slotOf(l)
	if a.subscribed != nil && !a.subscribed(s.who, now) {
		return metering.Result{UsageRecord: l, Status: contract.CustomerNotSubscribed}
	}
	if have, ok := a.ledger[s]; ok {
		if have.quantity != l.Quantity || a.duplicateOnResend {
			return metering.Result{UsageRecord: l, Status: contract.DuplicateRecord}
		}
		return metering.Result{UsageRecord: l, Status: contract.Success, MeteringRecordID: have.id}
	}
	h := honoured{l.Quantity, fmt.Sprintf("id-%d", len(a.ledger)), now}
	a.ledger[s] = h
	return metering.Result{UsageRecord: l, Status: contract.Success, MeteringRecordID: h.id}
}

// billed is what AWS would bill who for a dimension.
func (a *fakeAWS) billed(who string, d core.Dimension) (sum int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for s, h := range a.ledger {
		if s.who == who && s.dimension == d {
			sum += h.quantity
		}
	}
	return sum
}
