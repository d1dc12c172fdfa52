package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/outbox"
)

// silence is for how long, in real time, the queue may fail to answer until somebody is told, and how often that is found anew. A
// restart of ours and AWS's short troubles are over by then; SQS keeps messages for days.
const silence = 10 * time.Minute

// outage is the queue's not answering: since its first call that failed after one that did not.
type outage struct {
	since func() time.Duration // the time since then, on real time, as outages are
	told  time.Duration        // at which of it somebody was told last
}

// failed notes that the queue has not answered, and has that told when it has lasted. It is called by one goroutine at a time.
func (in *Intake) failed(ctx context.Context, why error) error {
	if ctx.Err() != nil { // we have hung up
		return nil
	}
	o := in.outage.Load()
	if o == nil {
		o = &outage{since: clock.Stopwatch()}
		in.outage.Store(o)
	}
	lasts := o.since()
	if lasts < o.told+silence {
		return nil
	}
	f := alert.Finding{Kind: outbox.AlertQueueAway, At: in.clk.Now(), Say: fmt.Sprintf("The queue of AWS's notices has not answered for %d minutes (%s).", int(lasts.Minutes()), codeOf(why))}
	if err := in.store.Raise(ctx, f); err != nil {
		return fmt.Errorf("tell that the queue does not answer: %w", err)
	}
	in.log.WarnContext(ctx, "the queue does not answer", "for", lasts, "err", why)
	o.told = lasts
	if in.Wake != nil {
		in.Wake()
	}
	return nil
}

// codeOf is AWS's name of what is wrong, where AWS has given it one.
func codeOf(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return fail.CodeOf(err)
}

// Silent reports whether the queue does not answer: an alert of it stands until a call does. Before this process has called once
// it is as it was.
func (in *Intake) Silent(context.Context, alert.Alert) (bool, error) {
	if in.queue == nil { // the setting was taken away
		return false, nil
	}
	_, ever := in.Answered()
	return !ever || in.outage.Load() != nil, nil
}
