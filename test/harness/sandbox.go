package harness

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Sandbox is a marketplace, and a client of its control API.
type Sandbox struct {
	Proc *Process // nil when it is part of souk up
	API
}

// Epoch is where the business time of sandboxes in tests begins: the middle of a month and of an hour, so that no
// test meets a month's end that it does not ask for.
var Epoch = time.Date(2026, 11, 10, 9, 20, 0, 0, time.UTC)

// StartSandbox starts a sandbox on addr (empty: a free port) whose clock stands frozen at [Epoch].
func StartSandbox(t testing.TB, addr string, args ...string) *Sandbox {
	t.Helper()
	if addr == "" {
		addr = FreeAddress(t)
	}
	p := Start(t, nil, append([]string{"sandbox", "--listen", addr, "--smtp-listen", "127.0.0.1:0", "--now", Epoch.Format(time.RFC3339)}, args...)...)
	s := &Sandbox{Proc: p, API: API{URL: "http://" + addr, t: t}}
	p.ready(s.URL + "/_sandbox/clock")
	s.Post("/_sandbox/clock", map[string]any{"frozen": true}, nil)
	return s
}

// Product is a listing.
type Product struct {
	ProductID   string `json:"productId"`
	ProductCode string `json:"productCode"`
	Title       string `json:"title"`
	Pricing     string `json:"pricing"`  // subscription, contract, contract_with_consumption, free
	Identity    string `json:"identity"` // license, legacy
	Dimensions  []struct {
		Key   string   `json:"key"`
		Name  string   `json:"name"`
		Kinds []string `json:"kinds"` // metered, entitled
	} `json:"dimensions"`
}

// Buyer is somebody with an AWS account.
type Buyer struct {
	AccountID string `json:"accountId"`
	Name      string `json:"name"`
	Email     string `json:"email"`
}

// Agreement is a purchase, as the control API answers it.
type Agreement struct {
	AgreementID        string `json:"agreementId"`
	LicenseARN         string `json:"licenseArn"`
	CustomerIdentifier string `json:"customerIdentifier"`
	RegistrationToken  string `json:"registrationToken"`
	FulfillmentURL     string `json:"fulfillmentUrl"`
	Status             string `json:"status"`
}

// Record is usage that the marketplace honoured.
type Record struct {
	MeteringRecordID     string    `json:"meteringRecordId"`
	Timestamp            time.Time `json:"timestamp"`
	Hour                 time.Time `json:"hour"`
	CustomerAWSAccountID string    `json:"customerAWSAccountId"`
	CustomerIdentifier   string    `json:"customerIdentifier"`
	LicenseARN           string    `json:"licenseArn"`
	ProductCode          string    `json:"productCode"`
	Dimension            string    `json:"dimension"`
	Quantity             int64     `json:"quantity"`
}

// Product is the built-in world's first pay-as-you-go product of an identity: "license" or "legacy".
func (s *Sandbox) Product(identity string) Product {
	s.t.Helper()
	for _, p := range All[Product](&s.API, "/_sandbox/products") {
		if p.Pricing == "subscription" && p.Identity == identity {
			return p
		}
	}
	s.t.Fatalf("the built-in world has no %s product that is paid as it is used", identity)
	return Product{}
}

// Buyers are the built-in world's.
func (s *Sandbox) Buyers() []Buyer { return All[Buyer](&s.API, "/_sandbox/buyers") }

// Buy makes the buyer subscribe to p.
func (s *Sandbox) Buy(b Buyer, p Product) Agreement {
	s.t.Helper()
	var a Agreement
	s.Post("/_sandbox/agreements", map[string]any{"buyerAccountId": b.AccountID, "productCode": p.ProductCode}, &a)
	return a
}

// Cancel is the buyer's.
func (s *Sandbox) Cancel(agreementID string) {
	s.t.Helper()
	s.Post("/_sandbox/agreements/"+url.PathEscape(agreementID)+"/cancel", map[string]any{}, nil)
}

// Token is a fresh registration token, as "Set up your account" gives.
func (s *Sandbox) Token(agreementID string) string {
	s.t.Helper()
	var a Agreement
	s.Post("/_sandbox/agreements/"+url.PathEscape(agreementID)+"/token", map[string]any{}, &a)
	return a.RegistrationToken
}

// Now is the sandbox's business time.
func (s *Sandbox) Now() time.Time {
	s.t.Helper()
	var c struct{ Now time.Time }
	s.Get("/_sandbox/clock", &c)
	return c.Now
}

// Advance moves business time by d; all that is due on the way is done, on both sides, when it returns.
func (s *Sandbox) Advance(d time.Duration) {
	s.t.Helper()
	s.Post("/_sandbox/clock", map[string]any{"advance": d.String()}, nil)
}

// Followed waits until a gateway follows the clock: after a restart it comes back by itself, and until then time would
// be moved without it.
func (s *Sandbox) Followed() {
	s.t.Helper()
	Eventually(s.t, "the clock is followed", func() error {
		var c struct{ Followers []string }
		if err := s.Do(http.MethodGet, "/_sandbox/clock", nil, &c); err != nil {
			return err
		}
		if len(c.Followers) == 0 {
			return errors.New("by nobody")
		}
		return nil
	})
}

// Fault is a rule by which the sandbox misbehaves.
type Fault struct {
	Operation string `json:"operation"`
	Kind      string `json:"kind"`
	Code      string `json:"code,omitempty"`
	Times     int    `json:"times,omitempty"` // 0: until it is deleted
	Delay     string `json:"delay,omitempty"` // of slow, and of notifications
}

// Break switches a fault on.
func (s *Sandbox) Break(f Fault) {
	s.t.Helper()
	s.Post("/_sandbox/faults", f, nil)
}

// Mend switches all faults off.
func (s *Sandbox) Mend() {
	s.t.Helper()
	if err := s.Do(http.MethodDelete, "/_sandbox/faults", nil, nil); err != nil {
		s.t.Fatal(err)
	}
}

// Records are those that the marketplace honoured, of all licences or of one.
func (s *Sandbox) Records(licenseARN string) []Record {
	s.t.Helper()
	return All[Record](&s.API, "/_sandbox/records?licenseArn="+url.QueryEscape(licenseARN))
}

// Env is what points a program at this sandbox, as "NAME=value".
func (s *Sandbox) Env() []string {
	s.t.Helper()
	var vars map[string]string
	s.Get("/_sandbox/env", &vars)
	var env []string
	for k, v := range vars {
		env = append(env, k+"="+v)
	}
	return env
}

// ClientEnv is Env for an AWS client started by a test: the machine's environment without its own AWS settings, and
// the sandbox's.
func (s *Sandbox) ClientEnv() []string {
	s.t.Helper()
	return append(bare(), s.Env()...)
}

func withCursor(path, cursor string) string {
	if cursor == "" {
		return path
	}
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return path + sep + "cursor=" + url.QueryEscape(cursor)
}
