package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// teams is the product of the built-in world that is sold by contract.
const teams = "1nkwe11teams00upfr0ntabcd"

// seats is somebody with a contract for seats, seen from both sides.
type seats struct {
	t *testing.T
	b *bazaar
	agreement
}

func buySeats(t *testing.T, b *bazaar, account string, quantity int, renew bool) seats {
	t.Helper()
	s := seats{t: t, b: b}
	s.market("agreements", map[string]any{"productCode": teams, "buyerAccountId": account, "quantities": map[string]int{"seats": quantity}, "duration": "P1M", "autoRenew": renew}, &s.agreement)
	return s
}

func (s seats) market(path string, in, out any) {
	s.t.Helper()
	if err := marketplaceAt(s.b.Sandbox).call(s.t.Context(), http.MethodPost, path, in, out); err != nil {
		s.t.Fatal(err)
	}
}

func (s seats) advance(by string) {
	s.t.Helper()
	s.market("clock", map[string]string{"advance": by}, nil)
}

type verdict struct {
	Allowed  bool
	Reason   string
	Entitled *int
	AsOf     time.Time
}

// check asks the gateway whether so many seats may be used.
func (s seats) check(quantity, reason string) verdict {
	s.t.Helper()
	var v verdict
	s.get("/check?dimension=seats&quantity="+quantity, &v)
	if v.Reason != reason {
		s.t.Errorf("%s seats: %+v; want %s", quantity, v, reason)
	}
	return v
}

func (s seats) get(path string, out any) {
	s.t.Helper()
	if err := askGateway(s.t.Context(), s.b.Gateway, s.b.APIKey, "/v1/licenses/"+url.PathEscape(s.LicenseARN)+path, out); err != nil {
		s.t.Fatal(err)
	}
}

// askGateway asks what the client does not.
func askGateway(ctx context.Context, gateway, key, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, gateway+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(out)
}

// A contract from both sides: bought, amended, through an outage of AWS and a restart of the gateway, renewed, ended.
func TestSeatsFromPurchaseToEnd(t *testing.T) {
	plan := bazaarPlan{data: t.TempDir(), entitlementsEvery: 12 * time.Hour} // a month is passed through, stop by stop
	b := openPlannedBazaar(t, plan)
	s := seats{t: t, b: b}
	s.market("clock", map[string]bool{"frozen": true}, nil)
	s = buySeats(t, b, "111122223333", 10, true)
	once := buySeats(t, b, "222233334444", 3, false)
	s.advance("5m")
	s.check("10", "entitled")
	s.check("11", "exceeded")
	once.check("4", "exceeded")

	s.market("agreements/"+s.AgreementID+"/amend", map[string]any{"quantities": map[string]int{"seats": 25}}, nil)
	s.advance("2m")
	if v := s.check("25", "entitled"); v.Entitled == nil || *v.Entitled != 25 {
		t.Errorf("%+v; want 25 seats", v)
	}
	var shown struct {
		Entitlements struct {
			AgeSeconds int
			Items      []struct{ Dimension, Name string }
		}
	}
	s.get("", &shown)
	if e := shown.Entitlements; len(e.Items) != 1 || e.Items[0].Name != "Seats" || e.AgeSeconds > 120 {
		t.Errorf("the licence shows %+v", e)
	}

	s.market("faults", map[string]any{"operation": "GetEntitlements", "kind": "error"}, nil)
	s.advance("20h")
	if v := s.check("25", "entitled"); s.age(v) < 19*time.Hour {
		t.Errorf("while AWS is away: %+v", v)
	}
	if err := b.close(); err != nil { // the whole, as after a power cut of the machine
		t.Fatal(err)
	}
	b.app, b.gateway, b.sandbox = nil, nil, nil
	b = openPlannedBazaar(t, plan)
	s.b, once.b = b, b
	if err := marketplaceAt(b.Sandbox).call(t.Context(), http.MethodDelete, "faults", nil, nil); err != nil { // it outlived the restart
		t.Fatal(err)
	}
	s.check("25", "entitled")
	once.check("3", "entitled")

	s.market("clock", map[string]bool{"frozen": true}, nil)
	s.advance("P1M")
	s.check("25", "entitled")
	once.check("1", "no_access")
}

func (s seats) age(v verdict) time.Duration {
	s.t.Helper()
	var c clockState
	if err := marketplaceAt(s.b.Sandbox).call(s.t.Context(), http.MethodGet, "clock", nil, &c); err != nil {
		s.t.Fatal(err)
	}
	return c.Now.Sub(v.AsOf)
}
