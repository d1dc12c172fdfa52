package queue

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// MoveStatus is how a task that moves messages stands.
type MoveStatus string

// The statuses. CANCELLING is never seen: a task is between two steps when it is cancelled, and so it is over at once.
// Source: API_ListMessageMoveTasksResultEntry.
const (
	MoveRunning   MoveStatus = "RUNNING"
	MoveCompleted MoveStatus = "COMPLETED"
	MoveCancelled MoveStatus = "CANCELLED"
	MoveFailed    MoveStatus = "FAILED"
)

// Why a task fails. Source: Amazon SQS Developer Guide, "Troubleshooting dead-letter queue redrive".
const (
	sourceUnknown = "CouldNotDetermineMessageSource" // a message was sent straight to the dead-letter queue
	noDestination = "AWS.SimpleQueueService.NonExistentQueue"
)

// MaxMovesPerSecond is the highest rate that a task may be given. Source: API_StartMessageMoveTask.
const MaxMovesPerSecond = 500

// movesKept is how many of a queue's tasks are remembered. Source: API_ListMessageMoveTasks.
const movesKept = 10

// Move is a task that moves messages out of a dead-letter queue.
type Move struct {
	Handle string `json:"handle"`
	Source string `json:"source"` // ARN
	// Destination is the ARN of the queue that gets the messages; empty: each goes back to the queue that it came from.
	Destination string     `json:"destination,omitempty"`
	PerSecond   int        `json:"perSecond,omitempty"` // 1 to [MaxMovesPerSecond]; 0: all at once
	Status      MoveStatus `json:"status"`
	Moved       int        `json:"moved"`
	ToMove      int        `json:"toMove"` // that there were to move at the start
	Why         string     `json:"why,omitempty"`
	StartedAt   time.Time  `json:"started"`
	Next        time.Time  `json:"next,omitzero"` // when a running task goes on
}

// moved is one message on its way out of a dead-letter queue. It is a new message where it comes to, as AWS has it: with
// an id, an age and a count of receives of its own.
type moved struct {
	ID      string  `json:"id"` // in the dead-letter queue
	To      string  `json:"to"` // ARN
	Message Message `json:"message"`
}

// StartMove begins to move the messages of the dead-letter queue m.Source. The caller gives Source, Destination and
// PerSecond. What can be moved at once has been when it returns; more follows second by second on the sandbox's clock.
//
// Errors: ResourceNotFound for queues that are not there; InvalidParameterValue for a queue that no other names as its
// dead-letter queue, or that has a task already.
func (s *Service) StartMove(m Move) (Move, error) {
	m, err := s.startMove(m)
	if err == nil {
		s.ready()
	}
	return m, err
}

func (s *Service) startMove(m Move) (Move, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.toMove(m)
	if err != nil {
		return m, err
	}
	m.StartedAt, m.Status = s.clk.Now(), MoveRunning
	q.promote(m.StartedAt)
	m.ToMove, m.Next = len(q.visible.items), m.StartedAt
	m.Handle = moveHandle{s.newID(), m.Source}.String()
	return s.step(q, m)
}

// toMove finds the queue that m is to empty, and checks what m asks for.
func (s *Service) toMove(m Move) (*queue, error) {
	q := s.byARN(m.Source)
	switch {
	case q == nil:
		return nil, noResource("SourceArn")
	case !s.takesDeadLetters(m.Source):
		return nil, refuse(InvalidParameterValue, "Source queue must be configured as a Dead Letter Queue.")
	case m.Destination == m.Source:
		return nil, refuse(InvalidParameterValue, "Source queue arn and destination queue arn cannot be the same.")
	case m.Destination != "" && s.byARN(m.Destination) == nil:
		return nil, noResource("DestinationArn")
	case m.PerSecond != 0 && CheckRate(m.PerSecond) != nil:
		return nil, CheckRate(m.PerSecond)
	case slices.ContainsFunc(q.moves, Move.running):
		return nil, refuse(InvalidParameterValue, "There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
	}
	return q, nil
}

// CheckRate refuses a rate that a task cannot have.
func CheckRate(perSecond int) error {
	if perSecond < 1 || perSecond > MaxMovesPerSecond {
		return refuse(InvalidParameterValue, "Value %d for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and %d, if provided.", perSecond, MaxMovesPerSecond)
	}
	return nil
}

func (m Move) running() bool { return m.Status == MoveRunning }

func noResource(parameter string) error {
	return refuse(ResourceNotFound, "The resource that you specified for the %s parameter doesn't exist.", parameter)
}

// takesDeadLetters reports whether some queue names arn as its dead-letter queue.
func (s *Service) takesDeadLetters(arn string) bool {
	for _, q := range s.queues {
		if q.set.deadTarget == arn {
			return true
		}
	}
	return false
}

// step moves what m may move now, and gives m as it is then.
func (s *Service) step(q *queue, m Move) (Move, error) {
	now := s.clk.Now()
	most := m.ToMove - m.Moved
	if m.PerSecond > 0 {
		most = min(most, m.PerSecond)
	}
	var batch []moved
	for _, it := range q.oldest(most) {
		to := m.Destination
		if to == "" {
			to = it.deadOf
		}
		target := s.byARN(to)
		if target == nil {
			m.Status, m.Why = MoveFailed, noDestination
			if to == "" {
				m.Why = sourceUnknown
			}
			break
		}
		next := it.Message
		next.ID, next.SentAt, next.VisibleAt = s.newID(), now, now.Add(target.set.delay)
		batch = append(batch, moved{it.ID, to, next})
	}
	m.Moved += len(batch)
	m.Next = m.Next.Add(time.Second)
	if m.running() && (m.Moved >= m.ToMove || len(batch) == 0) {
		m.Status = MoveCompleted
	}
	if !m.running() {
		m.Next = time.Time{}
	}
	if err := s.record(Change{Op: OpMove, Account: q.account, Queue: q.name, At: now, Move: &m, Moved: batch}); err != nil {
		return m, err
	}
	s.move(q, m, batch, now)
	return m, nil
}

// oldest are up to n visible messages, the oldest first; they stay where they are.
func (q *queue) oldest(n int) []*item {
	all := make([]*item, 0, min(n, q.visible.Len()))
	for range cap(all) {
		it := q.visible.items[0]
		it.remove()
		all = append(all, it)
	}
	for _, it := range all {
		q.visible.put(it)
	}
	return all
}

// move is what a change of the kind [OpMove] does.
func (s *Service) move(q *queue, m Move, batch []moved, now time.Time) {
	for _, one := range batch {
		q.forget(one.ID)
		if target := s.byARN(one.To); target != nil {
			s.add(target, one.Message, "", now)
		}
	}
	if i := slices.IndexFunc(q.moves, func(have Move) bool { return have.Handle == m.Handle }); i >= 0 {
		q.moves[i] = m
	} else {
		q.moves = append(q.moves, m)
		q.moves = q.moves[max(0, len(q.moves)-movesKept):]
	}
	if m.running() {
		s.hid()
	}
}

// moveOn lets the running tasks do what is due by now, and reports whether there was any. A step that cannot be written
// down is tried again when something is next due.
func (s *Service) moveOn(q *queue, now time.Time) (did bool, err error) {
	for _, m := range slices.Clone(q.moves) {
		for m.running() && !m.Next.After(now) {
			if m, err = s.step(q, m); err != nil {
				return did, err
			}
			did = true
		}
	}
	return did, nil
}

// Moves lists the newest tasks of the dead-letter queue source, an ARN, newest first; [ResourceNotFound] if there is no
// such queue.
func (s *Service) Moves(source string) ([]Move, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.byARN(source)
	if q == nil {
		return nil, noResource("SourceArn")
	}
	all := slices.Clone(q.moves)
	slices.Reverse(all)
	return all, nil
}

// CancelMove ends a running task; what it has moved stays where it is.
func (s *Service) CancelMove(handle string) (Move, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := readMoveHandle(handle)
	if err != nil {
		return Move{}, refuse(InvalidParameterValue, "Value for parameter TaskHandle is invalid.")
	}
	q := s.byARN(h.Source)
	if q == nil {
		return Move{}, noResource("SourceArn")
	}
	i := slices.IndexFunc(q.moves, func(m Move) bool { return m.Handle == handle })
	if i < 0 {
		return Move{}, refuse(ResourceNotFound, "Task does not exist.")
	}
	m := q.moves[i]
	if !m.running() {
		return m, refuse(InvalidParameterValue, "Only active tasks can be cancelled.")
	}
	m.Status, m.Next = MoveCancelled, time.Time{}
	now := s.clk.Now()
	if err := s.record(Change{Op: OpMove, Account: q.account, Queue: q.name, At: now, Move: &m}); err != nil {
		return m, err
	}
	s.move(q, m, nil, now)
	return m, nil
}

// moveHandle names a task: base64 of this, in JSON.
type moveHandle struct {
	Task   string `json:"taskId"`
	Source string `json:"sourceArn"`
}

func (h moveHandle) String() string {
	text, _ := json.Marshal(h) // two strings always can be
	return base64.StdEncoding.EncodeToString(text)
}

func readMoveHandle(text string) (h moveHandle, err error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &h)
	}
	if err == nil && (h.Task == "" || h.Source == "") {
		err = errors.New("a handle names a task and a queue")
	}
	return h, err
}
