package queue

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
)

// policy is a queue's access policy, as far as it says which AWS services may send to the queue.
//
// Source: IAM User Guide, "IAM JSON policy elements reference"; Amazon SQS Developer Guide, "Identity and access".
type policy struct {
	Statement statements
}

type statement struct {
	Effect    string
	Principal principals
	Action    words
	Resource  words
	Condition map[string]map[string]words // operator → key → values
}

// statements is a list, or one that stands alone.
type statements []statement

// UnmarshalJSON implements json.Unmarshaler.
func (s *statements) UnmarshalJSON(text []byte) error {
	var one statement
	if err := json.Unmarshal(text, &one); err == nil {
		*s = statements{one}
		return nil
	}
	return json.Unmarshal(text, (*[]statement)(s))
}

// words is a list of strings, or one that stands alone. Booleans are words, too.
type words []string

// UnmarshalJSON implements json.Unmarshaler.
func (w *words) UnmarshalJSON(text []byte) error {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	switch v := v.(type) {
	case string:
		*w = words{v}
	case bool:
		*w = words{string(text)}
	default:
		return json.Unmarshal(text, (*[]string)(w))
	}
	return nil
}

// principals are those whom a statement is about, by their kind: AWS, Service. A star alone is everybody.
type principals map[string]words

// UnmarshalJSON implements json.Unmarshaler.
func (p *principals) UnmarshalJSON(text []byte) error {
	var star string
	if json.Unmarshal(text, &star) == nil {
		*p = principals{"AWS": {star}}
		return nil
	}
	return json.Unmarshal(text, (*map[string]words)(p))
}

func parsePolicy(text string) (*policy, error) {
	if text == "" {
		return nil, nil
	}
	p := &policy{}
	if err := json.Unmarshal([]byte(text), p); err != nil {
		return nil, refuse(InvalidAttributeValue, "Invalid value for the parameter Policy.")
	}
	return p, nil
}

// admits reports whether an AWS service may send to the queue arn on behalf of source, an ARN: a statement allows it, and
// none denies it.
func (p *policy) admits(service, source, arn string) bool {
	if p == nil {
		return false
	}
	allowed := false
	for _, s := range p.Statement {
		if !s.concerns(service, source, arn) {
			continue
		}
		if strings.EqualFold(s.Effect, "Deny") {
			return false
		}
		allowed = allowed || strings.EqualFold(s.Effect, "Allow")
	}
	return allowed
}

func (s statement) concerns(service, source, arn string) bool {
	if !slices.Contains(s.Principal["AWS"], "*") && !slices.Contains(s.Principal["Service"], service) {
		return false
	}
	if !s.Action.like("sqs:sendmessage", true) || !s.Resource.like(arn, false) {
		return false
	}
	account := ""
	if parts := strings.Split(source, ":"); len(parts) > 4 {
		account = parts[4]
	}
	have := map[string]string{"aws:sourcearn": source, "aws:sourceaccount": account, "aws:sourceowner": account, "aws:securetransport": "true"}
	for operator, keys := range s.Condition {
		for key, values := range keys {
			if !holds(operator, have[strings.ToLower(key)], values) {
				return false
			}
		}
	}
	return true
}

// holds reports whether a condition holds of a value; one that is not known here does not.
func holds(operator, have string, values words) bool {
	operator = strings.TrimPrefix(strings.TrimPrefix(operator, "ForAnyValue:"), "ForAllValues:")
	switch strings.TrimSuffix(operator, "IfExists") {
	case "ArnEquals", "ArnLike", "StringLike":
		return values.like(have, false)
	case "StringEquals":
		return slices.Contains(values, have)
	case "StringEqualsIgnoreCase", "Bool":
		return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, have) })
	case "ArnNotEquals", "ArnNotLike", "StringNotLike":
		return !values.like(have, false)
	case "StringNotEquals":
		return !slices.Contains(values, have)
	}
	return false
}

// like reports whether one of the words, in which stars and question marks stand for anything, is s.
func (w words) like(s string, fold bool) bool {
	return slices.ContainsFunc(w, func(p string) bool {
		if fold {
			p = strings.ToLower(p)
		}
		// path.Match is just that, but for slashes and for brackets, which mean nothing special here.
		p = strings.NewReplacer("/", "\x00", `\`, `\\`, "[", `\[`).Replace(p)
		ok, err := path.Match(p, strings.ReplaceAll(s, "/", "\x00"))
		return err == nil && ok
	})
}

// Admit says whether an AWS service may send to a queue, which it names by its ARN, on behalf of source: QueueDoesNotExist
// or AccessDenied. Unlike [Service.Send], which is open to every caller, services are held to the queue's policy: a rule
// or a subscription that nobody has let in is the commonest reason why notices do not come.
func (s *Service) Admit(arn, service, source string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.byARN(arn)
	switch {
	case q == nil:
		return refuse(QueueDoesNotExist, "The queue %s does not exist.", arn)
	case !q.set.policy.admits(service, source, arn):
		return refuse(AccessDenied, "The policy of the queue %s does not let %s send on behalf of %s.", arn, service, source)
	}
	return nil
}

// Open is the policy of a queue that EventBridge and SNS may send to, whatever they send.
func Open(arn string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["events.amazonaws.com","sns.amazonaws.com"]},"Action":"sqs:SendMessage","Resource":"` + arn + `"}]}`
}
