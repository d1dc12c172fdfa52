package queue

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// Send puts m into a queue and returns its ID. delay keeps it hidden at first; nil takes the queue's own.
func (s *Service) Send(account, name string, m Message, delay *time.Duration) (id string, err error) {
	s.mu.Lock()
	q, err := s.find(account, name)
	if err == nil {
		m, err = s.stamp(q, m, delay)
	}
	if err == nil {
		err = s.record(Change{Op: OpSend, Account: account, Queue: name, At: m.SentAt, Messages: []Message{m}})
	}
	if err != nil {
		s.mu.Unlock()
		return "", err
	}
	visible := s.add(q, m, "", m.SentAt)
	s.mu.Unlock()
	if visible {
		s.ready()
	}
	return m.ID, nil
}

// Deliver puts a message that has its ID and SentAt already into the queue arn, and does not write it down: its sender has
// a journal of its own, from which it delivers it again. The queue's own delay applies.
func (s *Service) Deliver(arn string, m Message) error {
	s.mu.Lock()
	q := s.byARN(arn)
	if q == nil {
		s.mu.Unlock()
		return refuse(QueueDoesNotExist, "The queue %s does not exist.", arn)
	}
	m.VisibleAt = m.SentAt.Add(q.set.delay)
	visible := s.add(q, m, "", m.SentAt)
	s.mu.Unlock()
	if visible {
		s.ready()
	}
	return nil
}

// stamp checks m and fills in what the queue decides.
func (s *Service) stamp(q *queue, m Message, delay *time.Duration) (Message, error) {
	size := len(m.Body)
	for name, a := range m.Attributes {
		size += len(name) + len(a.DataType) + len(a.String) + len(a.Binary)
	}
	switch {
	case m.Body == "":
		return m, refuse(MissingParameter, "The request must contain the parameter MessageBody.")
	case size > q.set.maxBytes:
		return m, refuse(InvalidParameterValue, "One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", q.set.maxBytes)
	case !legible(m.Body):
		return m, refuse(InvalidMessage, "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF")
	}
	hold := q.set.delay
	if delay != nil {
		if *delay < 0 || *delay > MaxDelay {
			return m, refuse(InvalidParameterValue, "Value %s for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.", count(int(*delay/time.Second)))
		}
		hold = *delay
	}
	if m.ID == "" {
		m.ID = s.newID()
	}
	m.SentAt = s.clk.Now()
	m.VisibleAt = m.SentAt.Add(hold)
	return m, nil
}

// add puts a stamped message in at now, and reports whether it is visible at once. deadOf is the ARN of the queue that
// it was moved from as a dead letter.
func (s *Service) add(q *queue, m Message, deadOf string, now time.Time) (visible bool) {
	if q.byID[m.ID] != nil {
		return false
	}
	s.seq++
	it := &item{Message: m, seq: s.seq, until: m.VisibleAt, deadOf: deadOf}
	q.byID[m.ID] = it
	if m.VisibleAt.After(now) {
		q.hidden.put(it)
		s.hid()
		return false
	}
	q.visible.put(it)
	q.stir()
	return true
}

// forward moves a message to the dead-letter queue target, where its age is still counted from when it was first sent.
func (s *Service) forward(q, target *queue, id string, now time.Time) {
	it := q.byID[id]
	if it == nil || target == nil {
		return
	}
	q.forget(id)
	m := it.Message
	m.VisibleAt = m.SentAt
	s.add(target, m, q.arn(), now)
}

// legible reports whether SQS takes body: XML 1.0 characters only.
func legible(body string) bool {
	if !utf8.ValidString(body) {
		return false
	}
	for _, r := range body {
		if (r < 0x20 && r != '\t' && r != '\n' && r != '\r') || r == 0xFFFE || r == 0xFFFF {
			return false
		}
	}
	return true
}

func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
func count(n int) string         { return strconv.Itoa(n) }
