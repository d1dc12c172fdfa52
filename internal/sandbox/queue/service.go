package queue

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"souk.dev/souk/internal/clock"
)

// Region is the only one that the queues are in: AWS Marketplace's notices go to us-east-1.
const Region = "us-east-1"

// ARN is the name of a queue in policies and redrive policies.
func ARN(account, name string) string { return "arn:aws:sqs:" + Region + ":" + account + ":" + name }

type key struct{ account, name string }

// Service is SQS: all queues of all accounts. Its methods are safe for concurrent use.
type Service struct {
	clk   clock.Clock
	newID func() string
	log   Log
	ready func()
	hid   func()

	mu     sync.Mutex
	queues map[key]*queue
	seq    int64 // counts messages, over all queues
}

// Options are what a Service needs of its surroundings. All but Clock and NewID may be nil.
type Options struct {
	Clock clock.Clock
	NewID func() string // a UUID for each message that is sent without an ID
	Log   Log
	// Ready is called, with no lock held, whenever a message can be received that could not be before.
	Ready func()
	// Hid is called, with the service locked, whenever a message was hidden and so there is a new instant that is due.
	Hid func()
}

// New makes a service without queues.
func New(o Options) *Service {
	s := &Service{clk: o.Clock, newID: o.NewID, log: o.Log, ready: o.Ready, hid: o.Hid, queues: map[key]*queue{}}
	if s.ready == nil {
		s.ready = func() {}
	}
	if s.hid == nil {
		s.hid = func() {}
	}
	return s
}

// queue is one queue. The service's lock guards it.
type queue struct {
	key
	set      settings
	tags     map[string]string
	created  time.Time
	modified time.Time
	purged   time.Time
	moves    []Move // out of this queue, oldest first

	byID    map[string]*item
	visible pile
	hidden  pile          // delayed or in flight
	flying  int           // in flight
	stirred chan struct{} // closed and replaced when there is something for waiting receivers to see
}

func newQueue(k key, set settings, tags map[string]string, at time.Time) *queue {
	q := &queue{key: k, set: set, created: at, modified: at, byID: map[string]*item{},
		visible: pile{less: byAge}, hidden: pile{less: byReturn}, stirred: make(chan struct{})}
	q.tag(tags)
	return q
}

func (q *queue) arn() string { return ARN(q.account, q.name) }

func (q *queue) stir() {
	close(q.stirred)
	q.stirred = make(chan struct{})
}

// land ends it's time in flight, if it is.
func (q *queue) land(it *item) {
	if it.inFlight {
		it.inFlight = false
		q.flying--
	}
}

func (q *queue) forget(id string) {
	if it := q.byID[id]; it != nil {
		q.land(it)
		it.remove()
		delete(q.byID, id)
	}
}

func (q *queue) clear() {
	q.byID, q.visible.items, q.hidden.items, q.flying = map[string]*item{}, nil, nil, 0
}

// promote makes visible what is to be seen at now, drops what has outlived the queue's retention, and reports whether
// anything became visible.
func (q *queue) promote(now time.Time) (any bool) {
	for len(q.hidden.items) > 0 && !q.hidden.items[0].until.After(now) {
		it := q.hidden.items[0]
		q.land(it)
		q.visible.put(it)
		any = true
	}
	for len(q.visible.items) > 0 && !now.Before(q.visible.items[0].SentAt.Add(q.set.retention)) {
		q.forget(q.visible.items[0].ID)
	}
	if any {
		q.stir()
	}
	return any
}

// find gives the queue, or the refusal that SQS has for one that is not there.
func (s *Service) find(account, name string) (*queue, error) {
	if q := s.queues[key{account, name}]; q != nil {
		return q, nil
	}
	return nil, refuse(QueueDoesNotExist, "The specified queue does not exist.")
}

func (s *Service) byARN(arn string) *queue {
	rest, ok := strings.CutPrefix(arn, "arn:aws:sqs:"+Region+":")
	account, name, both := strings.Cut(rest, ":")
	if !ok || !both {
		return nil
	}
	return s.queues[key{account, name}]
}

var queueName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// Create makes a queue. One with the same attributes is left as it is; with others it is a QueueNameExists.
func (s *Service) Create(account, name string, attrs map[string]string) error {
	return s.CreateTagged(account, name, attrs, nil)
}

// CreateTagged is Create with tags for the queue. One that is there already keeps its own.
func (s *Service) CreateTagged(account, name string, attrs, tags map[string]string) error {
	if !queueName.MatchString(name) {
		return refuse(InvalidParameterValue, "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	set, err := defaults().with(attrs)
	if err != nil {
		return err
	}
	if err := checkTags(tags); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := key{account, name}
	if q := s.queues[k]; q != nil {
		for n := range attrs {
			if q.set.given[n] != set.given[n] {
				return refuse(QueueNameExists, "A queue already exists with the same name and a different value for attribute %s", n)
			}
		}
		return nil
	}
	now := s.clk.Now()
	if err := s.record(Change{Op: OpCreate, Account: account, Queue: name, At: now, Attributes: attrs, Tags: tags}); err != nil {
		return err
	}
	s.queues[k] = newQueue(k, set, tags, now)
	return nil
}

// Drop deletes a queue and what is in it. Waiting receives end with QueueDoesNotExist.
func (s *Service) Drop(account, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(account, name)
	if err != nil {
		return err
	}
	if err := s.record(Change{Op: OpDrop, Account: account, Queue: name, At: s.clk.Now()}); err != nil {
		return err
	}
	delete(s.queues, q.key)
	q.stir()
	return nil
}

// Exists reports whether account has a queue called name.
func (s *Service) Exists(account, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queues[key{account, name}] != nil
}

// List names account's queues that begin with prefix, sorted.
func (s *Service) List(account, prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for k := range s.queues {
		if k.account == account && strings.HasPrefix(k.name, prefix) {
			names = append(names, k.name)
		}
	}
	slices.Sort(names)
	return names
}

// Set changes a queue's attributes; an empty value takes an optional one away.
func (s *Service) Set(account, name string, attrs map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(account, name)
	if err != nil {
		return err
	}
	return s.set(q, attrs)
}

func (s *Service) set(q *queue, attrs map[string]string) error {
	set, err := q.set.with(attrs)
	if err != nil {
		return err
	}
	now := s.clk.Now()
	if err := s.record(Change{Op: OpSet, Account: q.account, Queue: q.name, At: now, Attributes: attrs}); err != nil {
		return err
	}
	q.set, q.modified = set, now
	return nil
}

// Attributes gives all of a queue's attributes, those that count its messages included.
func (s *Service) Attributes(account, name string) (map[string]string, error) {
	attrs, stirred, err := s.attributes(account, name)
	if stirred {
		s.ready()
	}
	return attrs, err
}

func (s *Service) attributes(account, name string) (attrs map[string]string, stirred bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(account, name)
	if err != nil {
		return nil, false, err
	}
	stirred = q.promote(s.clk.Now())
	attrs = maps.Clone(q.set.given)
	attrs["QueueArn"] = q.arn()
	attrs["CreatedTimestamp"] = seconds(q.created)
	attrs["LastModifiedTimestamp"] = seconds(q.modified)
	attrs["ApproximateNumberOfMessages"] = count(q.visible.Len())
	attrs["ApproximateNumberOfMessagesNotVisible"] = count(q.flying)
	attrs["ApproximateNumberOfMessagesDelayed"] = count(q.hidden.Len() - q.flying)
	return attrs, stirred, nil
}

// Purge empties a queue. Within 60 seconds of the last time it is refused, as SQS does.
func (s *Service) Purge(account, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(account, name)
	if err != nil {
		return err
	}
	now := s.clk.Now()
	if !q.purged.IsZero() && now.Before(q.purged.Add(time.Minute)) {
		return refuse(PurgeInProgress, "Only one PurgeQueue operation on %s is allowed every 60 seconds.", name)
	}
	if err := s.record(Change{Op: OpPurge, Account: account, Queue: name, At: now}); err != nil {
		return err
	}
	q.clear()
	q.purged = now
	return nil
}

// Reset deletes every queue of every account, but those called keep, which it empties.
func (s *Service) Reset(keep string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.record(Change{Op: OpReset, Queue: keep, At: s.clk.Now()}); err != nil {
		return err
	}
	s.reset(keep)
	return nil
}

func (s *Service) reset(keep string) {
	for k, q := range s.queues {
		if k.name == keep {
			q.clear()
			q.moves = nil
			continue
		}
		delete(s.queues, k)
		q.stir()
	}
}

// Due tells when a hidden message next becomes visible, or a task that moves messages goes on; ok is false when there is
// neither. A queue without readers still
// has such instants: a clock that is moved stops there, and whoever reads the queue gets its chance in order.
func (s *Service) Due() (at time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sooner := func(t time.Time) {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	for _, q := range s.queues {
		if len(q.hidden.items) > 0 {
			sooner(q.hidden.items[0].until)
		}
		for _, m := range q.moves {
			if m.running() {
				sooner(m.Next)
			}
		}
	}
	return at, ok
}

// RunDue makes visible what is to be seen by now, wakes the receives that wait for it, lets tasks move messages, and
// reports whether there was anything. An error is a change that could not be written down.
func (s *Service) RunDue() (did bool, err error) {
	s.mu.Lock()
	now := s.clk.Now()
	for _, q := range s.queues {
		did = q.promote(now) || did
		moved, failed := s.moveOn(q, now)
		did = did || moved
		err = errors.Join(err, failed)
	}
	s.mu.Unlock()
	if did {
		s.ready()
	}
	return did, err
}

// Job is RunDue in the shape that a job runner takes.
func (s *Service) Job() (due func(context.Context) (time.Time, bool, error), run func(context.Context) (bool, error)) {
	due = func(context.Context) (time.Time, bool, error) { at, ok := s.Due(); return at, ok, nil }
	run = func(context.Context) (bool, error) { return s.RunDue() }
	return due, run
}

// Waiting are the messages in a queue in the order they were sent, for people to look at; looking receives nothing.
func (s *Service) Waiting(account, name string) []Received {
	page, _ := s.Peek(account, name, 0, math.MaxInt)
	return page
}

// Peek is Waiting for a part of the messages: up to limit of them after the first from, and how many there are.
func (s *Service) Peek(account, name string, from, limit int) (page []Received, all int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[key{account, name}]
	if q == nil {
		return nil, 0
	}
	items := slices.SortedFunc(maps.Values(q.byID), func(a, b *item) int { return cmp.Compare(a.seq, b.seq) })
	all = len(items)
	items = items[min(from, all):]
	for _, it := range items[:min(limit, len(items))] {
		page = append(page, Received{Message: it.Message, Receives: it.receives, FirstReceivedAt: it.first, DeadLetterOf: it.deadOf})
	}
	return page, all
}
