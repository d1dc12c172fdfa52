package queue

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// Limits of AddPermission. Source: API_AddPermission, and Amazon SQS Developer Guide, "Amazon SQS policy quotas".
const (
	maxStatements = 20
	maxPrincipals = 50
	maxActions    = 7
)

// permitted are the actions that a permission can be about. Source: API_AddPermission.
var permitted = []string{"*", "SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes", "GetQueueUrl",
	"ListDeadLetterSourceQueues", "PurgeQueue"}

var (
	labelForm   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
	accountForm = regexp.MustCompile(`^[0-9]{12}$`)
)

// policyText is a queue's policy as it is written. What this package does not read, such as conditions, stays as it is.
type policyText struct {
	Version   string `json:",omitempty"`
	ID        string `json:"Id,omitempty"`
	Statement []json.RawMessage
}

// labelled is the only part of a statement that permissions are found by.
type labelled struct{ Sid string }

// AddPermission adds a statement called label to a queue's policy, which lets the accounts do the actions.
//
// Errors: InvalidParameterValue for a label that is there already, or is none; for an account or an action that cannot
// be; OverLimit for too many of them.
func (s *Service) AddPermission(account, name, label string, accounts, actions []string) error {
	statement, err := permission(label, accounts, actions)
	if err != nil {
		return err
	}
	return s.changePolicy(account, name, func(q *queue, p *policyText) error {
		if p.find(label) >= 0 {
			return refuse(InvalidParameterValue, "Value %s for parameter Label is invalid. Reason: Already exists.", label)
		}
		if len(p.Statement) >= maxStatements {
			return refuse(OverLimit, "%d statements were found, maximum allowed is %d.", len(p.Statement)+1, maxStatements)
		}
		if len(p.Statement) == 0 {
			p.Version, p.ID = "2008-10-17", q.arn()+"/SQSDefaultPolicy"
		}
		statement.Resource = q.arn()
		text, err := json.Marshal(statement)
		p.Statement = append(p.Statement, text)
		return err
	})
}

// RemovePermission takes the statement called label out of a queue's policy; InvalidParameterValue if there is none.
func (s *Service) RemovePermission(account, name, label string) error {
	return s.changePolicy(account, name, func(_ *queue, p *policyText) error {
		i := p.find(label)
		if i < 0 {
			return refuse(InvalidParameterValue, "Value %s for parameter Label is invalid. Reason: can't find label.", label)
		}
		p.Statement = slices.Delete(p.Statement, i, i+1)
		return nil
	})
}

// granted is a statement as AddPermission writes it.
type granted struct {
	Sid       string
	Effect    string
	Principal struct{ AWS any }
	Action    any
	Resource  string
}

func permission(label string, accounts, actions []string) (granted, error) {
	g := granted{Sid: label, Effect: "Allow"}
	switch {
	case !labelForm.MatchString(label):
		return g, refuse(InvalidParameterValue, "Value %s for parameter Label is invalid. Reason: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.", label)
	case len(accounts) == 0:
		return g, refuse(MissingParameter, "The request must contain the parameter PrincipalId.")
	case len(actions) == 0:
		return g, refuse(MissingParameter, "The request must contain the parameter Actions.")
	case len(accounts) > maxPrincipals:
		return g, refuse(OverLimit, "%d principals were found, maximum allowed is %d.", len(accounts), maxPrincipals)
	case len(actions) > maxActions:
		return g, refuse(OverLimit, "%d actions were found, maximum allowed is %d.", len(actions), maxActions)
	}
	var who, what []string
	for _, a := range accounts {
		if !accountForm.MatchString(a) {
			return g, refuse(InvalidParameterValue, "Value [%s] for parameter PrincipalId is invalid. Reason: Unable to verify.", a)
		}
		who = append(who, "arn:aws:iam::"+a+":root")
	}
	for _, a := range actions {
		if !slices.Contains(permitted, a) {
			return g, refuse(InvalidParameterValue, "Value SQS:%s for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions.", a)
		}
		what = append(what, "SQS:"+a)
	}
	g.Principal.AWS, g.Action = alone(who), alone(what)
	return g, nil
}

// alone is a list as policies write it: of one, the one.
func alone(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

func (p *policyText) find(label string) int {
	return slices.IndexFunc(p.Statement, func(text json.RawMessage) bool {
		var s labelled
		return json.Unmarshal(text, &s) == nil && s.Sid == label
	})
}

// changePolicy sets a queue's policy to what change makes of it; without a statement, a queue has no policy.
func (s *Service) changePolicy(account, name string, change func(*queue, *policyText) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(account, name)
	if err != nil {
		return err
	}
	p, err := readPolicyText(q.set.given["Policy"])
	if err != nil {
		return err
	}
	if err := change(q, &p); err != nil {
		return err
	}
	text := ""
	if len(p.Statement) > 0 {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(p); err != nil {
			return err
		}
		text = strings.TrimSuffix(b.String(), "\n")
	}
	return s.set(q, map[string]string{"Policy": text})
}

// readPolicyText takes a policy apart. The policy was read before, when it was set.
func readPolicyText(text string) (p policyText, err error) {
	if text == "" {
		return p, nil
	}
	var whole struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &whole); err != nil {
		return p, refuse(InvalidAttributeValue, "Invalid value for the parameter Policy.")
	}
	p.Version, p.ID = whole.Version, whole.ID
	if len(whole.Statement) > 0 && json.Unmarshal(whole.Statement, &p.Statement) != nil {
		p.Statement = []json.RawMessage{whole.Statement} // one that stands alone
	}
	return p, nil
}
