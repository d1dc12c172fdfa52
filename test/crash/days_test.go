package crash

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/pgtest"
	"souk.dev/souk/test/harness"
)

// TestDaysOfThreeNodes lets three nodes follow the clock of a marketplace whose open questions, and the way of whose notices, are
// shuffled by a seed, and on which calls fail: buyers subscribe, use, cancel and come back, and every third hour the node that keeps the
// books is killed, asked to end, or hangs until another one does, in the middle of time's passing. At the end no law is broken: what
// was accepted is billed, no hour twice; every notice has had its effect; and souk audit is content.
//
// SOUK_CRASH_HOURS makes it longer, 72 is three days, and SOUK_CRASH_SEED plays another marketplace.
func TestDaysOfThreeNodes(t *testing.T) {
	t.Parallel()
	hours, seed := number(t, "SOUK_CRASH_HOURS", 12), number(t, "SOUK_CRASH_SEED", 0)
	t.Logf("%d hours, with SOUK_CRASH_SEED=%d", hours, seed)
	server := pgtest.Start(t)
	d := &days{cluster: clusterOf(server, newStand(t, uint64(seed), server.Database(t), "--shuffle", fmt.Sprint(seed+1))), used: map[use]int64{}}
	defer d.stop()
	d.failCalls(uint64(seed))
	for n := range hours {
		d.hour(n)
	}
	d.market.Mend()
	d.alone()
	d.pass("5h")
	d.pass("25h")
	d.agree()
	t.Logf("%d events, %d requests that had to be repeated, %d purchases, %d owners of the books; %s", d.events, d.retries.Load(), len(d.sold), d.epoch, d.summary())
}

// days is a cluster that lives through hours.
type days struct {
	*cluster
	sold   []*sale
	events int
	used   map[use]int64
}

// use is what is billed by the hour.
type use struct{ arn, dimension string }

// sale is an agreement; cancelled is the buyer's word.
type sale struct {
	harness.Agreement
	buyer     string
	cancelled bool
}

// hour lives through hour n. Of six, buyers do something in the first and the fourth, and the nodes are disturbed in the third
// and the sixth. So the hour that AWS leaves after a cancellation for the last usage is one in which somebody can send it.
func (d *days) hour(n int) {
	switch n % 6 {
	case 0:
		d.subscribe()
	case 3:
		d.cancel()
	}
	d.pass("20m")
	d.report()
	if n%3 == 2 {
		d.disturb(n / 3)
	} else {
		d.pass("20m")
	}
	d.report()
	d.pass("20m")
}

// subscribe lets every buyer buy who has nothing.
func (d *days) subscribe() {
	p := d.market.Product("license")
	for _, b := range d.market.Buyers() {
		if !slices.ContainsFunc(d.sold, func(s *sale) bool { return s.buyer == b.AccountID && !s.cancelled }) {
			d.sold = append(d.sold, &sale{Agreement: d.market.Buy(b, p), buyer: b.AccountID})
		}
	}
}

// cancel ends one of the agreements.
func (d *days) cancel() {
	for _, s := range d.sold {
		if !s.cancelled {
			d.market.Cancel(s.AgreementID)
			s.cancelled = true
			return
		}
	}
}

// pass lets business time pass, with a follower.
func (d *days) pass(span string) {
	d.t.Helper()
	d.settled()
	d.market.Post("/_sandbox/clock", map[string]any{"advance": span}, nil)
}

// disturb upsets the nodes while time passes.
func (d *days) disturb(n int) {
	d.t.Helper()
	d.settled()
	passed := make(chan error, 1)
	go func() {
		passed <- d.market.Do(http.MethodPost, "/_sandbox/clock", map[string]any{"advance": "20m"}, nil)
	}()
	time.Sleep(time.Duration(d.rand.IntN(30)) * time.Millisecond)
	upset := upsets[n%len(upsets)]
	d.done[upset.what]++
	upset.do(d.cluster)
	if err := <-passed; err != nil {
		d.t.Errorf("while %s: %v", upset.what, err)
	}
}

// report has usage taken of all who have an active license, at any node.
func (d *days) report() {
	d.t.Helper()
	d.settled()
	active := map[string]bool{}
	for _, l := range harness.All[harness.License](&d.nodes[0].API, "/v1/licenses") {
		active[l.LicenseARN] = l.State == "active"
	}
	for _, s := range d.sold {
		if s.cancelled || !active[s.LicenseARN] {
			continue
		}
		var events []used
		for range 1 + d.rand.IntN(40) {
			d.events++
			e := used{fmt.Sprintf("use %d", d.events), s.LicenseARN, d.dims[d.rand.IntN(len(d.dims))], d.rand.Int64N(9)}
			d.used[use{e.License, e.Dimension}] += e.Quantity
			events = append(events, e)
		}
		d.repeat(d.events, func(to *node, limit time.Duration) bool { return d.deliver(events, to, limit) })
	}
}

// agree lays what was reported, what the gateway says of it and what the marketplace bills side by side.
func (d *days) agree() {
	d.t.Helper()
	type slot struct {
		use
		hour time.Time
	}
	billed, slots := map[use]int64{}, map[slot]bool{}
	for _, r := range d.market.Records("") {
		p := use{r.LicenseARN, r.Dimension}
		if slots[slot{p, r.Hour}] {
			d.t.Errorf("%v is billed twice for %s", p, r.Hour)
		}
		slots[slot{p, r.Hour}] = true
		billed[p] += r.Quantity
	}
	for p, want := range d.used {
		if billed[p] != want {
			d.t.Errorf("%v: %d were reported and %d are billed", p, want, billed[p])
		}
		delete(billed, p)
	}
	for p, n := range billed {
		if n != 0 {
			d.t.Errorf("%v: nothing was reported and %d are billed", p, n)
		}
	}
	d.agreeOnStates()
	d.allHadTheirEffect()
	d.nodes[0].Proc.Stop()
	audit := harness.Start(d.t, nil, "audit", "--json", "--database", d.gateway.Database)
	if code := audit.Wait(); code != 0 {
		d.t.Fatalf("souk audit ends with %d: %s", code, audit.Output())
	}
	var said struct {
		Lines []struct {
			License, Dimension     string
			Open, Waiting, Carried json.Number
			Unbillable             map[string]json.Number
		}
	}
	if err := json.Unmarshal([]byte(audit.Output()), &said); err != nil {
		d.t.Fatal(err)
	}
	for _, l := range said.Lines {
		lost := slices.ContainsFunc(slices.Collect(maps.Values(l.Unbillable)), func(n json.Number) bool { return n != "0" }) // records of nothing may be refused
		if l.Open != "0" || l.Waiting != "0" || l.Carried != "0" || lost {
			d.t.Errorf("a day later not all is billed: %+v", l)
		}
	}
	if len(said.Lines) == 0 {
		d.t.Error("nothing was used")
	}
}

// agreeOnStates wants a license active as long as its agreement is, and ended since.
func (d *days) agreeOnStates() {
	d.t.Helper()
	states := map[string]string{}
	for _, l := range harness.All[harness.License](&d.nodes[0].API, "/v1/licenses") {
		states[l.LicenseARN] = l.State
	}
	for _, s := range d.sold {
		want := "active"
		if s.cancelled {
			want = "ended"
		}
		if states[s.LicenseARN] != want {
			d.t.Errorf("the license %s is %q; want %q", s.LicenseARN, states[s.LicenseARN], want)
		}
	}
}

// allHadTheirEffect wants every notice read and applied, and nothing left in a queue.
func (d *days) allHadTheirEffect() {
	d.t.Helper()
	type notice struct{ ID, Kind, Outcome, Why string }
	notices := harness.All[notice](&d.nodes[0].API, "/v1/notifications")
	for _, n := range notices {
		if !slices.Contains([]string{"applied", "confirmed", "recorded", "no_meaning"}, n.Outcome) {
			d.t.Errorf("a notice has had no effect: %+v", n)
		}
	}
	if len(notices) < 2*len(d.sold) {
		d.t.Errorf("%d notices have come of %d agreements", len(notices), len(d.sold))
	}
	type queue struct {
		Name                       string
		Waiting, InFlight, Delayed int
	}
	for _, q := range harness.All[queue](&d.market.API, "/_sandbox/queues") {
		if q.Waiting+q.InFlight+q.Delayed > 0 {
			d.t.Errorf("a queue is not empty: %+v", q)
		}
	}
}
