package metering

import (
	"context"
	"fmt"
	"strings"
	"time"

	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/usage"
)

// needsLook is what somebody should look at in r, which AWS refuses or which is never billed; nil where nothing is lost. Records
// of one product and reason are one cause: what spoils one mostly spoils many.
func (r Record) needsLook(now time.Time) *alert.Finding {
	kind, say := outbox.AlertUsageUnbilled, "Usage was not billed. "+r.Why
	switch {
	case r.State == Parked:
		kind, say = outbox.AlertRecordsRefused, r.Why
	case r.Line.Quantity == 0 && r.Reason != ReasonConflict:
		return nil
	}
	return &alert.Finding{Kind: kind, Cause: cause(r.Reason, r.Product), License: r.License, Product: r.Product, About: r.ID, Say: say, At: now}
}

// cause names the records of one product and reason; reasonOf is the reason.
func cause(reason string, product core.ProductCode) string { return reason + " " + string(product) }

func reasonOf(cause string) string {
	reason, _, _ := strings.Cut(cause, " ")
	return reason
}

// needsLook is what somebody should look at in w, which is a unit of the product's or more.
func (w WriteOff) needsLook(product core.ProductCode) alert.Finding {
	return alert.Finding{Kind: outbox.AlertUsageUnbilled, Cause: cause(w.Reason, product), License: w.License, Product: product, At: w.At,
		Say: fmt.Sprintf("The subscription ended before %s of %s could be billed.", w.Amount, w.Dimension)}
}

// givenAway is what somebody should look at in t, a sum that can never be billed.
func givenAway(t usage.Total, product core.ProductCode, now time.Time) alert.Finding {
	say := "%s of %s were used after the subscription's end, and are given away."
	if t.Reason == usage.ReasonTooLate {
		say = "%s of %s were told after the subscription's last record had gone, and cannot be billed any more."
	}
	return alert.Finding{Kind: outbox.AlertUsageUnbilled, Cause: cause(t.Reason, product), License: t.License, Product: product, At: now,
		Say: fmt.Sprintf(say, t.Sum, t.Dimension)}
}

// denied is what somebody should look at when AWS refuses a whole call.
func denied(f *Fault, now time.Time) alert.Finding {
	return alert.Finding{Kind: outbox.AlertCallsDenied, Cause: "metering", At: now, Say: "AWS refuses our metering calls (" + f.Code + "). No usage reaches it."}
}

// dueTries is from how many tries on a record that has not been taken is reported when its deadline is near.
const dueTries = 5

// nearDeadline is what somebody should look at in a record that AWS has not taken, while there is still time to mend the
// cause; nil while there is plenty.
func (e *Engine) nearDeadline(r Record, now time.Time) *alert.Finding {
	if r.Deadline.Sub(now) > e.cfg.AlertBefore || r.Tries < dueTries {
		return nil
	}
	return &alert.Finding{Kind: outbox.AlertDeadlineNear, License: r.License, Product: r.Product, About: r.ID, At: now,
		Say: fmt.Sprintf("AWS has not taken a record after %d tries, and must have it before %s.", r.Tries, r.Deadline.UTC().Format(time.RFC3339))}
}

// say logs what was found, when it is kept, and has it told.
func (e *Engine) say(ctx context.Context, found []alert.Finding) {
	for _, f := range alert.Gather(found) {
		e.log.WarnContext(ctx, "metering needs a look", "kind", f.Kind, "record", f.About, "license", f.License, "times", f.Times, "say", f.Say)
	}
	if len(found) > 0 {
		e.cfg.Wake(SendJob)
	}
}

// Stands reports whether what one of the engine's alerts is about still is so.
func (e *Engine) Stands(ctx context.Context, a alert.Alert) (bool, error) {
	switch a.Kind {
	case outbox.AlertRecordsRefused:
		return e.cfg.Store.Refuses(ctx, a.Product, reasonOf(a.Cause))
	case outbox.AlertDeadlineNear:
		return e.cfg.Store.Overdue(ctx, e.cfg.Clock.Now().Add(e.cfg.AlertBefore), dueTries)
	default: // outbox.AlertCallsDenied
		last, err := e.cfg.Store.LastOutcome(ctx)
		return last == string(Denied), err
	}
}
