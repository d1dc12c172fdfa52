package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/usage"
)

// hourTrail is one hour of one dimension: what was used, what AWS was told of it and said, and by which events it was used.
type hourTrail struct {
	License    core.LicenseID  `json:"license"`
	LicenseARN core.LicenseARN `json:"licenseArn,omitempty"`
	Dimension  core.Dimension  `json:"dimension"`
	Hour       core.Hour       `json:"hour"`
	Event      *eventTrail     `json:"event,omitempty"` // the one that was asked for
	Sealed     bool            `json:"sealed"`          // its sum is final
	Sums       []sumTrail      `json:"sums"`            // none while it is not sealed
	Record     *recordTrail    `json:"record,omitempty"`
	Request    *requestTrail   `json:"request,omitempty"`
	Forgot     bool            `json:"requestDropped,omitempty"`
	Events     []eventTrail    `json:"events"` // in the order of their arrival
	More       bool            `json:"moreEvents,omitempty"`
	Dropped    bool            `json:"eventsDropped,omitempty"`
}

// sumTrail is what the hour came to: used + carriedIn + rounded = recorded + covered + carriedOut; or all of it unbillable.
type sumTrail struct {
	Unbillable string         `json:"unbillable,omitempty"`
	Meter      string         `json:"meter"`
	Events     int64          `json:"events"`
	Late       int64          `json:"lateEvents"`
	Used       usage.Quantity `json:"used"`
	CarriedIn  usage.Quantity `json:"carriedIn"`
	Rounded    usage.Quantity `json:"rounded"`
	Covered    usage.Quantity `json:"covered"`
	Recorded   usage.Quantity `json:"recorded"`
	CarriedOut usage.Quantity `json:"carriedOut"`
}

type recordTrail struct {
	ID        string         `json:"id"`
	Quantity  int64          `json:"quantity"`
	Per       usage.Quantity `json:"per"` // of what events count, in one unit
	Timestamp time.Time      `json:"timestamp"`
	State     metering.State `json:"state"`
	Reason    string         `json:"reason,omitempty"`
	Why       string         `json:"why"`
	Since     time.Time      `json:"since"`
	Next      string         `json:"next,omitempty"`
	By        time.Time      `json:"by,omitzero"`
	Tries     int            `json:"tries"`
	Receipt   string         `json:"meteringRecordId,omitempty"`
}

type requestTrail struct {
	ID         string          `json:"id"`
	SentAt     time.Time       `json:"sentAt"`
	Records    int             `json:"records"` // in it
	Body       json.RawMessage `json:"body"`
	AnsweredAt time.Time       `json:"answeredAt,omitzero"`
	Outcome    string          `json:"outcome,omitempty"`
	Code       string          `json:"code,omitempty"`
	Answer     string          `json:"answer,omitempty"` // AWS's bytes
	Status     string          `json:"status,omitempty"` // what AWS said of this very record
}

type eventTrail struct {
	Source     string            `json:"source"`
	ID         string            `json:"id"`
	Quantity   usage.Quantity    `json:"quantity"`
	Time       time.Time         `json:"time"`
	Received   time.Time         `json:"received"`
	Late       bool              `json:"late,omitempty"`
	Unbillable string            `json:"unbillable,omitempty"`
	Tags       map[string]string `json:"tags,omitempty"`
}

func eventTrailOf(e usage.Entry) eventTrail {
	return eventTrail{e.Source, e.ID, e.Quantity, time.UnixMicro(e.Time).UTC(), time.UnixMicro(e.Received).UTC(), e.Late, e.Unbillable, e.Tags}
}

// hour tells everything of one hour.
func (t trail) hour(ctx context.Context, p metering.Pair, hour core.Hour, events int) (hourTrail, error) {
	out := hourTrail{License: p.License, Dimension: p.Dimension, Hour: hour, Sums: []sumTrail{}, Events: []eventTrail{}}
	if l, ok := t.book.ByID(p.License); ok {
		out.LicenseARN = l.ARN
	}
	d, err := t.ledger.Hour(ctx, p, hour, events)
	if err != nil {
		return out, err
	}
	out.Sealed, out.More, out.Dropped, out.Forgot = len(d.Totals) > 0 || d.Record != nil, d.More, d.Dropped, d.RequestDropped
	var recorded usage.Quantity
	if r := d.Record; r != nil {
		x := r.Explain()
		recorded = r.Per.Times(r.Line.Quantity)
		out.Record = &recordTrail{r.ID, r.Line.Quantity, r.Per, r.Line.Timestamp.Time(), r.State, r.Reason, x.Why, x.Since.UTC(), x.Next, x.By.UTC(), r.Tries, r.Receipt}
		if x.By.IsZero() {
			out.Record.By = time.Time{}
		}
	}
	for _, s := range d.Totals {
		sum := sumTrail{s.Reason, s.Meter.String(), s.Events, s.Late, s.Sum, s.CarriedIn, s.Rounded, s.Covered, recorded, s.CarriedOut}
		if s.Reason != "" {
			sum.Recorded = usage.Quantity{}
		}
		out.Sums = append(out.Sums, sum)
	}
	if a := d.Request; a != nil {
		out.Request = &requestTrail{ID: a.ID, SentAt: a.At.UTC(), Records: len(a.Records), Body: a.Request, Outcome: a.Outcome, Code: a.Code, Answer: string(a.Answer), Status: a.StatusOf(*d.Record)}
		if !a.Answered.IsZero() {
			out.Request.AnsweredAt = a.Answered.UTC()
		}
	}
	for _, e := range d.Events {
		out.Events = append(out.Events, eventTrailOf(e))
	}
	return out, nil
}

func (h hourTrail) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return printJSON(w, h)
	}
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	if e := h.Event; e != nil {
		say("Event      %s  of the source %q", e.ID, e.Source)
		say("  %s, used %s, received %s%s", e.Quantity, instantText(e.Time), instantText(e.Received), e.tagText())
		switch {
		case e.Unbillable != "":
			say("  it is never billed: %s", e.Unbillable)
		case e.Late:
			say("  its own hour was closed: it is billed in the hour %s", h.Hour)
		}
	}
	say("License    %s  %s", h.License, h.LicenseARN)
	say("Dimension  %s", h.Dimension)
	h.printSums(say)
	h.printRecord(say)
	if len(h.Events) > 0 {
		say("Events     in the order of their arrival")
		t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "  RECEIVED\tUSED\tQUANTITY\tSOURCE\tID\t")
		for _, e := range h.Events {
			fmt.Fprintf(t, "  %s\t%s\t%s\t%q\t%s\t%s\n", instantText(e.Received), instantText(e.Time), e.Quantity, e.Source, e.ID, e.note())
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	if h.More {
		say("  … and more: see --events")
	}
	if h.Dropped {
		say("  Events of this hour were dropped, for they were older than the retention; its sums stand for them.")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (h hourTrail) printSums(say func(string, ...any)) {
	if !h.Sealed {
		say("Hour       %s, open: what it comes to is known when it is sealed", h.Hour)
		return
	}
	say("Hour       %s, sealed", h.Hour)
	for _, s := range h.Sums {
		events := plural(s.Events, "event")
		if s.Late > 0 {
			events += fmt.Sprintf(", %d of them late", s.Late)
		}
		if s.Unbillable != "" {
			say("  used %s (%s), never billed: %s", s.Used, events, s.Unbillable)
			continue
		}
		had := fmt.Sprintf("used %s (%s, by %s)", s.Used, events, s.Meter)
		is := fmt.Sprint("recorded ", s.Recorded)
		for _, part := range []struct {
			of   *string
			what string
			is   usage.Quantity
		}{{&had, "carried in", s.CarriedIn}, {&had, "rounded up", s.Rounded}, {&is, "bought in advance", s.Covered}, {&is, "carried on", s.CarriedOut}} {
			if !part.is.IsZero() {
				*part.of += fmt.Sprintf(" + %s %s", part.what, part.is)
			}
		}
		say("  %s = %s", had, is)
	}
}

func (h hourTrail) printRecord(say func(string, ...any)) {
	r := h.Record
	if r == nil {
		if h.Sealed {
			say("Record     none: there was nothing whole to bill, or the hour could not be billed any more")
		}
		return
	}
	say("Record     %s", r.ID)
	units := plural(r.Quantity, "unit")
	if r.Per != usage.Whole(1) {
		units += fmt.Sprintf(" of %s each", r.Per)
	}
	say("  %s, stamped %s", units, instantText(r.Timestamp))
	say("  %s since %s: %s", r.State, instantText(r.Since), r.Why)
	if r.Next != "" {
		say("  next, by %s: %s", instantText(r.By), r.Next)
	}
	if r.Receipt != "" {
		say("  AWS's receipt (MeteringRecordId) %s", r.Receipt)
	}
	q := h.Request
	switch {
	case h.Forgot:
		say("Request    dropped, for it was older than the retention")
		return
	case q == nil:
		say("Request    none yet")
		return
	}
	say("Request    %s, sent %s with %s; the record was in %s", q.ID, instantText(q.SentAt), plural(int64(q.Records), "record"), plural(int64(r.Tries), "request"))
	say("  %s", q.Body)
	if q.AnsweredAt.IsZero() {
		say("Answer     none yet")
		return
	}
	said := q.Outcome
	for _, more := range []string{q.Code, q.Status} {
		if more != "" {
			said += ", " + more
		}
	}
	say("Answer     %s, %s", instantText(q.AnsweredAt), said)
	say("  %s", q.Answer)
}

// instantText is an instant as people read it.
func instantText(t time.Time) string { return t.Format("2006-01-02T15:04:05Z") }

// tagText lists an event's tags.
func (e eventTrail) tagText() string {
	text := ""
	for _, k := range slices.Sorted(maps.Keys(e.Tags)) {
		text += fmt.Sprintf(", %s=%q", k, e.Tags[k])
	}
	return text
}

// note is what is unusual about an event among others.
func (e eventTrail) note() string {
	var notes []string
	if e.Late {
		notes = append(notes, "late")
	}
	if e.Unbillable != "" {
		notes = append(notes, "never billed: "+e.Unbillable)
	}
	return strings.TrimPrefix(strings.Join(notes, ", ")+e.tagText(), ", ")
}
