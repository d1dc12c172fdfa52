package queue

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Limits of a standard queue. Source: Amazon SQS Developer Guide, quotas, 2026.
const (
	MaxMessageBytes = 1 << 20
	MaxInFlight     = 120_000
	MaxVisibility   = 12 * time.Hour
	MaxDelay        = 15 * time.Minute
	MaxWait         = 20 * time.Second
)

// number is an attribute that is a whole number within bounds.
type number struct{ least, most, initial int64 }

var numbers = map[string]number{
	"VisibilityTimeout":             {0, int64(MaxVisibility / time.Second), 30},
	"DelaySeconds":                  {0, int64(MaxDelay / time.Second), 0},
	"ReceiveMessageWaitTimeSeconds": {0, int64(MaxWait / time.Second), 0},
	"MessageRetentionPeriod":        {60, 14 * 86400, 4 * 86400},
	"MaximumMessageSize":            {1024, MaxMessageBytes, MaxMessageBytes},
}

// kept are attributes that are stored and given back, and change nothing here: encryption is not played.
var kept = []string{"RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"}

// redrive is the attribute RedrivePolicy. AWS takes the count as a number or as a string of digits.
type redrive struct {
	Target string      `json:"deadLetterTargetArn"`
	Max    json.Number `json:"maxReceiveCount"`
}

// settings are a queue's attributes as they work.
type settings struct {
	given      map[string]string // as set, for GetQueueAttributes
	visibility time.Duration
	delay      time.Duration
	wait       time.Duration
	retention  time.Duration
	maxBytes   int
	deadTarget string // ARN; empty: no dead letters
	deadAfter  int    // receives
	policy     *policy
}

func defaults() settings {
	s := settings{given: map[string]string{"SqsManagedSseEnabled": "true"}}
	for name, n := range numbers {
		s.setNumber(name, n.initial)
	}
	return s
}

func (s *settings) setNumber(name string, v int64) {
	d := time.Duration(v) * time.Second
	switch name {
	case "VisibilityTimeout":
		s.visibility = d
	case "DelaySeconds":
		s.delay = d
	case "ReceiveMessageWaitTimeSeconds":
		s.wait = d
	case "MessageRetentionPeriod":
		s.retention = d
	case "MaximumMessageSize":
		s.maxBytes = int(v)
	}
	s.given[name] = strconv.FormatInt(v, 10)
}

// with returns s changed by attrs, or the refusal of the first that is wrong, in the order of their names.
func (s settings) with(attrs map[string]string) (settings, error) {
	s.given = maps.Clone(s.given)
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		value := attrs[name]
		if n, ok := numbers[name]; ok {
			v, err := strconv.ParseInt(value, 10, 64)
			if err != nil || v < n.least || v > n.most {
				return s, refuse(InvalidAttributeValue, "Invalid value for the parameter %s.", name)
			}
			s.setNumber(name, v)
			continue
		}
		switch {
		case name == "RedrivePolicy":
			if err := s.setRedrive(value); err != nil {
				return s, err
			}
		case name == "Policy":
			p, err := parsePolicy(value)
			if err != nil {
				return s, err
			}
			s.policy, s.given[name] = p, value
		case slices.Contains(kept, name):
			s.given[name] = value
		case name == "FifoQueue" || name == "ContentBasedDeduplication":
			return s, refuse(InvalidAttributeValue, "This sandbox has standard queues only; leave out %s.", name)
		default:
			return s, refuse(InvalidAttributeName, "Unknown Attribute %s.", name)
		}
		if value == "" {
			delete(s.given, name)
		}
	}
	return s, nil
}

// ReadRedrive takes a queue's RedrivePolicy apart: the ARN of its dead-letter queue, and after how many receives a
// message goes there; ok is false where there is none.
func ReadRedrive(value string) (target string, receives int, ok bool) {
	s := settings{given: map[string]string{}}
	if s.setRedrive(value) != nil || s.deadTarget == "" {
		return "", 0, false
	}
	return s.deadTarget, s.deadAfter, true
}

func (s *settings) setRedrive(value string) error {
	s.deadTarget, s.deadAfter = "", 0
	if value == "" {
		return nil
	}
	var r redrive
	if err := json.Unmarshal([]byte(value), &r); err != nil || r.Target == "" {
		return refuse(InvalidAttributeValue, "Value %s for parameter RedrivePolicy is invalid.", value)
	}
	n, err := strconv.Atoi(r.Max.String())
	if err != nil || n < 1 || n > 1000 {
		return refuse(InvalidAttributeValue, "Value %s for parameter RedrivePolicy is invalid. Reason: maxReceiveCount must be between 1 and 1000.", value)
	}
	s.deadTarget, s.deadAfter, s.given["RedrivePolicy"] = r.Target, n, value
	return nil
}
