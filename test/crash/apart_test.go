package crash

import (
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"souk.dev/souk/test/harness"
)

// pair is a journey on a sandbox and a gateway in processes of their own.
type pair struct {
	*journey
	dir     string
	market  *harness.Sandbox
	seller  *harness.Gateway
	address struct{ market, seller string }
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{dir: t.TempDir()}
	p.address.market, p.address.seller = harness.FreeAddress(t), harness.FreeAddress(t)
	p.market = harness.StartSandbox(t, p.address.market, "--data", filepath.Join(p.dir, "market"))
	p.seller = harness.StartGateway(t, p.market, p.address.seller, p.books())
	p.journey = newJourney(t, p.market, &p.seller.API)
	return p
}

func (p *pair) books() string { return "sqlite:" + filepath.Join(p.dir, "gateway.db") }

func (p *pair) marketBack() {
	p.t.Helper()
	p.market = harness.StartSandbox(p.t, p.address.market, "--data", filepath.Join(p.dir, "market"))
	p.sandbox = p.market
}

func (p *pair) sellerBack() {
	p.t.Helper()
	p.seller = harness.StartGateway(p.t, p.market, p.address.seller, p.books())
	p.gateway = &p.seller.API
}

// TestOneSideIsKilled kills the gateway, the marketplace, or both before each step, and brings them back.
func TestOneSideIsKilled(t *testing.T) {
	for name, disturb := range map[string]func(p *pair){
		"the gateway": func(p *pair) { p.seller.Proc.Kill(); p.sellerBack() },
		"the marketplace": func(p *pair) {
			p.market.Proc.Kill()
			p.withoutAWS()
			p.marketBack()
			p.market.Followed()
		},
		"both": func(p *pair) {
			p.market.Proc.Kill()
			p.seller.Proc.Kill()
			p.marketBack()
			p.sellerBack() // it follows when it is ready
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			for _, s := range steps {
				disturb(p)
				p.try(s)
			}
			p.compare()
			p.seller.Proc.Stop()
			audit := harness.Start(t, nil, "audit", "--database", p.books())
			if code := audit.Wait(); code != 0 {
				t.Errorf("souk audit ends with %d: %s", code, audit.Output())
			}
		})
	}
}

// withoutAWS does what customers and the seller's programs go on doing while AWS does not answer.
func (p *pair) withoutAWS() {
	p.t.Helper()
	var licenses any
	if err := p.gateway.Do(http.MethodGet, "/healthz", nil, nil); err != nil {
		p.t.Errorf("without AWS: %v", err)
	}
	if err := p.gateway.Do(http.MethodGet, "/v1/licenses", nil, &licenses); err != nil {
		p.t.Errorf("without AWS the gateway does not tell its licenses: %v", err)
	}
	page, err := p.post("/register", url.Values{"x-amzn-marketplace-token": {"a-token-that-cannot-be-asked-about"}})
	no, ok := errors.AsType[*harness.StatusError](err)
	if !ok || no.Status != http.StatusServiceUnavailable || !strings.Contains(page, "Nothing is lost") {
		p.t.Errorf("without AWS the landing answers %v", err)
	}
	// Usage is taken: again what was taken before, in one piece.
	for name, events := range p.sent {
		if _, done := p.reported[name]; done {
			if err := p.accept(events); err != nil {
				p.t.Errorf("without AWS: %v", err)
			}
		}
	}
}
