package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/outbox"
)

// Channel is the name of the channel.
const Channel = "webhook"

var _ outbox.Channel = (*Service)(nil)

// Name implements [outbox.Channel].
func (s *Service) Name() string { return Channel }

// Plan implements [outbox.Channel]: the endpoints that want such events, as they are now.
func (s *Service) Plan(ctx context.Context, e outbox.Event) (ts []outbox.Target, err error) {
	all, err := s.cfg.Store.Endpoints(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the webhooks: %w", err)
	}
	for _, w := range all {
		if w.Wants(e.Kind) {
			ts = append(ts, s.target(w))
		}
	}
	return ts, nil
}

func (s *Service) target(e Endpoint) outbox.Target { return outbox.Target{To: string(e.ID)} }

// Carry implements [outbox.Channel].
func (s *Service) Carry(ctx context.Context, d outbox.Delivery, e outbox.Event) outbox.Result {
	w, err := s.cfg.Store.Endpoint(ctx, EndpointID(d.To))
	switch {
	case fail.Is(err, fail.NotFound):
		return outbox.Result{State: outbox.Dropped, Say: "The webhook was deleted."}
	case err != nil:
		return outbox.Result{State: outbox.Pending, Say: "The webhook could not be looked up.", Ours: true}
	case w.Disabled && e.Kind != outbox.WebhookTest:
		return outbox.Result{State: outbox.Dropped, Say: "The webhook is disabled. Enable it, then replay what it missed."}
	}
	body, err := json.Marshal(PayloadOf(e))
	if err != nil {
		return outbox.Result{State: outbox.Dead, Say: "The event cannot be written down: " + err.Error()}
	}
	secrets := []Secret{w.Secret}
	if w.Old != "" && s.cfg.Clock.Now().Before(w.OldUntil) {
		secrets = append(secrets, w.Old)
	}
	// The age of a signature guards against replay on the wire. Receivers judge it by their own clocks, which follow no
	// sandbox's, as AWS judges the age of a request's signature; the payload's timestamp is business time.
	header, err := signed(e.ID, s.cfg.Wall.Now(), body, secrets...)
	if err != nil {
		return outbox.Result{State: outbox.Dead, Say: "The webhook's secret cannot be used; rotate it, then replay."}
	}
	reply, err := s.cfg.Poster.Post(ctx, w.URL, header, body)
	if err != nil {
		say := "There was no answer: " + err.Error()
		if fail.Is(err, fail.Denied) {
			say = fail.SayOf(err)
		}
		return outbox.Result{State: outbox.Pending, Say: say, Ours: true}
	}
	return s.judge(ctx, w, reply)
}

const gone = 410

// judge says what an answer means. Source: Standard Webhooks, "Delivery": 2xx is success, 410 disables the endpoint, all
// else, redirects among them, is a failure.
func (s *Service) judge(ctx context.Context, w Endpoint, r Reply) outbox.Result {
	res := outbox.Result{State: outbox.Pending, Status: r.Status, Wish: r.RetryAfter, Say: fmt.Sprintf("It answered %d.", r.Status)}
	if text := strings.TrimSpace(r.Text); text != "" && (r.Status < 200 || r.Status > 299) {
		res.Say += " " + text
	}
	switch {
	case r.Status >= 200 && r.Status <= 299:
		res.State = outbox.Delivered
	case r.Status == gone:
		res.State = outbox.Dead
		w.Disabled, w.Why, w.ChangedAt = true, "It answered 410 Gone, which means that it wants no more.", whole(s.cfg.Clock.Now())
		if err := s.cfg.Store.ChangeEndpoint(ctx, w); err != nil && !fail.Is(err, fail.Conflict) && !fail.Is(err, fail.NotFound) {
			s.cfg.Log.WarnContext(ctx, "a webhook that is gone was not disabled; the next answer will say so again", "webhook", w.ID, "err", err)
		}
	case r.Status == 429 || r.Status >= 500:
		res.Ours = true // the endpoint as a whole is unwell; other statuses may be about this event
	case r.Status >= 300 && r.Status <= 399:
		res.Say += " Redirects are not followed; give the address itself."
	}
	return res
}
