package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"souk.dev/souk/client"
)

// outbox keeps usage events on disk from before the work is confirmed until the gateway has them.
//
// An event is put in before its note is saved, and taken out when the gateway has answered. A crash in between leaves
// it in the box, and it is reported again under the same ID: the gateway counts it once. So usage is neither lost nor
// counted twice, whichever of the two programs is killed, and when.
type outbox struct {
	dir  string
	more chan struct{} // an event could not be reported at once

	mu     sync.Mutex
	events map[string]client.Event
}

func openOutbox(dir string) (*outbox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the outbox: %w", err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	o := &outbox{dir: dir, more: make(chan struct{}, 1), events: map[string]client.Event{}}
	for _, name := range names {
		var e client.Event
		data, err := os.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(data, &e)
		}
		if err != nil {
			return nil, fmt.Errorf("read the event %s: %w", filepath.Base(name), err)
		}
		o.events[e.ID] = e
	}
	o.wake()
	return o, nil
}

// put keeps e; when it returns nil, e will be reported.
func (o *outbox) put(e client.Event) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := writeFile(filepath.Join(o.dir, e.ID+".json"), data); err != nil {
		return err
	}
	o.events[e.ID] = e
	return nil
}

// done forgets events that the gateway has. An event whose file cannot be removed is reported once more, which does no harm.
func (o *outbox) done(events ...client.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range events {
		delete(o.events, e.ID)
		_ = os.Remove(filepath.Join(o.dir, e.ID+".json"))
	}
}

// waiting lists the events not yet reported, the oldest first.
func (o *outbox) waiting() []client.Event {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []client.Event
	for _, e := range o.events {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b client.Event) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return all
}

// waitingFor counts the license's events not yet reported.
func (o *outbox) waitingFor(license string) int {
	n := 0
	for _, e := range o.waiting() {
		if e.License == license {
			n++
		}
	}
	return n
}

func (o *outbox) wake() {
	select {
	case o.more <- struct{}{}:
	default:
	}
}

// report delivers what waits, and returns an error if something still does.
func (o *outbox) report(ctx context.Context, souk *client.Client, log *slog.Logger) error {
	events := o.waiting()
	if len(events) == 0 {
		return nil
	}
	receipt, err := souk.Report(ctx, events...)
	for _, no := range receipt.Rejected {
		// It will never be counted, so it must not wait for ever; the log is where its operator finds it.
		log.Error("the gateway refused a usage event", "event", no.ID, "code", no.Code, "message", no.Message)
	}
	undelivered := client.Undelivered(err)
	o.done(slices.DeleteFunc(events, func(e client.Event) bool {
		return slices.ContainsFunc(undelivered, func(u client.Event) bool { return u.ID == e.ID })
	})...)
	return err
}

// run delivers what waits, until ctx ends, resting between failures.
func (o *outbox) run(ctx context.Context, souk *client.Client, log *slog.Logger) {
	const rest = 2 * time.Second
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.more:
		}
		for o.report(ctx, souk, log) != nil {
			log.Warn("the gateway is away; usage waits in the outbox", "events", len(o.waiting()))
			resting, cancel := context.WithTimeout(ctx, rest)
			<-resting.Done()
			cancel()
			if ctx.Err() != nil {
				return
			}
		}
	}
}
