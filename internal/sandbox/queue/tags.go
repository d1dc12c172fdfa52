package queue

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of tags, in characters. Source: AWS General Reference, "Tag naming limits and requirements".
const (
	maxTagKey   = 128
	maxTagValue = 256
)

func checkTags(tags map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		switch {
		case key == "" || utf8.RuneCountInString(key) > maxTagKey:
			return refuse(InvalidParameterValue, "Tag key must be between 1 and %d characters in length.", maxTagKey)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return refuse(InvalidParameterValue, "Tag key %s is invalid: the prefix aws: is reserved.", key)
		case utf8.RuneCountInString(tags[key]) > maxTagValue:
			return refuse(InvalidParameterValue, "Tag value of %s must be at most %d characters in length.", key, maxTagValue)
		}
	}
	return nil
}

func (q *queue) tag(tags map[string]string) {
	if q.tags == nil {
		q.tags = map[string]string{}
	}
	maps.Copy(q.tags, tags)
}

func (q *queue) untag(keys []string) {
	for _, key := range keys {
		delete(q.tags, key)
	}
}

// Tag gives a queue tags, or replaces the values of those that it has.
func (s *Service) Tag(account, name string, tags map[string]string) error {
	if err := checkTags(tags); err != nil {
		return err
	}
	return s.retag(Change{Op: OpTag, Account: account, Queue: name, Tags: tags}, func(q *queue) { q.tag(tags) })
}

// Untag takes tags away by their keys; those that are not there are fine.
func (s *Service) Untag(account, name string, keys []string) error {
	return s.retag(Change{Op: OpUntag, Account: account, Queue: name, IDs: keys}, func(q *queue) { q.untag(keys) })
}

func (s *Service) retag(c Change, do func(*queue)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(c.Account, c.Queue)
	if err != nil {
		return err
	}
	c.At = s.clk.Now()
	if err := s.record(c); err != nil {
		return err
	}
	do(q)
	return nil
}

// Tags gives a queue's tags.
func (s *Service) Tags(account, name string) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(account, name)
	if err != nil {
		return nil, err
	}
	return maps.Clone(q.tags), nil
}

// Sources names account's queues whose dead letters go to the queue called name, sorted.
func (s *Service) Sources(account, name string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	target, err := s.find(account, name)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, q := range s.queues {
		if q.account == account && q.set.deadTarget == target.arn() {
			names = append(names, q.name)
		}
	}
	slices.Sort(names)
	return names, nil
}
