package models

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"souk.dev/souk/contract"
)

// score counts what was asked of one service and how much of it is as published.
type score struct{ got, want int }

func (s *score) count(ok bool) {
	s.want++
	if ok {
		s.got++
	}
}

func (s score) String() string { return fmt.Sprintf("%d/%d", s.got, s.want) }

// comparison is of one service.
type comparison struct {
	*stage
	caller
	found map[string]bool // the differences

	operations, members, limited, answers, errors score
}

func (c *comparison) differs(format string, args ...any) {
	c.found[c.name+" "+fmt.Sprintf(format, args...)] = true
}

// TestTheSandboxIsAsPublished compares every service with its model, and the differences with docs/divergences.md.
func TestTheSandboxIsAsPublished(t *testing.T) {
	found := map[string]bool{}
	table := []string{fmt.Sprintf("%-12s %10s %16s %12s %16s %14s  %s", "", "operations", "request members", "limits kept", "answer members", "errors raised", "models")}
	python := newest()
	for _, s := range services {
		model := s.published(t, python)
		if model == nil {
			t.Logf("%s: no package on this machine knows it", s.name)
			continue
		}
		c := &comparison{stage: newStage(t), found: found}
		c.caller = caller{url: c.stage.URL, service: s, model: model}
		for _, op := range model.names() {
			c.operation(t, op)
		}
		table = append(table, fmt.Sprintf("%-12s %10s %16s %12s %16s %14s  %s", s.name, c.operations, c.members, c.limited, c.answers, c.errors, strings.Join(model.Sources, ", ")))
	}
	t.Log("\n" + strings.Join(table, "\n"))
	judge(t, slices.Sorted(maps.Keys(found)), python.current())
}

// operation compares one.
func (c *comparison) operation(t *testing.T, op string) {
	t.Helper()
	first, err := c.caller.call(t.Context(), c.seller, op, object{})
	if err != nil {
		t.Fatal(err)
	}
	c.operations.count(!first.unserved())
	if first.unserved() {
		c.differs("%s is not served", op)
		return
	}
	make, ok := base[c.name+" "+op]
	if !ok {
		t.Errorf("%s %s is served, and this test has no valid request for it; add one to base", c.name, op)
		return
	}
	c.understood(t, op, make)
	c.limits(t, op, make)
	c.raised(t, op, make)
	c.told(t, op, make)
}

// empty are the operations for which the sandbox has nothing that could be asked for, and the error that says so.
var empty = map[string]string{"discovery GetOfferSet": contract.ResourceNotFound}

// ask is a call that must be answered, refusal or not.
func (c *comparison) ask(t *testing.T, op, key string, input any) reply {
	t.Helper()
	r, err := c.caller.call(t.Context(), key, op, input)
	if err != nil {
		t.Fatal(err)
	}
	if r.status >= http.StatusInternalServerError && r.code == "InternalFailure" {
		t.Errorf("%s %s of %v: %s", c.name, op, input, r.refusal())
	}
	return r
}

// understood gives every member of the request a value of another type: whoever reads it refuses that. What has no
// types on the wire is left out.
func (c *comparison) understood(t *testing.T, op string, make func(*testing.T, *stage, caller) asked) {
	t.Helper()
	if c.query != "" {
		return
	}
	valid := make(t, c.stage, c.caller)
	in := c.model.Operations[op].Input
	var missing []place
	for _, p := range c.model.places(in) {
		spoiled := c.model.put(clone(valid.input), in, p.steps, wrong(p.shape))
		r := c.ask(t, op, valid.key, spoiled)
		ok := r.code == contract.Serialization
		c.members.count(ok)
		if !ok {
			missing = append(missing, p)
		}
	}
	for _, p := range outermost(missing) {
		c.differs("%s reads no %s", op, p)
	}
	stranger := clone(valid.input).(object)
	stranger["NobodysMember"] = 1
	if r := c.ask(t, op, valid.key, stranger); !r.ok() && r.code != empty[c.name+" "+op] {
		c.differs("%s refuses unknown members (%s)", op, r.code)
	}
}

// limits breaks every limit of the model once. The refusal must be of the right class, and about that limit: the same
// request within it must not be refused in the same words.
func (c *comparison) limits(t *testing.T, op string, make func(*testing.T, *stage, caller) asked) {
	t.Helper()
	valid := make(t, c.stage, c.caller)
	in := c.model.Operations[op].Input
	for _, p := range c.model.places(in) {
		within := clone(valid.input)
		v, there := get(within, p.steps)
		if !there {
			v = c.model.sample(p.steps[len(p.steps)-1].name, c.model.shapeAt(in, p.steps))
			within = c.model.put(within, in, p.steps, v)
		}
		for _, l := range c.model.limits(p, v) {
			broken := c.ask(t, op, valid.key, c.model.put(clone(within), in, p.steps, l.bad))
			ok := slices.Contains(c.refused, broken.code)
			if ok {
				ok = c.ask(t, op, valid.key, within).refusal() != broken.refusal()
			}
			c.limited.count(ok)
			if !ok {
				c.differs("%s keeps no limit %s of %s", op, l.kind, p)
			}
		}
	}
}

// shapeAt is the name of the shape at a place inside another.
func (m *Model) shapeAt(shape string, at []step) string {
	for _, s := range at {
		if s.kind == '.' {
			shape = m.Shapes[shape].Members[s.name]
		} else {
			shape = m.Shapes[shape].Element
		}
	}
	return shape
}

// raised has every declared error raised, by a fault, and looks at its name and status on the wire.
func (c *comparison) raised(t *testing.T, op string, make func(*testing.T, *stage, caller) asked) {
	t.Helper()
	declared := slices.Sorted(slices.Values(c.model.Operations[op].Errors))
	for _, name := range declared {
		shape := c.model.Shapes[name]
		code := name
		if shape.Code != "" && c.query != "" {
			code = shape.Code
		}
		err := c.Do(http.MethodPost, "/_sandbox/faults", object{"operation": op, "kind": "exception", "code": code, "times": 1}, nil)
		if err != nil {
			c.errors.count(false)
			c.differs("%s cannot be made to raise %s", op, name)
			continue
		}
		valid := make(t, c.stage, c.caller)
		r := c.ask(t, op, valid.key, valid.input)
		c.Mend()
		ok := r.code == code && (shape.Status == 0 || r.status == shape.Status)
		c.errors.count(ok)
		if !ok {
			c.differs("%s answers %d %s for %s", op, r.status, r.code, name)
		}
	}
	if !c.service.contract || len(declared) == 0 {
		return
	}
	listed := contract.Operations[op].Errors
	for _, name := range declared {
		if !slices.Contains(listed, name) {
			c.differs("%s: contract lists no %s", op, name)
		}
	}
	for _, name := range listed {
		if !slices.Contains(declared, name) {
			c.differs("%s: contract lists %s", op, name)
		}
	}
}

// told performs the operation, in every encoding, and looks which members its answers have.
func (c *comparison) told(t *testing.T, op string, make func(*testing.T, *stage, caller) asked) {
	t.Helper()
	seen := map[string]bool{}
	out := c.model.Operations[op].Output
	for _, binary := range []bool{false, true} {
		if binary && !c.cbor {
			continue
		}
		speaker := c.caller
		speaker.binary = binary
		for _, request := range append(slices.Clone(further[c.name+" "+op]), make) {
			q := request(t, c.stage, c.caller)
			r, err := speaker.call(t.Context(), q.key, op, q.input)
			if nothing := empty[c.name+" "+op]; nothing != "" && err == nil && r.code == nothing {
				continue
			}
			if err != nil || !r.ok() {
				t.Errorf("%s %s of %v: %s %v", c.name, op, q.input, r.refusal(), err)
				continue
			}
			c.model.observe(out, r.body, c.query != "", seen, func(what string) { c.differs("%s: %s", op, what) })
		}
	}
	var missing []place
	for _, p := range c.model.places(out) {
		c.answers.count(seen[p.String()])
		if !seen[p.String()] {
			missing = append(missing, p)
		}
	}
	for _, p := range outermost(missing) {
		c.differs("%s answers no %s", op, p)
	}
}
