package metering

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// AuditLine is conservation line of one licence and dimension (law 1).
type AuditLine struct {
	Pair
	Events   int64
	Dropped  int64          // of them, older than the retention: no longer in the log
	Accepted usage.Quantity // by the log of events, metered anew; by the sealed totals of hours with dropped events

	Open       usage.Quantity            // in hours that are not sealed yet
	Waiting    usage.Quantity            // in records that AWS has not taken yet, by state
	Carried    usage.Quantity            // in the balance: in no record yet
	Honoured   usage.Quantity            // AWS took it
	Covered    usage.Quantity            // bought in advance: not metered
	Unbillable map[string]usage.Quantity // by reason
	// MovedIn and MovedOut went between licences that turned out to be one.
	MovedIn, MovedOut usage.Quantity
	Rounded           usage.Quantity // added to fill a last unit
}

// Report is what an audit found. It is sound when there are no breaches.
type Report struct {
	Lines    []AuditLine
	Breaches []string
	Dropped  usage.Dropped // what the log has no more
	Gone     DroppedAttempts
	Segments int64
	Records  int64
	Requests int64
}

// Ledger is what an audit reads: a store and a log, without anything that runs.
type Ledger struct {
	Store    Store
	Log      usage.Store
	Part     int
	Licenses license.Directory // for what levels come to in open hours; nil: they come to nothing before they are sealed
}

// Audit checks the laws over everything that is kept, see [Ledger.Audit].
func (e *Engine) Audit(ctx context.Context) (Report, error) {
	return e.ledger().Audit(ctx)
}

// audit is one audit at work.
type audit struct {
	Report
	lines map[Pair]*AuditLine
	last  int64 // the newest segment that was read
	// ofDropped is, for hours that have dropped events, how many events the totals have, and how many are still there.
	ofDropped struct{ sealed, here int64 }
	// sums are the log's events that are not found as sealed yet: by key and hour.
	sums map[usage.Key]map[core.Hour]usage.Quantity
	// others are the same for hours whose quantity is not the sum of its events.
	others map[usage.Key]map[core.Hour]*usage.Total
	// sent is what requests said, by record.
	sent map[string]Line
	// booked is, for each pair, what sealing took in less what it put into records: what must be in the balance.
	in, out map[Pair]usage.Quantity

	at     int64                // UTC microseconds: when the newest thing that was read came in
	levels map[Pair]usage.Level // that go on, as the newest sealed hour left them
}

// Audit counts every event of the log anew and follows it into totals, records, balances and write-offs; nothing that
// a running engine has in memory is used. It checks, per licence and dimension:
//
//   - accepted (+ moved in, rounded) = open + waiting + carried + honoured + covered + unbillable (+ moved out) (law 1);
//   - no segment is missing but those that the books say were dropped, and no event of theirs;
//   - each sealed total is what its meter makes of its events, unless some of its hour were dropped: then it stands for them;
//   - each request told AWS what its record says: identity, timestamp and quantity never changed (law 2); no honoured record
//     is without one, but those whose request the books say was dropped.
//
// It goes through one table after the other: what changes meanwhile may show as a breach, unless store and log are of one
// instant.
func (l Ledger) Audit(ctx context.Context) (Report, error) {
	a := &audit{lines: map[Pair]*AuditLine{}, sums: map[usage.Key]map[core.Hour]usage.Quantity{},
		others: map[usage.Key]map[core.Hour]*usage.Total{}, sent: map[string]Line{},
		in: map[Pair]usage.Quantity{}, out: map[Pair]usage.Quantity{}, levels: map[Pair]usage.Level{}}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"the books of the log", func(ctx context.Context) error { return a.dropped(ctx, l) }},
		{"the log of events", func(ctx context.Context) error { return l.Log.Segments(ctx, l.Part, 0, 0, a.segment) }},
		{"the sealed totals", func(ctx context.Context) error { return l.Store.EachTotal(ctx, a.total) }},
		{"the requests", func(ctx context.Context) error { return l.Store.EachAttempt(ctx, a.attempt) }},
		{"the records", func(ctx context.Context) error { return l.Store.EachRecord(ctx, a.record) }},
		{"the balances", func(ctx context.Context) error { return a.balances(ctx, l.Store) }},
		{"the open levels", func(ctx context.Context) error { return a.openLevels(ctx, l) }},
	} {
		if err := step.do(ctx); err != nil {
			return Report{}, fmt.Errorf("audit %s: %w", step.what, err)
		}
	}
	a.close()
	return a.Report, nil
}

func (a *audit) breach(format string, args ...any) {
	a.Breaches = append(a.Breaches, fmt.Sprintf(format, args...))
}

func (a *audit) line(p Pair) *AuditLine {
	if a.lines[p] == nil {
		a.lines[p] = &AuditLine{Pair: p, Unbillable: map[string]usage.Quantity{}}
	}
	return a.lines[p]
}

// dropped reads what is no longer in the log.
func (a *audit) dropped(ctx context.Context, l Ledger) (err error) {
	a.Dropped, err = l.Log.Dropped(ctx, l.Part)
	a.last = a.Dropped.Seq
	if err == nil {
		a.Gone, err = l.Store.DroppedAttempts(ctx)
	}
	return err
}

func (a *audit) segment(s usage.Segment) error {
	if a.Segments++; s.First != a.last+1 {
		a.breach("segment %d is missing from the log: %d follows", a.last+1, s.First)
	}
	a.last, a.at = s.Seq, max(a.at, s.At)
	return s.Each(func(e *usage.Entry) error {
		l := a.line(Pair{e.License, e.Dimension})
		if e.Hour <= a.Dropped.Hour { // its total counts it
			l.Dropped--
			a.ofDropped.here++
			return nil
		}
		l.Events++
		k := e.Key()
		if a.meter(k, e) {
			return nil
		}
		if a.sums[k] == nil {
			a.sums[k] = map[core.Hour]usage.Quantity{}
		}
		a.sums[k][e.Hour] = a.sums[k][e.Hour].Add(e.Quantity)
		l.Accepted = l.Accepted.Add(e.Quantity)
		return nil
	})
}

// meter counts e with its hour's meter: that of the hour's first event. It reports whether that was another than a sum.
func (a *audit) meter(k usage.Key, e *usage.Entry) bool {
	t := a.others[k][e.Hour]
	if t == nil {
		if _, sum := a.sums[k][e.Hour]; sum || e.Meter == core.Sum {
			return false
		}
		t = &usage.Total{Key: k, Hour: e.Hour, Meter: e.Meter}
		if a.others[k] == nil {
			a.others[k] = map[core.Hour]*usage.Total{}
		}
		a.others[k][e.Hour] = t
	}
	t.Add(e)
	return true
}

// reading takes from the audit what the events of t's hour come to by t's meter.
func (a *audit) reading(t SealedTotal) usage.Quantity {
	if t.Meter == core.Sum {
		sum := a.sums[t.Key][t.Hour]
		delete(a.sums[t.Key], t.Hour)
		return sum
	}
	events := usage.Total{Meter: t.Meter}
	if o := a.others[t.Key][t.Hour]; o != nil {
		events = *o
		delete(a.others[t.Key], t.Hour)
	}
	sum := events.Sum
	if t.Meter == core.Average && t.Reason == "" {
		sum, _ = usage.Mean(t.Life.Before, events.Levels(), t.Life.From, t.Life.To)
	}
	l := a.line(Pair{t.License, t.Dimension})
	l.Accepted = l.Accepted.Add(sum)
	return sum
}

// stand takes a total of an hour that has dropped events as what it says.
func (a *audit) stand(t SealedTotal) {
	l := a.line(Pair{t.License, t.Dimension})
	l.Events, l.Dropped, l.Accepted = l.Events+t.Events, l.Dropped+t.Events, l.Accepted.Add(t.Sum)
	a.ofDropped.sealed += t.Events
}

func (a *audit) total(t SealedTotal) error {
	if t.Hour <= a.Dropped.Hour {
		a.stand(t)
	} else if got := a.reading(t); got != t.Sum {
		a.breach("%s %s %s: the sealed total is %s, and its events come to %s (%s)", t.License, t.Dimension, t.Hour, t.Sum, got, t.Meter)
	}
	p := Pair{t.License, t.Dimension}
	if t.Reason != "" {
		l := a.line(p)
		l.Unbillable[t.Reason] = l.Unbillable[t.Reason].Add(t.Sum)
		return nil
	}
	a.in[p] = a.in[p].Add(t.Sum).Add(t.Rounded)
	l := a.line(p)
	l.Rounded, l.Covered = l.Rounded.Add(t.Rounded), l.Covered.Add(t.Covered)
	a.out[p] = a.out[p].Add(t.Covered)
	return nil
}

func (a *audit) attempt(at Attempt) error {
	a.Requests++
	var req Request
	if err := json.Unmarshal(at.Request, &req); err != nil {
		a.breach("request %s cannot be read: %v", at.ID, err)
		return nil
	}
	if len(req.UsageRecords) != len(at.Records) {
		a.breach("request %s names %d records and has %d", at.ID, len(at.Records), len(req.UsageRecords))
		return nil
	}
	for i, id := range at.Records {
		if before, ok := a.sent[id]; ok && before != req.UsageRecords[i] {
			a.breach("record %s was sent with two contents: %+v and %+v", id, before, req.UsageRecords[i])
		}
		a.sent[id] = req.UsageRecords[i]
	}
	return nil
}

func (a *audit) record(r Record) error {
	a.Records++
	if sent, ok := a.sent[r.ID]; ok && sent != r.Line {
		a.breach("record %s was sent as %+v and is now %+v", r.ID, sent, r.Line)
	} else if !ok && (r.State == Honoured || r.State == Sending) && (r.Attempt == "" || r.Attempt > a.Gone.Newest) {
		a.breach("record %s is %s and no request has it", r.ID, r.State)
	}
	if r.State == Honoured && r.Receipt == "" && r.Reason != ReasonReconciled {
		a.breach("record %s is honoured without a receipt", r.ID)
	}
	if core.HourOf(r.Line.Timestamp.Time()) != r.Hour {
		a.breach("record %s of %s is stamped %s", r.ID, r.Hour, r.Line.Timestamp.Time())
	}
	p, q := Pair{r.License, r.Dimension}, whole(r)
	l := a.line(p)
	if r.State != Carried { // what is carried went back to the balance
		a.out[p] = a.out[p].Add(q)
	}
	switch r.State {
	case Waiting, Sending, Parked:
		l.Waiting = l.Waiting.Add(q)
	case Honoured:
		l.Honoured = l.Honoured.Add(q)
	case Unbillable:
		l.Unbillable[r.Reason] = l.Unbillable[r.Reason].Add(q)
	}
	return nil
}

func (a *audit) balances(ctx context.Context, s Store) error {
	ws, err := s.WriteOffs(ctx, "")
	if err != nil {
		return err
	}
	for _, w := range ws {
		l := a.line(w.Pair)
		if w.MovedTo != "" {
			to := Pair{w.MovedTo, w.Dimension}
			l.MovedOut, a.in[to] = l.MovedOut.Add(w.Amount), a.in[to].Add(w.Amount)
			a.line(to).MovedIn = a.line(to).MovedIn.Add(w.Amount)
		} else {
			l.Unbillable[w.Reason] = l.Unbillable[w.Reason].Add(w.Amount)
		}
		a.out[w.Pair] = a.out[w.Pair].Add(w.Amount)
	}
	bs, err := s.Balances(ctx)
	if err != nil {
		return err
	}
	for _, b := range bs {
		a.line(b.Pair).Carried = b.Amount
		if b.Level != (usage.Level{}) {
			a.levels[b.Pair] = b.Level
		}
	}
	return nil
}

// close adds up what is open and checks each line.
func (a *audit) close() {
	if d := a.ofDropped; d.sealed != a.Dropped.Events+d.here {
		a.breach("hours up to %s have %d sealed events, but %d were dropped and %d are in the log", a.Dropped.Hour, d.sealed, a.Dropped.Events, d.here)
	}
	open := func(k usage.Key, q usage.Quantity) {
		l := a.line(Pair{k.License, k.Dimension})
		if k.Reason != "" {
			l.Unbillable[k.Reason] = l.Unbillable[k.Reason].Add(q)
		} else {
			l.Open = l.Open.Add(q)
		}
	}
	for k, hours := range a.sums {
		for _, q := range hours {
			open(k, q)
		}
	}
	for k, hours := range a.others {
		for _, t := range hours {
			open(k, t.Sum)
			l := a.line(Pair{k.License, k.Dimension})
			l.Accepted = l.Accepted.Add(t.Sum)
		}
	}
	for _, p := range slices.SortedFunc(maps.Keys(a.lines), func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.License, b.License), cmp.Compare(a.Dimension, b.Dimension))
	}) {
		l := a.lines[p]
		if l.Dropped < 0 {
			a.breach("%s %s: the log has %d events more than are sealed in hours up to %s", p.License, p.Dimension, -l.Dropped, a.Dropped.Hour)
		}
		if a.in[p] != a.out[p].Add(l.Carried) {
			a.breach("%s %s: %s was sealed, but records and write-offs have %s and the balance %s", p.License, p.Dimension, a.in[p], a.out[p], l.Carried)
		}
		if had, sum := l.Accepted.Add(l.MovedIn).Add(l.Rounded), l.Sum(); sum != had {
			a.breach("%s %s: %s was accepted and %s is accounted for", p.License, p.Dimension, had, sum)
		}
		a.Lines = append(a.Lines, *l)
	}
}

// Sum is everything that is accounted for.
func (l AuditLine) Sum() usage.Quantity {
	sum := l.Open.Add(l.Waiting).Add(l.Carried).Add(l.Honoured).Add(l.Covered).Add(l.MovedOut)
	for _, q := range l.Unbillable {
		sum = sum.Add(q)
	}
	return sum
}
