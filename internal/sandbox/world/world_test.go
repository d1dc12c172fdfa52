package world

import (
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
)

var noon = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)

const (
	seller  = "444455556666"
	acme    = "111122223333"
	inkwell = "1nkwe11payasyoug0abcdefgh"
	classic = "1nkwe11c1ass1c0abcdefghij"
)

// deprovisionedAfter is what the profile deprovision-delay is unless it is chosen.
const deprovisionedAfter = 31 * time.Second

// market is a world under test, with what it told the seller.
type market struct {
	*World
	t    *testing.T
	now  time.Time
	told []Notice
}

func open(t *testing.T, choices map[string]string) *market {
	t.Helper()
	m := &market{t: t, now: noon}
	w, err := New(Options{File: Builtin(), Seed: 1, FulfillmentURL: "http://127.0.0.1:4710/register", Sink: func(n Notice) { m.told = append(m.told, n) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.SetProfiles(noon, choices); err != nil {
		t.Fatal(err)
	}
	m.World = w
	return m
}

// pass lets time go on, doing what is due at its instant.
func (m *market) pass(d time.Duration) {
	m.t.Helper()
	m.now = m.now.Add(d)
	if _, err := m.RunDue(m.now); err != nil {
		m.t.Fatal(err)
	}
}

func (m *market) buy(product string) Agreement {
	m.t.Helper()
	a, err := m.Subscribe(m.now, Subscribe{BuyerAccount: acme, Product: product})
	if err != nil {
		m.t.Fatal(err)
	}
	return a
}

// kinds tells the notices so far as "Kind@seconds after noon".
func (m *market) kinds() string {
	var all []string
	for _, n := range m.told {
		name := ""
		switch n.(type) {
		case AgreementCreated:
			name = "Created"
		case AgreementEnded:
			name = "Ended"
		case AgreementEnding:
			name = "Ending"
		case AgreementAmended:
			name = "Amended"
		case SubscribeFail:
			name = "subscribe-fail"
		case EntitlementUpdated:
			name = "entitlement-updated"
		case LicenseUpdated:
			name = "Updated"
		case LicenseDeprovisioned:
			name = "Deprovisioned"
		case SubscribeSuccess:
			name = "subscribe-success"
		case UnsubscribePending:
			name = "unsubscribe-pending"
		case UnsubscribeSuccess:
			name = "unsubscribe-success"
		}
		all = append(all, name+"@"+n.Subject().At.Sub(noon).String())
	}
	return strings.Join(all, " ")
}

func TestNoticesComeAtTheirDistances(t *testing.T) {
	for name, c := range map[string]struct {
		product  string
		profiles map[string]string
		want     string
	}{
		"as observed":    {inkwell, nil, "Created@11s Updated@1m12s Ended@2h0m0s Deprovisioned@2h0m31s"},
		"notices first":  {inkwell, map[string]string{"activation-delay": "0s"}, "Created@0s Updated@0s Ended@2h0m0s Deprovisioned@2h0m31s"},
		"classic ending": {inkwell, map[string]string{"final-hour": "ended"}, "Created@11s Updated@1m12s Ended@2h0m0s Deprovisioned@3h0m0s"},
		"legacy":         {classic, nil, "subscribe-success@1m12s unsubscribe-pending@2h0m0s unsubscribe-success@3h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, c.profiles)
			a := m.buy(c.product)
			m.pass(2 * time.Hour)
			if _, err := m.Cancel(m.now, a.AgreementID); err != nil {
				t.Fatal(err)
			}
			m.pass(24 * time.Hour)
			if got := m.kinds(); got != c.want {
				t.Errorf("told %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestCancelledWithinTheMinuteEndsLast(t *testing.T) {
	for product, want := range map[string]string{
		inkwell: "Created@11s Updated@1m12s Ended@1m13s Deprovisioned@1m44s",
		classic: "subscribe-success@1m12s unsubscribe-pending@1m13s unsubscribe-success@1h1m13s",
	} {
		m := open(t, nil)
		a := m.buy(product)
		ended, err := m.Cancel(m.now, a.AgreementID)
		if err != nil || ended.Status != Cancelled || !ended.EndedAt.Equal(m.now) {
			t.Fatalf("%s at %s, %v", ended.Status, ended.EndedAt, err)
		}
		m.pass(2 * time.Hour)
		if got := m.kinds(); got != want {
			t.Errorf("told %s, want %s", got, want)
		}
		got, err := m.Agreement(a.AgreementID)
		if err != nil || got.License.Status != Deprovisioned {
			t.Errorf("license %s, error %v; want it deprovisioned", got.License.Status, err)
		}
	}
}

func TestSubscribedAgainWithinTheLastHourIsNoCancellation(t *testing.T) {
	m := open(t, nil)
	a := m.buy(classic)
	m.pass(time.Hour)
	if _, err := m.Cancel(m.now, a.AgreementID); err != nil {
		t.Fatal(err)
	}
	m.pass(10 * time.Minute)
	m.buy(classic)
	m.pass(24 * time.Hour)
	if got, want := m.kinds(), "subscribe-success@1m12s unsubscribe-pending@1h0m0s subscribe-success@1h11m12s"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}

func TestTokenLivesAsLongAsItsProfileSays(t *testing.T) {
	for life, choices := range map[time.Duration]map[string]string{4 * time.Hour: nil, 30 * time.Minute: {"token-life": "30m"}} {
		m := open(t, choices)
		tok, err := m.MintToken(m.now, m.buy(inkwell).AgreementID)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.ContainsAny(tok.Text, "+") || !strings.Contains(tok.Text, "/") || !strings.HasSuffix(tok.Text, "=") || len(tok.Text) > 512 {
			t.Errorf("token %q lacks what a form must encode, or is too long", tok.Text)
		}
		if _, err := m.ResolveToken(m.now.Add(life-time.Second), seller, tok.Text); err != nil {
			t.Errorf("a second before its end: %v", err)
		}
		if _, err := m.ResolveToken(m.now.Add(life), seller, tok.Text); code(err) != contract.ExpiredToken {
			t.Errorf("at its end: %v", err)
		}
		if _, err := m.ResolveToken(m.now, "999999999999", tok.Text); code(err) != contract.InvalidToken {
			t.Errorf("another seller's: %v", err)
		}
	}
}

func TestTokenUsedOnce(t *testing.T) {
	m := open(t, map[string]string{"token-reuse": "once"})
	tok, err := m.MintToken(m.now, m.buy(inkwell).AgreementID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.ResolveToken(m.now, seller, tok.Text); err != nil {
		t.Fatal(err)
	}
	if _, err := m.ResolveToken(m.now, seller, tok.Text); code(err) != contract.InvalidToken {
		t.Errorf("the second time: %v", err)
	}
}

func TestIdentityOfTheTwoGenerations(t *testing.T) {
	m := open(t, nil)
	for product, legacy := range map[string]bool{inkwell: false, classic: true} {
		a := m.buy(product)
		tok, err := m.MintToken(m.now, a.AgreementID)
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.ResolveToken(m.now, seller, tok.Text)
		if err != nil {
			t.Fatal(err)
		}
		if r.ProductCode != product || r.BuyerAccount != acme || r.LicenseARN != a.License.ARN || (r.CustomerIdentifier != "") != legacy {
			t.Errorf("%s resolves to %+v", product, r)
		}
	}
}

func TestWhatCannotBeDoneSaysWhy(t *testing.T) {
	m := open(t, nil)
	a := m.buy(classic)
	ended := m.buy(inkwell)
	if _, err := m.Cancel(m.now, ended.AgreementID); err != nil {
		t.Fatal(err)
	}
	price, err := m.Product(inkwell)
	if err != nil {
		t.Fatal(err)
	}
	contractProduct := price
	contractProduct.ProductID, contractProduct.ProductCode, contractProduct.Pricing = "prod-x", "x", Contract
	far := price
	far.ProductID, far.ProductCode, far.FulfillmentURL = "prod-y", "y", "http://seller.example/register"
	for name, c := range map[string]struct {
		do   func() error
		want fail.Kind
	}{
		"second legacy subscription": {func() error { _, err := m.Subscribe(noon, Subscribe{BuyerAccount: acme, Product: classic}); return err }, fail.Conflict},
		"unknown buyer":              {func() error { _, err := m.Subscribe(noon, Subscribe{BuyerAccount: "1", Product: classic}); return err }, fail.NotFound},
		"terms of a contract": {func() error {
			_, err := m.Subscribe(noon, Subscribe{BuyerAccount: acme, Product: inkwell, Terms: Terms{Duration: "P12M"}})
			return err
		}, fail.Invalid},
		"cancel twice":          {func() error { _, err := m.Cancel(noon, ended.AgreementID); return err }, fail.Conflict},
		"token after the end":   {func() error { _, err := m.MintToken(noon, ended.AgreementID); return err }, fail.Conflict},
		"renew":                 {func() error { _, err := m.Renew(m.now, a.AgreementID); return err }, fail.Invalid},
		"a contract product":    {func() error { _, err := m.CreateProduct(noon, contractProduct); return err }, fail.Invalid},
		"http beyond loopback":  {func() error { _, err := m.CreateProduct(noon, far); return err }, fail.Invalid},
		"a product's code anew": {func() error { _, err := m.CreateProduct(noon, price); return err }, fail.Conflict},
		"unknown profile":       {func() error { return m.SetProfiles(noon, map[string]string{"x": "y"}) }, fail.Invalid},
	} {
		if err := c.do(); !fail.Is(err, c.want) {
			t.Errorf("%s: %v, want kind %s", name, err, c.want)
		}
	}
}

func code(err error) string {
	if r, ok := err.(*Refusal); ok {
		return r.Code
	}
	return ""
}
