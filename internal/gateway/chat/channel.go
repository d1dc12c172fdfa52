package chat

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/webhook"
)

// Channel is the name of the channel.
const Channel = "chat"

// Test goes to one room, because somebody asked for it.
const Test = outbox.ChatTest

// sender is the outbox.
type sender interface {
	Post(ctx context.Context, e outbox.Event, channel string, t outbox.Target) (outbox.Delivery, error)
}

// Config is what a service is made of.
type Config struct {
	Rooms   []Room
	Poster  webhook.Poster
	Console string // the address of the console, such as https://buy.example.com/console
	Clock   clock.Clock
	Log     *slog.Logger
}

// Service is the outbox's channel to rooms. Make it with [New]. It is safe for concurrent use.
type Service struct {
	cfg    Config
	outbox sender
}

var _ outbox.Channel = (*Service)(nil)

// New makes a service.
//
// Errors: fail.Invalid for a room that cannot be, saying why.
func New(cfg Config) (*Service, error) {
	if len(cfg.Rooms) > MaxRooms {
		return nil, fail.New(fail.Invalid, "chats", "There are %d chats; there can be %d.", len(cfg.Rooms), MaxRooms)
	}
	for i, r := range cfg.Rooms {
		if err := r.check(cfg.Poster.MayCall); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(cfg.Rooms[:i], func(o Room) bool { return o.Name == r.Name }) {
			return nil, fail.New(fail.Invalid, "chats", "Two chats are called %s.", r.Name)
		}
	}
	return &Service{cfg: cfg}, nil
}

// Use gives the service the outbox whose channel it is. Call it before anything else.
func (s *Service) Use(o *outbox.Service) { s.outbox = o }

// Rooms are the rooms without their URLs, each with the kinds that it wants.
func (s *Service) Rooms() []Room {
	var all []Room
	for _, r := range s.cfg.Rooms {
		all = append(all, Room{Name: r.Name, Events: r.wanted()})
	}
	return all
}

// Name implements [outbox.Channel].
func (s *Service) Name() string { return Channel }

// Plan implements [outbox.Channel].
func (s *Service) Plan(_ context.Context, e outbox.Event) (ts []outbox.Target, err error) {
	for _, r := range s.cfg.Rooms {
		if r.wanted().Wants(e.Kind) {
			ts = append(ts, outbox.Target{To: r.Name})
		}
	}
	return ts, nil
}

// Carry implements [outbox.Channel].
func (s *Service) Carry(ctx context.Context, d outbox.Delivery, e outbox.Event) outbox.Result {
	i := slices.IndexFunc(s.cfg.Rooms, func(r Room) bool { return r.Name == d.To })
	if i < 0 {
		return outbox.Result{State: outbox.Dropped, Say: "The settings have no such chat any more."}
	}
	body, err := json.Marshal(payload{words(e, s.cfg.Console)})
	if err != nil {
		return outbox.Result{State: outbox.Dead, Say: "The event cannot be written down: " + err.Error()}
	}
	reply, err := s.cfg.Poster.Post(ctx, s.cfg.Rooms[i].URL, map[string]string{"Content-Type": "application/json"}, body)
	if err != nil {
		say := "There was no answer: " + err.Error()
		if fail.Is(err, fail.Denied) {
			say = fail.SayOf(err)
		}
		return outbox.Result{State: outbox.Pending, Say: say, Ours: true}
	}
	return judge(reply)
}

// judge says what an answer means. Source: Slack, "Sending messages using incoming webhooks", "Handling errors": 400, 403, 404
// and 410 say that the message or the webhook is not good, now or later; 429 says in Retry-After when it may go on ("Rate
// limits", https://docs.slack.dev/apis/web-api/rate-limits).
func judge(r webhook.Reply) outbox.Result {
	res := outbox.Result{State: outbox.Pending, Status: r.Status, Wish: r.RetryAfter, Say: fmt.Sprintf("It answered %d.", r.Status)}
	if said := strings.TrimSpace(r.Text); said != "" && (r.Status < 200 || r.Status > 299) {
		res.Say += " " + said
	}
	switch r.Status {
	case 400, 403, 404, 410:
		res.State = outbox.Dead
		res.Say += " Look whether the incoming webhook is still there, set its URL anew, and send this again."
	default:
		if r.Status >= 200 && r.Status <= 299 {
			res.State = outbox.Delivered
		} else {
			res.Ours = true
		}
	}
	return res
}

// Test has a room told that this is a test.
//
// Errors: fail.NotFound.
func (s *Service) Test(ctx context.Context, name string) (outbox.Delivery, error) {
	if !slices.ContainsFunc(s.cfg.Rooms, func(r Room) bool { return r.Name == name }) {
		return outbox.Delivery{}, fail.New(fail.NotFound, "no_such_chat", "The settings have no chat %.60q.", name)
	}
	data := map[string]string{"chat": name, "say": "This is a test. Nothing has happened."}
	d, err := s.outbox.Post(ctx, outbox.NewEvent(Test, s.cfg.Clock.Now(), outbox.Subject{}, data).Named(rand.Text()), Channel, outbox.Target{To: name})
	if err != nil {
		return d, fmt.Errorf("send the chat %s a test: %w", name, err)
	}
	return d, nil
}
