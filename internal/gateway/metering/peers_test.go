package metering_test

import (
	"fmt"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/usage"
)

// Defects found in other integrations, each as a test that ours does not have it. A… are those of AWS's serverless
// SaaS sample; the others say whose they are.

func active(t *testing.T) (*world, license.License) {
	w := newWorld(t, begin)
	l := w.license("a")
	w.fact("a", license.Activated, begin.Add(-48*time.Hour))
	return w.open(), l
}

func TestPeerA1_AFailedCallLosesNothing(t *testing.T) {
	for _, f := range []fault{throttle, errorBefore, dropBefore, denied, unreached} {
		w, l := active(t)
		left := 4
		w.aws.fault = func(metering.Request) fault {
			if left--; left >= 0 {
				return f
			}
			return fine
		}
		w.use("a", "gb", "7", begin)
		w.pass(2 * time.Hour)
		w.billed(l, "gb", 7)
	}
}

func TestPeerA2_UnprocessedRecordsAreSentAgain(t *testing.T) {
	w, l := active(t)
	n := 0
	w.aws.fault = func(metering.Request) fault {
		if n++; n <= 3 {
			return unprocessed
		}
		return fine
	}
	for i := range 10 {
		w.use("a", fmt.Sprint("d", i), "3", begin)
	}
	w.pass(2 * time.Hour)
	for i := range 10 {
		w.billed(l, fmt.Sprint("d", i), 3)
	}
}

func TestPeerA3_OneBadDimensionFailsAlone(t *testing.T) {
	w, l := active(t)
	w.cfg.NoZeros = true
	w.reopen()
	w.aws.known = map[core.Dimension]bool{}
	for i := range 24 {
		d := fmt.Sprint("d", i)
		w.aws.known[core.Dimension(d)] = true
		w.use("a", d, "3", begin)
	}
	w.use("a", "bad", "5", begin)
	w.to(begin.Add(36 * time.Minute)) // 10:06
	for i := range 24 {
		w.billed(l, fmt.Sprint("d", i), 3)
	}
	if len(w.aws.calls) > 12 {
		t.Errorf("%d calls to find one of 25; halving needs no more than 12", len(w.aws.calls))
	}
	if rs, _ := w.eng.Records(t.Context(), metering.Query{State: metering.Parked, Limit: 9}); len(rs) != 1 || rs[0].Dimension != "bad" || rs[0].Reason != contract.InvalidUsageDimension {
		t.Errorf("parked: %+v", rs)
	}
	w.aws.known["bad"] = true // somebody published the dimension
	w.pass(time.Hour)
	w.billed(l, "bad", 5)
}

func TestPeerA3_ABadDimensionForEverIsCarriedAndNeverLost(t *testing.T) {
	w, l := active(t)
	w.aws.known = map[core.Dimension]bool{"gb": true}
	w.use("a", "bad", "5", begin)
	w.pass(40 * time.Hour)
	if line := w.sound("a", "bad"); line.Waiting.Add(line.Carried) != usage.Whole(5) {
		t.Errorf("after 40 hours: %+v", line)
	}
	w.aws.known["bad"] = true
	w.pass(2 * time.Hour)
	w.billed(l, "bad", 5)
}

func TestPeerA4_TheHourOfUseIsTheTimestampOnEveryRetry(t *testing.T) {
	w, l := active(t)
	n := 0
	w.aws.fault = func(metering.Request) fault {
		if n++; n < 30 {
			return dropAfter // honoured; the answers are lost for more than an hour
		}
		return fine
	}
	w.cfg.NoZeros = true
	w.reopen()
	w.use("a", "gb", "7", begin)
	w.pass(6 * time.Hour)
	w.billed(l, "gb", 7)
	if n < 30 {
		t.Fatalf("only %d calls: the fault was not there long enough", n)
	}
	for _, c := range w.aws.calls {
		if got := core.HourOf(c.UsageRecords[0].Timestamp.Time()); got != core.HourOf(begin) {
			t.Fatalf("sent for %s, want %s", got, core.HourOf(begin))
		}
	}
}

func TestPeerA5_MoreThan25DimensionsAndFractionsAndGreatQuantities(t *testing.T) {
	w, l := active(t)
	for i := range 60 {
		w.use("a", fmt.Sprint("d", i), "1.5", begin)
	}
	w.use("a", "huge", "2147483648", begin)
	w.pass(2 * time.Hour)
	for i := range 60 {
		w.billed(l, fmt.Sprint("d", i), 1)
	}
	w.pass(time.Hour)
	w.billed(l, "huge", 2147483648)
}

func TestPeerA6_BothGenerationsOfIdentity(t *testing.T) {
	w, l := active(t)
	old := w.legacy("c")
	w.fact("c", license.Activated, begin)
	w.use("a", "gb", "1", begin)
	w.use("c", "gb", "2", begin)
	w.pass(2 * time.Hour)
	w.billed(l, "gb", 1)
	w.billed(old, "gb", 2)
}

func TestPeerA7_ALongListIsSentWhole(t *testing.T) {
	w, _ := active(t)
	const many = 600
	for i := range many {
		id := fmt.Sprint("m", i)
		w.license(id)
		w.fact(id, license.Activated, begin)
		w.use(id, "gb", "1", begin)
	}
	w.pass(time.Hour)
	if len(w.aws.ledger) != many {
		t.Errorf("AWS has %d records, want %d", len(w.aws.ledger), many)
	}
}

func TestPeerA8_TwoEntriesOfADimensionAreAddedUp(t *testing.T) {
	w, l := active(t)
	w.use("a", "gb", "3", begin)
	w.use("a", "gb", "4", begin)
	w.pass(time.Hour)
	w.billed(l, "gb", 7)
}

func TestPeerA12_TwoEventsOfTheSameInstantBothCount(t *testing.T) {
	w, l := active(t)
	for range 5 {
		w.use("a", "gb", "1", begin)
	}
	w.pass(time.Hour)
	w.billed(l, "gb", 5)
}

func TestPeerA13_CancellingSendsTheLastHour(t *testing.T) {
	w := newWorld(t, begin)
	l := w.legacy("a")
	w.fact("a", license.Activated, begin.Add(-time.Hour))
	w.aws.subscribed = func(_ string, now time.Time) bool { return now.Before(begin.Add(time.Hour)) }
	w.open()
	w.use("a", "gb", "7", begin)
	w.fact("a", license.UnsubscribePending, begin)
	w.pass(2 * time.Hour)
	w.billed(l, "gb", 7)
}

func TestPeerKEV_BookkeepingThatFailsAfterAWSAcceptedBillsOnce(t *testing.T) {
	for _, duplicate := range []bool{false, true} { // both readings of an identical record sent again
		w, l := active(t)
		w.kill()
		c := &crasher{in: -1}
		w.wrap = func(u usage.Store, m metering.Store) (usage.Store, metering.Store) {
			return u, crashingLedger{m, c}
		}
		w.open()
		w.aws.duplicateOnResend = duplicate
		w.aws.during = func() { c.in = 0 } // the write after AWS's answer is never made
		w.use("a", "gb", "7", begin)
		w.to(begin.Add(35 * time.Minute)) // 10:05: sealed and sent
		if !c.dead {
			t.Fatal("the process did not die")
		}
		w.aws.during = nil
		w.kill()
		*c = crasher{in: -1}
		w.open()
		w.pass(2 * time.Hour)
		w.billed(l, "gb", 7)
	}
}

func TestPeerLAR_DuplicateRecordIsNotSuccessByItself(t *testing.T) {
	w, l := active(t)
	w.cfg.NoZeros = true
	w.reopen()
	// Another system has metered the hour.
	w.aws.ledger[slot{string(l.ARN), "gb", core.HourOf(begin)}] = honoured{quantity: 4, id: "theirs"}
	w.use("a", "gb", "7", begin)
	w.pass(time.Hour)
	if line := w.sound("a", "gb"); !line.Honoured.IsZero() || line.Unbillable[metering.ReasonConflict] != usage.Whole(7) {
		t.Errorf("got %+v, want 7 in conflict", line)
	}
	if told := w.alerts(); len(told) != 1 || told[0].Kind != outbox.AlertUsageUnbilled || told[0].License != l.ID {
		t.Errorf("alerts: %+v", told)
	}
}

func TestPeerRHS_MissingCredentialsAreNoSuccess(t *testing.T) {
	w, l := active(t)
	w.aws.fault = func(metering.Request) fault { return denied }
	w.use("a", "gb", "7", begin)
	w.pass(5 * time.Hour)
	if line := w.sound("a", "gb"); !line.Honoured.IsZero() || line.Waiting != usage.Whole(7) {
		t.Errorf("got %+v, want 7 waiting", line)
	}
	if told := w.alerts(); len(told) != 1 || told[0].Kind != outbox.AlertCallsDenied {
		t.Error("nobody was told")
	}
	w.aws.fault = nil
	w.pass(time.Hour)
	w.billed(l, "gb", 7)
}

func TestPeerFLX_NoCentIsTruncatedInAYearOfFractions(t *testing.T) {
	w, l := active(t)
	w.cfg.NoZeros = true
	w.reopen()
	var sum usage.Quantity
	for i := range 24 * 30 {
		q := fmt.Sprintf("0.%d", (i*7919+13)%100000)
		p, err := usage.ParseQuantity(q)
		if err != nil {
			t.Fatal(err)
		}
		sum = sum.Add(p)
		w.use("a", "gb", q, w.clk.Now())
		w.pass(time.Hour)
	}
	line := w.sound("a", "gb")
	if got := line.Honoured.Add(line.Carried).Add(line.Waiting).Add(line.Open); got != sum || line.Carried.Floor(1) != 0 {
		t.Errorf("used %s; honoured %s, carried %s", sum, line.Honoured, line.Carried)
	}
	w.billed(l, "gb", sum.Floor(1<<31))
}

func TestPeerDavoxi_AnEndingBuyerIsStillMetered(t *testing.T) {
	w, l := active(t)
	w.fact("a", license.AgreementEnded, begin)
	w.use("a", "gb", "2", begin.Add(time.Second))
	w.pass(20 * time.Minute)
	w.use("a", "gb", "3", w.clk.Now())
	w.reopen() // its customers were in memory only
	w.pass(2 * time.Hour)
	w.billed(l, "gb", 5)
}

func TestPeerOPM_ANotStoredEventCountsWhenToldAgain(t *testing.T) {
	w, l := active(t)
	w.kill()
	c := &crasher{in: -1}
	w.wrap = func(u usage.Store, m metering.Store) (usage.Store, metering.Store) { return crashingLog{u, c}, m }
	w.open()
	for _, after := range []bool{false, true} { // the write failed; it happened and seemed to fail
		c.in, c.after, c.dead = 0, after, false
		e := usage.Event{ID: fmt.Sprint("e", after), License: usage.Ref{Name: "a"}, Dimension: "gb", Quantity: "1", Time: begin}
		if _, err := w.in.Accept(t.Context(), "", []usage.Event{e}); err == nil {
			t.Fatal("an event that was not stored was acknowledged")
		}
		c.in, c.dead = -1, false // the disk is well again; the process lived on
		want := usage.Result{Accepted: 1}
		if after {
			want = usage.Result{Duplicates: 1}
		}
		w.tell(e, want)
		w.tell(e, usage.Result{Duplicates: 1})
	}
	w.pass(time.Hour)
	w.billed(l, "gb", 2)
}

// botocore takes a 200 with a broken body for success with nothing in it.
func TestAnAnswerThatMentionsNoRecordIsNoSuccess(t *testing.T) {
	w, l := active(t)
	n := 0
	w.aws.fault = func(metering.Request) fault {
		if n++; n == 1 {
			return emptyAnswer
		}
		return fine
	}
	w.use("a", "gb", "7", begin)
	w.pass(2 * time.Hour)
	w.billed(l, "gb", 7)
}

func TestNotSubscribedIsFinalAndReported(t *testing.T) {
	w, _ := active(t)
	w.aws.subscribed = func(string, time.Time) bool { return false }
	w.cfg.NoZeros = true
	w.reopen()
	w.use("a", "gb", "7", begin)
	w.pass(time.Hour)
	if line := w.sound("a", "gb"); line.Unbillable[metering.ReasonNotSubscribed] != usage.Whole(7) {
		t.Errorf("got %+v", line)
	}
	if len(w.refuse) != 1 || w.refuse[0] != "a" || len(w.aws.calls) != 1 {
		t.Errorf("told %v in %d calls", w.refuse, len(w.aws.calls))
	}
}

func TestThePaceIsKept(t *testing.T) {
	w, _ := active(t)
	w.cfg.NoZeros = true
	w.reopen()
	for i := range 2000 {
		w.use("a", fmt.Sprint("d", i), "1", begin)
	}
	start := begin.Add(35 * time.Minute)
	w.to(start)
	w.pass(9 * time.Second)
	if n := len(w.aws.ledger); n < 80*25-10*25 { // 80 calls at 10 a second take 8 seconds
		t.Errorf("%d records after 9 seconds", n)
	}
	if len(w.aws.calls) > 80 {
		t.Errorf("%d calls for 2000 records", len(w.aws.calls))
	}
}

// A9: a send that fails for ever was only logged, and that customer was stuck without anybody knowing.
func TestPeerA9_ASendThatFailsForEverIsToldOfAndHoldsUpNobody(t *testing.T) {
	w, l := active(t)
	other := w.license("b")
	w.fact("b", license.Activated, begin.Add(-48*time.Hour))
	w.aws.spoils = func(r metering.Line) (string, bool) {
		return contract.InvalidLicense, r.LicenseARN == l.ARN
	}
	w.use("a", "gb", "5", begin)
	w.use("b", "gb", "6", begin)
	w.pass(2 * time.Hour)
	w.billed(other, "gb", 6)
	if told := w.alerts(); len(told) != 1 || told[0].License != l.ID || told[0].Kind != outbox.AlertRecordsRefused {
		t.Errorf("what was told: %+v", told)
	}
	if line := w.sound("a", "gb"); line.Waiting != usage.Whole(5) {
		t.Errorf("the usage does not wait: %+v", line)
	}
}

// A10: a fleet larger than one run could send was cut off in the middle.
func TestPeerA10_AFleetThatTakesLongerThanOneRunIsSentWhole(t *testing.T) {
	w, _ := active(t)
	const fleet = 400
	for i := range fleet {
		w.use("a", fmt.Sprint("d", i), "1", begin)
	}
	w.to(begin.Truncate(time.Hour).Add(65*time.Minute + time.Second)) // some calls were made
	sent := len(w.aws.ledger)
	if sent == 0 || sent >= fleet {
		t.Fatalf("%d of %d records were sent in the first second: the run is not cut off in the middle", sent, fleet)
	}
	w.reopen()
	w.pass(time.Hour)
	billed := int64(0)
	for i := range fleet {
		billed += w.aws.billed(string(w.dir.all[0].ARN), core.Dimension(fmt.Sprint("d", i)))
	}
	if billed != fleet {
		t.Errorf("%d of %d units are billed", billed, fleet)
	}
}

// A11: nothing marked what was on its way, so that two runs could send the same usage under two timestamps, or none.
func TestPeerA11_WhatIsOnItsWayIsMarkedAndSentAgainUnchanged(t *testing.T) {
	w, l := active(t)
	died := false
	w.aws.fault = func(metering.Request) fault {
		if !died {
			died = true
			return dropAfter // AWS has it, and the process dies before it knows
		}
		return fine
	}
	w.use("a", "gb", "5", begin)
	w.to(begin.Truncate(time.Hour).Add(65 * time.Minute))
	w.reopen()
	w.pass(2 * time.Hour)
	w.billed(l, "gb", 5)
	var stamps []metering.Second
	for _, c := range w.aws.calls {
		for _, r := range c.UsageRecords {
			if r.Quantity > 0 {
				stamps = append(stamps, r.Timestamp)
			}
		}
	}
	if len(stamps) < 2 || stamps[0] != stamps[1] {
		t.Errorf("it was sent with the timestamps %v; want the same again", stamps)
	}
}
