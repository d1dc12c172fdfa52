package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/store"
)

// bought is a product of which things are bought in advance, and one of them is metered beyond that.
var bought = core.Product{Code: "p", Title: "Things", Pricing: core.ContractWithConsumption, Dimensions: []core.Measure{{Key: "gb"}},
	Entitled: []core.Measure{{Key: "users"}, {Key: "sso"}, {Key: "tier"}, {Key: "gb"}}}

// newRememberingPair is a pair of which the node that stands by remembers an active licence, that has bought some of everything.
func newRememberingPair(t testing.TB) *pair {
	p := newPair(t, bought)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := p.other.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
	p.until(t, "the node that stands by remembers licences", func() bool { _, _, ok := p.other.memory(); return ok })
	return p
}

// tell writes the licence, and what it has bought, as the owner does.
func (p *pair) tell(t *testing.T, users entitlement.Value) {
	t.Helper()
	db := p.owner.joined.Load()
	if err := db.Licenses().CommitChange(t.Context(), license.Change{Licenses: []license.License{p.license}}); err != nil {
		t.Fatal(err)
	}
	if err := p.keep(t.Context(), db, users); err != nil {
		t.Fatal(err)
	}
}

// keep writes what the licence has bought, as AWS has answered it now.
func (p *pair) keep(ctx context.Context, db *store.DB, users entitlement.Value) error {
	now := clock.System{}.Now().Truncate(time.Microsecond)
	k := entitlement.Knowledge{License: p.license.ID, ChangedAt: now, Answer: entitlement.Answer{At: now, Entitlements: []entitlement.Entitlement{
		{Dimension: "users", Value: users}, {Dimension: "sso", Value: entitlement.Boolean(true)}, {Dimension: "tier", Value: entitlement.String("gold")}, {Dimension: "gb", Value: entitlement.Integer(100)}}}}
	k.Subject, _ = entitlement.SubjectOf(p.license)
	k.ActivatedAt = p.license.Standing.ActivatedAt
	return db.Entitlements().KeepEntitlements(ctx, k, true)
}

// until waits for what must come soon, and gives a busy machine time for it.
func (p *pair) until(t testing.TB, what string, so func() bool) {
	t.Helper()
	for took := clock.Stopwatch(); !so(); {
		if took() > time.Minute {
			t.Fatal("it is not so: " + what)
		}
		_ = clock.Sleep(t.Context(), 5*time.Millisecond)
	}
}

func (p *pair) check(t testing.TB, n *Node, name, query, key string) string {
	t.Helper()
	answer, err := p.ask(t.Context(), n, http.MethodGet, "/v1/licenses/"+url.PathEscape(name)+"/check?"+query, "", key, "")
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// outcomes is how many requests n has dealt with in a way.
func outcomes(n *Node, outcome string) string {
	w := httptest.NewRecorder()
	n.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	_, after, ok := strings.Cut(w.Body.String(), fmt.Sprintf("souk_node_requests_total{outcome=%q} ", outcome))
	if !ok {
		return "0"
	}
	count, _, _ := strings.Cut(after, "\n")
	return count
}

// A node that stands by sees what the owner changes, and a key that was revoked, and goes on when it is the owner.
func TestAStandbyAnswersChecksItself(t *testing.T) {
	p := newRememberingPair(t)
	allowed := func(users int) func() bool {
		return func() bool {
			return strings.Contains(p.check(t, p.other, string(p.license.ID), fmt.Sprintf("dimension=users&quantity=%d", users), p.key), `"reason":"entitled"`)
		}
	}
	p.until(t, "what was bought is remembered", allowed(10))
	if allowed(11)() {
		t.Error("more than was bought is allowed")
	}
	if got := p.check(t, p.other, pairARN, "dimension=users", p.key); !strings.Contains(got, `"entitled":10`) {
		t.Errorf("by ARN: %s", got)
	}
	if n := outcomes(p.other, "brought"); n != "0" {
		t.Errorf("%s requests were brought to the owner", n)
	}
	if n := outcomes(p.other, "remembered"); n == "0" {
		t.Error("nothing was answered from memory")
	}
	p.tell(t, entitlement.Integer(20))
	p.until(t, "what AWS has said since is remembered", allowed(20))
	p.license.Standing.State, p.license.Standing.Why = license.Ended, "It has ended."
	p.tell(t, entitlement.Integer(20))
	p.until(t, "the licence's end is remembered", func() bool {
		return strings.Contains(p.check(t, p.other, string(p.license.ID), "", p.key), `"reason":"no_access"`)
	})
	id, err := p.owner.joined.Load().Keys().Keys(t.Context())
	if err != nil || len(id) != 1 || id[0].UsedAt.IsZero() {
		t.Fatalf("keys %+v, %v", id, err)
	}
	if err := p.owner.joined.Load().Keys().RevokeKey(t.Context(), id[0].ID, clock.System{}.Now()); err != nil {
		t.Fatal(err)
	}
	p.until(t, "the key is refused", func() bool {
		return strings.HasPrefix(p.check(t, p.other, string(p.license.ID), "", p.key), "401")
	})
}

// What a node that stands by answers to checks is what the owner would, to the byte, whether it knows the answer or brings it.
func TestAStandbyChecksLikeTheOwner(t *testing.T) {
	p := newRememberingPair(t)
	for _, name := range []string{string(p.license.ID), pairARN, "nobody's"} {
		for _, dimension := range []string{"", "users", "sso", "tier", "gb", "other", "%zz"} {
			for _, quantity := range []string{"", "1", "10", "10.5", "11", "101", "-1", "many"} {
				for _, key := range []string{p.key, "", "souk_guess"} {
					query := "dimension=" + dimension + "&quantity=" + quantity
					got, want := p.check(t, p.other, name, query, key), p.check(t, p.owner, name, query, key)
					if got != want {
						t.Fatalf("to %s?%s with the key %.6q the node that stands by answers\n%s\nand the owner\n%s", name, query, key, got, want)
					}
				}
			}
		}
	}
	if outcomes(p.other, "remembered") == "0" || outcomes(p.other, "brought") == "0" {
		t.Errorf("%s were answered from memory and %s brought to the owner", outcomes(p.other, "remembered"), outcomes(p.other, "brought"))
	}
}

// BenchmarkStandbyChecks measures checks by sixteen callers: of a node that stands by and remembers enough, of one that has to bring them to
// the owner, and of the owner.
func BenchmarkStandbyChecks(b *testing.B) {
	p := newRememberingPair(b)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	for _, s := range []struct {
		name, dimension string
		of              *Node
	}{{"remembered", "users", p.other}, {"brought", "gb", p.other}, {"owner", "users", p.owner}} {
		b.Run(s.name, func(b *testing.B) {
			var callers sync.WaitGroup
			for range 16 {
				callers.Go(func() {
					for range b.N/16 + 1 {
						r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, p.at[s.of]+"/v1/licenses/"+string(p.license.ID)+"/check?dimension="+s.dimension, nil)
						if err != nil {
							b.Error(err)
							return
						}
						r.Header.Set("Authorization", "Bearer "+p.key)
						res, err := client.Do(r)
						if err != nil {
							b.Error(err)
							return
						}
						if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
							b.Errorf("status %d, %v", res.StatusCode, err)
						}
						_ = res.Body.Close()
					}
				})
			}
			callers.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "checks/s")
		})
	}
}
