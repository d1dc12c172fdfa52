package topic

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"souk.dev/souk/internal/sandbox/parcel"
	"souk.dev/souk/internal/sandbox/queue"
)

// Options are what a Service needs of its surroundings. Log and Deliver may be nil.
type Options struct {
	Clock interface{ Now() time.Time }
	NewID func() string // a UUID
	Log   Log
	// Base is the sandbox's own address, which stands in for SNS's own in what messages link to.
	Base func() string
	// Wired makes every topic of AWS Marketplace come with a subscription of its seller's queue of this name; empty: with
	// none.
	Wired string
	// Confirm delivers a confirmation to the one subscriber that it is for. It is called without a lock.
	Confirm func(to Subscription, m Message) error
}

// Service is SNS: all topics of all accounts. Its methods are safe for concurrent use.
type Service struct {
	opt    Options
	signer *Signer

	mu     sync.Mutex
	topics map[string]*topic // by ARN
	subs   map[string]*sub   // by ARN
}

type topic struct {
	Topic
	seller string // of AWS Marketplace's topics: who may subscribe
	subs   []*sub // oldest first
}

type sub struct {
	Subscription
	rules   rules
	builtin bool // part of the built-in wiring
	over    bool // ended by its link: a token brings it back, and nobody else sees it
}

// version is the signature version of the topic's messages.
func (t *topic) version() string {
	if t.Attributes[SignatureVersion] == "2" {
		return "2"
	}
	return "1"
}

// New makes a service without topics.
func New(o Options) *Service {
	return &Service{opt: o, signer: NewSigner(), topics: map[string]*topic{}, subs: map[string]*sub{}}
}

// Signer is what messages are signed with.
func (s *Service) Signer() *Signer { return s.signer }

// Offer makes the two topics of a product of the legacy generation, if they are not there yet.
func (s *Service) Offer(productCode, seller string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offer(productCode, seller)
}

func (s *Service) offer(productCode, seller string) {
	for _, arn := range []string{Subscriptions(productCode), Entitlements(productCode)} {
		if s.topics[arn] != nil {
			continue
		}
		t := &topic{Topic: Topic{ARN: arn, Owner: Marketplace}, seller: seller}
		s.topics[arn] = t
		if s.opt.Wired == "" {
			continue
		}
		// The ARN is the same every time: a restart makes it anew, and the journal may speak of it.
		b := &sub{Subscription: Subscription{ARN: arn + ":" + parcel.UUID(seller, arn), Topic: arn, Owner: seller, Protocol: SQS,
			Endpoint: queue.ARN(seller, s.opt.Wired), Confirmed: true}, builtin: true}
		s.subs[b.ARN], t.subs = b, append(t.subs, b)
	}
}

// Reset makes everything as it was at the start; AWS Marketplace's topics come again with their products.
func (s *Service) Reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.do(Change{Op: OpReset})
}

// Op is a kind of [Change].
type Op string

// The lasting changes.
const (
	OpCreate    Op = "create"    // Topic
	OpSet       Op = "set"       // attributes of Topic
	OpDrop      Op = "drop"      // Topic
	OpSubscribe Op = "subscribe" // Subscription; also its change
	OpEnd       Op = "end"       // Subscription, by its ARN
	OpReset     Op = "reset"
)

// Change is one lasting change: small, JSON, and safe to apply twice.
type Change struct {
	Op           Op            `json:"op"`
	At           time.Time     `json:"at"`
	Topic        *Topic        `json:"topic,omitempty"`
	Seller       string        `json:"seller,omitempty"` // of AWS Marketplace's topic
	Subscription *Subscription `json:"subscription,omitempty"`
	Over         bool          `json:"over,omitempty"`
}

// Log writes a change down before it takes effect. When it fails, the change does not happen and the caller gets the error.
type Log func(Change) error

// do writes c down and lets it happen. Called with the lock held.
func (s *Service) do(c Change) error {
	c.At = s.opt.Clock.Now()
	if c.Topic != nil {
		if t := s.topics[c.Topic.ARN]; t != nil {
			c.Seller = t.seller
		}
	}
	if c.Subscription != nil {
		if t := s.topics[c.Subscription.Topic]; t != nil {
			c.Seller = t.seller
		}
	}
	if s.opt.Log != nil {
		if err := s.opt.Log(c); err != nil {
			return fmt.Errorf("write down a change of a topic: %w", err)
		}
	}
	return s.apply(c)
}

// Replay applies a change that was logged before, without logging it again.
func (s *Service) Replay(c Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.apply(c)
}

func (s *Service) apply(c Change) error {
	s.revive(c)
	switch {
	case c.Op == OpReset:
		s.topics, s.subs = map[string]*topic{}, map[string]*sub{}
	case (c.Op == OpCreate || c.Op == OpSet) && c.Topic != nil:
		t := s.topics[c.Topic.ARN]
		if t == nil {
			t = &topic{}
			s.topics[c.Topic.ARN] = t
		}
		t.Topic = *c.Topic
	case c.Op == OpDrop && c.Topic != nil:
		if t := s.topics[c.Topic.ARN]; t != nil {
			for _, b := range t.subs {
				delete(s.subs, b.ARN)
			}
			delete(s.topics, t.ARN)
		}
	case c.Op == OpSubscribe && c.Subscription != nil:
		return s.put(*c.Subscription, c.Over)
	case c.Op == OpEnd && c.Subscription != nil:
		if b := s.subs[c.Subscription.ARN]; b != nil {
			delete(s.subs, b.ARN)
			if t := s.topics[b.Topic]; t != nil {
				t.subs = slices.DeleteFunc(t.subs, func(other *sub) bool { return other == b })
			}
		}
	default:
		return fmt.Errorf("a change of a topic has the unknown kind %q, or is incomplete", c.Op)
	}
	return nil
}

// revive makes the topic of AWS Marketplace's that c speaks of: when the journal is read, nobody has offered it yet.
func (s *Service) revive(c Change) {
	if c.Seller == "" {
		return
	}
	arn := ""
	if c.Topic != nil {
		arn = c.Topic.ARN
	} else if c.Subscription != nil {
		arn = c.Subscription.Topic
	}
	for _, of := range []func(string) string{Subscriptions, Entitlements} {
		if code, ok := strings.CutPrefix(arn, of("")); ok {
			s.offer(code, c.Seller)
		}
	}
}

func (s *Service) put(in Subscription, over bool) error {
	r, err := rulesOf(in)
	if err != nil {
		return fmt.Errorf("subscribe %s again: %w", in.Endpoint, err)
	}
	in.Attributes = maps.Clone(in.Attributes)
	b := s.subs[in.ARN]
	if b == nil {
		t := s.topics[in.Topic]
		if t == nil {
			return nil // it was deleted later on
		}
		b = &sub{}
		s.subs[in.ARN], t.subs = b, append(t.subs, b)
	}
	b.Subscription, b.rules, b.over = in, r, over
	return nil
}
