package eventbridge

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/wire"
)

type putEventsInput struct {
	Entries []entry `json:"Entries"`
}

type entry struct {
	Time         wire.Time `json:"Time"`
	Source       string    `json:"Source"`
	Resources    []string  `json:"Resources"`
	DetailType   string    `json:"DetailType"`
	Detail       string    `json:"Detail"`
	EventBusName string    `json:"EventBusName"`
}

// result is what became of an entry: an event's id, or an error.
type result struct {
	EventID      string `json:"EventId,omitempty"`
	ErrorCode    string `json:"ErrorCode,omitempty"`
	ErrorMessage string `json:"ErrorMessage,omitempty"`
}

type putEventsOutput struct {
	FailedEntryCount int64    `json:"FailedEntryCount"`
	Entries          []result `json:"Entries"`
}

// maxEntries is how many events a request may have. Source: API_PutEvents.
const maxEntries = 10

// putEvents puts a client's events on its default bus. Events of AWS's own cannot be put there.
func (s *Service) putEvents(c *wire.Call, in *putEventsInput) (any, error) {
	if n := len(in.Entries); n == 0 || n > maxEntries {
		return nil, invalid("1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and 10")
	}
	out := &putEventsOutput{}
	for _, e := range in.Entries {
		if err := onlyDefault(c, e.EventBusName); err != nil {
			return nil, err
		}
		r := e.check()
		if r.ErrorCode == "" {
			r.EventID = s.NewID()
			if err := s.Put(bus.Event{Account: c.Account, Region: c.Region, ID: r.EventID, At: c.At, Text: e.written(c, r.EventID)}, e.DetailType); err != nil {
				return nil, err
			}
		} else {
			out.FailedEntryCount++
		}
		out.Entries = append(out.Entries, r)
	}
	return out, nil
}

// check says what is wrong with an entry. Source: Amazon EventBridge User Guide, "Handling failures with PutEvents".
func (e entry) check() result {
	for _, m := range []struct{ name, value string }{{"Source", e.Source}, {"DetailType", e.DetailType}, {"Detail", e.Detail}} {
		if m.value == "" {
			return result{ErrorCode: "InvalidArgument", ErrorMessage: "Parameter " + m.name + " is not valid. Reason: " + m.name + " is a required argument."}
		}
	}
	var detail map[string]json.RawMessage
	switch {
	case strings.HasPrefix(strings.ToLower(e.Source), "aws."):
		return result{ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "Not authorized for the source."}
	case json.Unmarshal([]byte(e.Detail), &detail) != nil:
		return result{ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed."}
	}
	return result{}
}

// written is the event that e becomes.
func (e entry) written(c *wire.Call, id string) string {
	at := e.Time.Time
	if at.IsZero() {
		at = c.At
	}
	event := struct {
		Version    string          `json:"version"`
		ID         string          `json:"id"`
		DetailType string          `json:"detail-type"`
		Source     string          `json:"source"`
		Account    string          `json:"account"`
		Time       string          `json:"time"`
		Region     string          `json:"region"`
		Resources  []string        `json:"resources"`
		Detail     json.RawMessage `json:"detail"`
	}{"0", id, e.DetailType, e.Source, c.Account, at.UTC().Format(time.RFC3339), c.Region, append([]string{}, e.Resources...), json.RawMessage(e.Detail)}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(event) // strings, and JSON that was checked
	return strings.TrimSuffix(b.String(), "\n")
}

type eventBus struct {
	Name string `json:"Name"`
	Arn  string `json:"Arn"`
}

type describeEventBusInput struct {
	Name string `json:"Name"`
}

func (s *Service) describeEventBus(c *wire.Call, in *describeEventBusInput) (any, error) {
	if err := onlyDefault(c, in.Name); err != nil {
		return nil, err
	}
	return &eventBus{"default", bus.ARN(c.Account, c.Region)}, nil
}

type listEventBusesInput struct {
	NamePrefix string  `json:"NamePrefix"`
	NextToken  *string `json:"NextToken"`
	Limit      *int64  `json:"Limit"`
}

type listEventBusesOutput struct {
	EventBuses []eventBus `json:"EventBuses"`
}

func (s *Service) listEventBuses(c *wire.Call, in *listEventBusesInput) (any, error) {
	if _, err := (listed{in.Limit, in.NextToken}).turn("buses", in.NamePrefix); err != nil {
		return nil, err
	}
	out := &listEventBusesOutput{EventBuses: []eventBus{}}
	if strings.HasPrefix("default", in.NamePrefix) {
		out.EventBuses = append(out.EventBuses, eventBus{"default", bus.ARN(c.Account, c.Region)})
	}
	return out, nil
}
