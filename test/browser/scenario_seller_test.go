package browser

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/test/harness"
)

// What the seller's programs do in a purchase, and what AWS has seen of the gateway.

// report reports usage of now.
func (p *purchase) report(pages int) {
	p.t.Helper()
	p.events++
	var answer struct{ Accepted int }
	p.up.Gateway.Post("/v1/events", map[string]any{"id": fmt.Sprintf("%s-%d", p.product.ProductCode, p.events), "license": p.bought.LicenseARN,
		"dimension": "pages", "quantity": pages, "time": p.up.Sandbox.Now().Format(time.RFC3339)}, &answer)
	if answer.Accepted != 1 {
		p.t.Errorf("of one event, %d were accepted", answer.Accepted)
	}
}

// verdict is what a check of the gateway's says.
type verdict struct {
	Allowed   bool
	Reason    string
	ExpiresAt time.Time
}

func (p *purchase) check(dimension string, quantity int) (v verdict) {
	p.t.Helper()
	p.up.Gateway.Get(fmt.Sprintf("/v1/licenses/%s/check?dimension=%s&quantity=%d", url.PathEscape(p.bought.LicenseARN), dimension, quantity), &v)
	return v
}

// call is one of the gateway's calls of AWS, as the sandbox has seen it.
type call struct {
	Time              time.Time
	Request, Response string
	Status            int
}

// calls are those of an operation that are about the cell.
func (p *purchase) calls(operation string, about func(call) bool) []call {
	p.t.Helper()
	return only(harness.All[call](&p.up.Sandbox.API, "/_sandbox/calls?operation="+operation), about)
}

// batches are the calls that sent the cell's usage.
func (p *purchase) batches() []call {
	p.t.Helper()
	return p.calls("BatchMeterUsage", func(c call) bool {
		return strings.Contains(c.Request, p.bought.LicenseARN) || p.generation == "legacy" && strings.Contains(c.Request, p.product.ProductCode)
	})
}

func (p *purchase) decode(text string, out any) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(text), out); err != nil {
		p.t.Fatalf("%v in %s", err, text)
	}
}

// only are those of all that are wanted.
func only[T any](all []T, wanted func(T) bool) []T {
	return slices.DeleteFunc(all, func(one T) bool { return !wanted(one) })
}
