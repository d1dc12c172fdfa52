package bus

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"souk.dev/souk/internal/sandbox/parcel"
	"souk.dev/souk/internal/sandbox/pattern"
	"souk.dev/souk/internal/sandbox/queue"
)

// service is EventBridge's name in policies.
const service = "events.amazonaws.com"

// How long EventBridge goes on trying: for 24 hours and at most 185 times, with pauses that grow. How they grow is not
// published; these come to 185 within the 24 hours. An API destination has five seconds to answer.
// Source: Amazon EventBridge User Guide, "How EventBridge retries delivering events" and "API destinations".
const (
	maxRetries  = 185
	maxAge      = 24 * time.Hour
	firstPause  = time.Second
	longest     = 8 * time.Minute
	httpTimeout = 5 * time.Second
)

// Match lists where e goes: the targets of the rules that are enabled and match it, sorted by rule.
func (s *Service) Match(e Event) []parcel.Stop {
	doc, err := pattern.Decode(e.Text)
	if err != nil {
		return nil // no pattern matches what is no JSON
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []parcel.Stop
	for _, r := range named(s.rules, e.Account, e.Region, "") {
		if r.Disabled || !r.pattern.Match(doc) {
			continue
		}
		for _, t := range r.Targets {
			stop := parcel.Stop{Via: r.arn() + "/" + t.ID, To: t.ARN}
			if d := s.destinationByARN(r.key, t.ARN); d != nil {
				stop.To = d.Endpoint
			}
			out = append(out, stop)
		}
	}
	return out
}

// Listens reports whether an account has any rule.
func (s *Service) Listens(account string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.rules {
		if k.account == account {
			return true
		}
	}
	return false
}

// Parcel is what e becomes on the way via, which [Service.Match] gave; [NotFound] if that is there no more.
func (s *Service) Parcel(via string, e Event) (parcel.Parcel, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, t, ok := s.stop(e, via)
	if !ok {
		return parcel.Parcel{}, refuse(NotFound, "The rule's target was removed meanwhile.")
	}
	body, err := t.input(r, e)
	if err != nil {
		return parcel.Parcel{}, err
	}
	p := parcel.Parcel{Body: body, Service: service, Source: r.arn(), Trusted: t.builtin, Retry: t.patience(), DeadBody: e.Text,
		DeadAttributes: func(f parcel.Failure) map[string]queue.Attribute { return deadAttributes(r.arn(), t.ARN, f) }}
	if t.DeadLetter != nil {
		p.DeadLetter = t.DeadLetter.ARN
	}
	if strings.HasPrefix(t.ARN, "arn:aws:sqs:") {
		p.Queue = t.ARN
		return p, nil
	}
	return s.call(r, t, p)
}

func (s *Service) stop(e Event, via string) (*rule, Target, bool) {
	name, id, ok := strings.Cut(strings.TrimPrefix(via, RuleARN(e.Account, e.Region, "")), "/")
	r := s.rules[key{e.Account, e.Region, name}]
	if !ok || r == nil {
		return nil, Target{}, false
	}
	i := slices.IndexFunc(r.Targets, func(t Target) bool { return t.ID == id })
	if i < 0 {
		return nil, Target{}, false
	}
	return r, r.Targets[i], true
}

// patience is how long a target is tried.
func (t Target) patience() parcel.Retry {
	attempts, age := int64(maxRetries), maxAge
	if t.Retry != nil {
		if t.Retry.Attempts != nil {
			attempts = *t.Retry.Attempts
		}
		if t.Retry.Age != nil {
			age = time.Duration(*t.Retry.Age) * time.Second
		}
	}
	return parcel.Retry{MaxAge: age, Wait: func(n int) (time.Duration, bool) {
		if int64(n) > attempts {
			return 0, false
		}
		return min(firstPause<<min(n-1, 20), longest), true
	}}
}

func (s *Service) destinationByARN(k key, arn string) *Destination {
	parts := strings.Split(arn, "/")
	if len(parts) < 2 {
		return nil
	}
	if d := s.destinations[key{k.account, k.region, parts[1]}]; d != nil && d.ARN == arn {
		return d
	}
	return nil
}

// call makes p a request to t's API destination.
func (s *Service) call(r *rule, t Target, p parcel.Parcel) (parcel.Parcel, error) {
	d := s.destinationByARN(r.key, t.ARN)
	if d == nil {
		return p, refuse(NotFound, "The API destination %s does not exist.", t.ARN)
	}
	c := s.connectionByARN(r.account, r.region, d.ConnectionARN)
	if c == nil {
		return p, refuse(NotFound, "The API destination %s is inactive: its connection does not exist.", t.ARN)
	}
	u, err := url.Parse(d.Endpoint)
	if err != nil {
		return p, refuse(Validation, "The endpoint of %s cannot be read.", t.ARN)
	}
	query := u.Query()
	p.Header = map[string]string{"Content-Type": "application/json; charset=utf-8", "User-Agent": "Amazon/EventBridge/ApiDestinations", "Range": "bytes=0-1048575"}
	if h := t.HTTP; h != nil {
		path := u.Path
		for _, v := range h.Path {
			path = strings.Replace(path, "*", v, 1)
		}
		u.Path = path
		maps.Copy(p.Header, h.Header)
		for name, v := range h.Query {
			query.Set(name, v)
		}
	}
	inBody := map[string]string{}
	for _, param := range c.Parameters {
		switch param.In {
		case InHeader:
			p.Header[param.Key] = param.Value
		case InQuery:
			query.Set(param.Key, param.Value)
		case InBody:
			inBody[param.Key] = param.Value
		}
	}
	if c.Auth == APIKey {
		p.Header[c.User] = c.Secret
	} else {
		p.Header["Authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(c.User+":"+c.Secret))
	}
	u.RawQuery = query.Encode()
	p.URL, p.Method, p.Timeout, p.Final = u.String(), d.Method, httpTimeout, final
	p.Body = withMembers(p.Body, inBody)
	return p, nil
}

// withMembers adds members to a body that is an object.
func withMembers(body string, members map[string]string) string {
	if len(members) == 0 {
		return body
	}
	var have map[string]json.RawMessage
	if json.Unmarshal([]byte(body), &have) != nil || have == nil {
		return body
	}
	for name, v := range members {
		text, _ := json.Marshal(v) // a string always can be
		have[name] = text
	}
	out, err := json.Marshal(have)
	if err != nil {
		return body
	}
	return string(out)
}

// final tells which answers of an API destination are not asked for again.
// Source: Amazon EventBridge User Guide, "API destinations", error codes.
func final(status int) bool {
	switch status {
	case 401, 407, 409, 429:
		return false
	}
	return status < 500
}

// deadAttributes are what a dead letter says of its event. Source: Amazon EventBridge User Guide, "Using dead-letter
// queues to process undelivered events".
func deadAttributes(rule, target string, f parcel.Failure) map[string]queue.Attribute {
	out := map[string]queue.Attribute{"RULE_ARN": parcel.Text(rule), "TARGET_ARN": parcel.Text(target), "ERROR_CODE": parcel.Text(f.Code),
		"ERROR_MESSAGE": parcel.Text(f.Message), "RETRY_ATTEMPTS": {DataType: "Number", String: strconv.Itoa(max(0, f.Attempts-1))}}
	if f.Exhausted != "" {
		out["EXHAUSTED_RETRY_CONDITION"] = parcel.Text(f.Exhausted)
	}
	return out
}
