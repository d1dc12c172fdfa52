package eventbridge

import (
	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/parcel"
	"souk.dev/souk/internal/sandbox/wire"
)

type connectionInput struct {
	Name              string      `json:"Name"`
	Description       *string     `json:"Description"`
	AuthorizationType string      `json:"AuthorizationType"`
	AuthParameters    *parameters `json:"AuthParameters"`
	// What is not played is refused rather than overlooked.
	Connectivity *struct{} `json:"InvocationConnectivityParameters"`
	KMSKey       string    `json:"KmsKeyIdentifier"`
}

func (in *connectionInput) check() error {
	p := in.AuthParameters
	if in.Connectivity != nil || in.KMSKey != "" || (p != nil && (p.OAuth != nil || p.Connectivity != nil)) {
		return invalid("This sandbox plays neither OAuth, nor private connectivity, nor keys of a customer's own.")
	}
	return nil
}

type parameters struct {
	Basic      *basic          `json:"BasicAuthParameters,omitempty"`
	APIKey     *apiKey         `json:"ApiKeyAuthParameters,omitempty"`
	Invocation *httpParameters `json:"InvocationHttpParameters,omitempty"`
	// Not played.
	OAuth        *struct{} `json:"OAuthParameters,omitempty"`
	Connectivity *struct{} `json:"ConnectivityParameters,omitempty"`
}

type basic struct {
	Username string `json:"Username"`
	Password string `json:"Password,omitempty"` // given, and never told
}

type apiKey struct {
	Name  string `json:"ApiKeyName"`
	Value string `json:"ApiKeyValue,omitempty"` // given, and never told
}

type httpParameters struct {
	Header []parameter `json:"HeaderParameters,omitempty"`
	Query  []parameter `json:"QueryStringParameters,omitempty"`
	Body   []parameter `json:"BodyParameters,omitempty"`
}

type parameter struct {
	Key    string `json:"Key"`
	Value  string `json:"Value,omitempty"` // not told when it is a secret
	Secret bool   `json:"IsValueSecret"`
}

// fill puts what the request gives into k; what it leaves out stays.
func (in *connectionInput) fill(k *bus.Connection) {
	if in.Description != nil {
		k.Description = *in.Description
	}
	if in.AuthorizationType != "" {
		k.Auth = in.AuthorizationType
	}
	p := in.AuthParameters
	if p == nil {
		return
	}
	switch {
	case k.Auth == bus.APIKey && p.APIKey != nil:
		k.User, k.Secret = p.APIKey.Name, p.APIKey.Value
	case k.Auth == bus.Basic && p.Basic != nil:
		k.User, k.Secret = p.Basic.Username, p.Basic.Password
	}
	if p.Invocation == nil {
		return
	}
	k.Parameters = nil
	for _, list := range []struct {
		in  string
		all []parameter
	}{{bus.InHeader, p.Invocation.Header}, {bus.InQuery, p.Invocation.Query}, {bus.InBody, p.Invocation.Body}} {
		for _, one := range list.all {
			k.Parameters = append(k.Parameters, bus.Parameter{In: list.in, Key: one.Key, Value: one.Value, Secret: one.Secret})
		}
	}
}

// parametersOf is what is told of a connection's authorization: no secret.
func parametersOf(k bus.Connection) *parameters {
	p := &parameters{}
	if k.Auth == bus.APIKey {
		p.APIKey = &apiKey{Name: k.User}
	} else {
		p.Basic = &basic{Username: k.User}
	}
	for _, one := range k.Parameters {
		if p.Invocation == nil {
			p.Invocation = &httpParameters{}
		}
		shown := parameter{one.Key, one.Value, one.Secret}
		if one.Secret {
			shown.Value = ""
		}
		switch one.In {
		case bus.InHeader:
			p.Invocation.Header = append(p.Invocation.Header, shown)
		case bus.InQuery:
			p.Invocation.Query = append(p.Invocation.Query, shown)
		case bus.InBody:
			p.Invocation.Body = append(p.Invocation.Body, shown)
		}
	}
	return p
}

// connection is a connection as it is told; of some members, DescribeConnection only tells.
type connection struct {
	Arn                string      `json:"ConnectionArn"`
	Name               string      `json:"Name,omitempty"`
	Description        string      `json:"Description,omitempty"`
	State              string      `json:"ConnectionState"`
	AuthorizationType  string      `json:"AuthorizationType,omitempty"`
	SecretArn          string      `json:"SecretArn,omitempty"`
	AuthParameters     *parameters `json:"AuthParameters,omitempty"`
	CreationTime       wire.Time   `json:"CreationTime"`
	LastModifiedTime   wire.Time   `json:"LastModifiedTime"`
	LastAuthorizedTime wire.Time   `json:"LastAuthorizedTime,omitzero"`
}

func brief(k bus.Connection) connection {
	return connection{Arn: k.ARN, State: "AUTHORIZED", CreationTime: wire.Time{Time: k.CreatedAt}, LastModifiedTime: wire.Time{Time: k.ModifiedAt}, LastAuthorizedTime: wire.Time{Time: k.ModifiedAt}}
}

func (s *Service) createConnection(c *wire.Call, in *connectionInput) (any, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	k := bus.Connection{Name: in.Name}
	in.fill(&k)
	k, err := s.Bus.CreateConnection(c.Account, c.Region, k)
	out := brief(k)
	out.LastAuthorizedTime = wire.Time{}
	return out, err
}

func (s *Service) updateConnection(c *wire.Call, in *connectionInput) (any, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	k, err := s.Bus.UpdateConnection(c.Account, c.Region, in.Name, in.fill)
	return brief(k), err
}

type named struct {
	Name string `json:"Name"`
}

func (s *Service) describeConnection(c *wire.Call, in *named) (any, error) {
	k, err := s.Bus.Connection(c.Account, c.Region, in.Name)
	if err != nil {
		return nil, err
	}
	out := brief(k)
	out.Name, out.Description, out.AuthorizationType, out.AuthParameters = k.Name, k.Description, k.Auth, parametersOf(k)
	out.SecretArn = "arn:aws:secretsmanager:" + c.Region + ":" + c.Account + ":secret:events!connection/" + k.Name + "/" + parcel.UUID(k.ARN)
	return out, nil
}

func (s *Service) deleteConnection(c *wire.Call, in *named) (any, error) {
	k, err := s.Bus.DropConnection(c.Account, c.Region, in.Name)
	out := brief(k)
	out.State = "DELETING"
	return out, err
}

type listConnectionsInput struct {
	NamePrefix      string  `json:"NamePrefix"`
	ConnectionState string  `json:"ConnectionState"`
	NextToken       *string `json:"NextToken"`
	Limit           *int64  `json:"Limit"`
}

type listConnectionsOutput struct {
	Connections []connection `json:"Connections"`
	NextToken   *string      `json:"NextToken,omitempty"`
}

func (s *Service) listConnections(c *wire.Call, in *listConnectionsInput) (any, error) {
	t, err := listed{in.Limit, in.NextToken}.turn("connections", c.Account, c.Region, in.NamePrefix, in.ConnectionState)
	if err != nil {
		return nil, err
	}
	all := s.Bus.Connections(c.Account, c.Region, in.NamePrefix)
	if in.ConnectionState != "" && in.ConnectionState != "AUTHORIZED" { // there is no other here
		all = nil
	}
	out := &listConnectionsOutput{Connections: []connection{}}
	part, next := page.Cut(all, func(k bus.Connection) page.Key { return byName(k.Name) }, false, t)
	for _, k := range part {
		one := brief(k)
		one.Name, one.AuthorizationType = k.Name, k.Auth
		out.Connections = append(out.Connections, one)
	}
	out.NextToken = next
	return out, nil
}
