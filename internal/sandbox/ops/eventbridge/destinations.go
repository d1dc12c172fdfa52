package eventbridge

import (
	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
)

type destinationInput struct {
	Name               string  `json:"Name"`
	Description        *string `json:"Description"`
	ConnectionArn      string  `json:"ConnectionArn"`
	InvocationEndpoint string  `json:"InvocationEndpoint"`
	HTTPMethod         string  `json:"HttpMethod"`
	Rate               *int64  `json:"InvocationRateLimitPerSecond"`
}

// fill puts what the request gives into d; what it leaves out stays.
func (in *destinationInput) fill(d *bus.Destination) {
	if in.Description != nil {
		d.Description = *in.Description
	}
	for to, from := range map[*string]string{&d.ConnectionARN: in.ConnectionArn, &d.Endpoint: in.InvocationEndpoint, &d.Method: in.HTTPMethod} {
		if from != "" {
			*to = from
		}
	}
	if in.Rate != nil {
		d.Rate = *in.Rate
	}
}

// destination is an API destination as it is told; of some members, DescribeApiDestination only tells.
type destination struct {
	Arn              string    `json:"ApiDestinationArn"`
	Name             string    `json:"Name,omitempty"`
	Description      string    `json:"Description,omitempty"`
	State            string    `json:"ApiDestinationState"`
	ConnectionArn    string    `json:"ConnectionArn,omitempty"`
	Endpoint         string    `json:"InvocationEndpoint,omitempty"`
	Method           string    `json:"HttpMethod,omitempty"`
	Rate             int64     `json:"InvocationRateLimitPerSecond,omitempty"`
	CreationTime     wire.Time `json:"CreationTime"`
	LastModifiedTime wire.Time `json:"LastModifiedTime"`
}

func summary(d bus.Destination, active bool) destination {
	state := "INACTIVE"
	if active {
		state = "ACTIVE"
	}
	return destination{Arn: d.ARN, State: state, CreationTime: wire.Time{Time: d.CreatedAt}, LastModifiedTime: wire.Time{Time: d.ModifiedAt}}
}

func (s *Service) createAPIDestination(c *wire.Call, in *destinationInput) (any, error) {
	d := bus.Destination{Name: in.Name}
	in.fill(&d)
	d, err := s.Bus.CreateDestination(c.Account, c.Region, d)
	return summary(d, true), err
}

func (s *Service) updateAPIDestination(c *wire.Call, in *destinationInput) (any, error) {
	d, err := s.Bus.UpdateDestination(c.Account, c.Region, in.Name, in.fill)
	return summary(d, true), err
}

func (s *Service) describeAPIDestination(c *wire.Call, in *named) (any, error) {
	d, active, err := s.Bus.Destination(c.Account, c.Region, in.Name)
	if err != nil {
		return nil, err
	}
	return whole(d, active, d.Description), nil
}

func whole(d bus.Destination, active bool, description string) destination {
	out := summary(d, active)
	out.Name, out.Description, out.ConnectionArn, out.Endpoint, out.Method, out.Rate = d.Name, description, d.ConnectionARN, d.Endpoint, d.Method, d.Rate
	return out
}

func (s *Service) deleteAPIDestination(c *wire.Call, in *named) (any, error) {
	return nil, s.Bus.DropDestination(c.Account, c.Region, in.Name)
}

type listDestinationsInput struct {
	NamePrefix    string  `json:"NamePrefix"`
	ConnectionArn string  `json:"ConnectionArn"`
	NextToken     *string `json:"NextToken"`
	Limit         *int64  `json:"Limit"`
}

type listDestinationsOutput struct {
	Destinations []destination `json:"ApiDestinations"`
	NextToken    *string       `json:"NextToken,omitempty"`
}

func (s *Service) listAPIDestinations(c *wire.Call, in *listDestinationsInput) (any, error) {
	t, err := listed{in.Limit, in.NextToken}.turn("destinations", c.Account, c.Region, in.NamePrefix, in.ConnectionArn)
	if err != nil {
		return nil, err
	}
	var all []bus.Destination
	for _, d := range s.Bus.Destinations(c.Account, c.Region, in.NamePrefix) {
		if in.ConnectionArn == "" || in.ConnectionArn == d.ConnectionARN {
			all = append(all, d)
		}
	}
	out := &listDestinationsOutput{Destinations: []destination{}}
	part, next := page.Cut(all, func(d bus.Destination) page.Key { return byName(d.Name) }, false, t)
	for _, d := range part {
		_, active, err := s.Bus.Destination(c.Account, c.Region, d.Name)
		if err != nil {
			continue // it was deleted meanwhile
		}
		out.Destinations = append(out.Destinations, whole(d, active, ""))
	}
	out.NextToken = next
	return out, nil
}
