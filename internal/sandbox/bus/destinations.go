package bus

import (
	"strings"
)

// CreateConnection makes a connection. The caller gives name, authorization and parameters.
func (s *Service) CreateConnection(account, region string, c Connection) (Connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connections[key{account, region, c.Name}] != nil {
		return c, refuse(AlreadyExists, "Connection %s already exists.", c.Name)
	}
	c.ARN = "arn:aws:events:" + region + ":" + account + ":connection/" + c.Name + "/" + s.opt.NewID()
	c.CreatedAt = s.opt.Clock.Now()
	return s.putConnection(account, region, c)
}

// UpdateConnection lets change alter a connection; otherwise [NotFound].
func (s *Service) UpdateConnection(account, region, name string, change func(*Connection)) (Connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	have := s.connections[key{account, region, name}]
	if have == nil {
		return Connection{}, noConnection(name)
	}
	next := *have
	change(&next)
	return s.putConnection(account, region, next)
}

func (s *Service) putConnection(account, region string, c Connection) (Connection, error) {
	switch {
	case !ruleName.MatchString(c.Name):
		return c, refuse(Validation, "The connection's name %q must be 1 to 64 letters, digits, dots, hyphens and underscores.", c.Name)
	case c.Auth != APIKey && c.Auth != Basic:
		return c, refuse(Validation, "This sandbox plays the authorization types %s and %s only, not %q.", APIKey, Basic, c.Auth)
	case c.User == "" || c.Secret == "":
		return c, refuse(Validation, "The authorization parameters of type %s are missing.", c.Auth)
	}
	c.ModifiedAt = s.opt.Clock.Now()
	return c, s.do(Change{Op: OpPutConnection, Account: account, Region: region, Name: c.Name, Connection: &c})
}

func noConnection(name string) *Error {
	return refuse(NotFound, "Failed to describe the connection(s). Connection '%s' does not exist.", name)
}

// Connection finds a connection; otherwise [NotFound].
func (s *Service) Connection(account, region, name string) (Connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.connections[key{account, region, name}]; c != nil {
		return *c, nil
	}
	return Connection{}, noConnection(name)
}

// Connections lists connections whose names begin with prefix, sorted.
func (s *Service) Connections(account, region, prefix string) []Connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return values(named(s.connections, account, region, prefix))
}

// DropConnection deletes a connection and gives what it was. API destinations that need it become inactive.
func (s *Service) DropConnection(account, region, name string) (Connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.connections[key{account, region, name}]
	if c == nil {
		return Connection{}, noConnection(name)
	}
	return *c, s.do(Change{Op: OpDropConnection, Account: account, Region: region, Name: name})
}

// CreateDestination makes an API destination. The caller gives name, connection, endpoint, method and rate.
func (s *Service) CreateDestination(account, region string, d Destination) (Destination, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.destinations[key{account, region, d.Name}] != nil {
		return d, refuse(AlreadyExists, "An api-destination '%s' already exists.", d.Name)
	}
	d.ARN = "arn:aws:events:" + region + ":" + account + ":api-destination/" + d.Name + "/" + s.opt.NewID()
	d.CreatedAt = s.opt.Clock.Now()
	return s.putDestination(account, region, d)
}

// UpdateDestination lets change alter an API destination; otherwise [NotFound].
func (s *Service) UpdateDestination(account, region, name string, change func(*Destination)) (Destination, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	have := s.destinations[key{account, region, name}]
	if have == nil {
		return Destination{}, noDestination(name)
	}
	next := *have
	change(&next)
	return s.putDestination(account, region, next)
}

// methods are those of an API destination.
var methods = []string{"POST", "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}

// defaultRate is how many calls a second an API destination takes unless it says so. The sandbox does not hold it back.
const defaultRate = 300

func (s *Service) putDestination(account, region string, d Destination) (Destination, error) {
	if !ruleName.MatchString(d.Name) {
		return d, refuse(Validation, "The API destination's name %q must be 1 to 64 letters, digits, dots, hyphens and underscores.", d.Name)
	}
	if s.connectionByARN(account, region, d.ConnectionARN) == nil {
		return d, refuse(NotFound, "Connection '%s' does not exist.", d.ConnectionARN)
	}
	if err := checkEndpoint(d.Endpoint); err != nil {
		return d, err
	}
	known := false
	for _, m := range methods {
		known = known || m == d.Method
	}
	if !known {
		return d, refuse(Validation, "Value '%s' at 'httpMethod' failed to satisfy constraint: Member must satisfy enum value set: %v", d.Method, methods)
	}
	if d.Rate == 0 {
		d.Rate = defaultRate
	}
	d.ModifiedAt = s.opt.Clock.Now()
	return d, s.do(Change{Op: OpPutDestination, Account: account, Region: region, Name: d.Name, Destination: &d})
}

func noDestination(name string) *Error {
	return refuse(NotFound, "Failed to describe the api-destination(s). An api-destination '%s' does not exist.", name)
}

// Destination finds an API destination; otherwise [NotFound]. active says whether its connection is there.
func (s *Service) Destination(account, region, name string) (d Destination, active bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.destinations[key{account, region, name}]; d != nil {
		return *d, s.connectionByARN(account, region, d.ConnectionARN) != nil, nil
	}
	return Destination{}, false, noDestination(name)
}

// Destinations lists API destinations whose names begin with prefix, sorted.
func (s *Service) Destinations(account, region, prefix string) []Destination {
	s.mu.Lock()
	defer s.mu.Unlock()
	return values(named(s.destinations, account, region, prefix))
}

// DropDestination deletes an API destination.
func (s *Service) DropDestination(account, region, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.destinations[key{account, region, name}] == nil {
		return noDestination(name)
	}
	return s.do(Change{Op: OpDropDestination, Account: account, Region: region, Name: name})
}

func (s *Service) connectionByARN(account, region, arn string) *Connection {
	parts := strings.Split(arn, "/")
	if len(parts) < 2 {
		return nil
	}
	if c := s.connections[key{account, region, parts[1]}]; c != nil && c.ARN == arn {
		return c
	}
	return nil
}

func values[T any](all []*T) []T {
	var out []T
	for _, v := range all {
		out = append(out, *v)
	}
	return out
}
