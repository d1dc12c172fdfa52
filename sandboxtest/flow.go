package sandboxtest

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// TokenField is the form field in which the buyer's browser brings the registration token to the landing page.
// Source: AWS Marketplace seller guide, saas-product-customer-setup.
const TokenField = "x-amzn-marketplace-token"

// Agreement is what a buyer and a seller agreed on, and the licence that came of it.
type Agreement struct {
	ID                 string      `json:"agreementId"`
	Status             string      `json:"status"` // AWS's word: ACTIVE, CANCELLED, EXPIRED, TERMINATED, …
	LicenseARN         string      `json:"licenseArn"`
	CustomerIdentifier string      `json:"customerIdentifier"` // of legacy products only
	ProductID          string      `json:"productId"`
	ProductCode        string      `json:"productCode"`
	OfferID            string      `json:"offerId"`
	BuyerAccount       string      `json:"buyerAccountId"`
	SellerAccount      string      `json:"sellerAccountId"`
	StartTime          time.Time   `json:"startTime"`
	EndTime            time.Time   `json:"endTime"` // zero: no end was agreed on
	EndedAt            time.Time   `json:"endedAt"` // zero: it has not ended
	License            License     `json:"license"`
	History            []Happening `json:"history"`

	// Token and FulfillmentURL come with a purchase only: what the buyer's browser posts, and where, after *Set up your
	// account*. [Market.SetUp] does it all.
	Token          string `json:"registrationToken"`
	FulfillmentURL string `json:"fulfillmentUrl"`
}

// License is where an agreement's licence is in its life.
type License struct {
	Status        string    `json:"status"`        // AWS's word: PENDING, PROVISIONED, DEPROVISIONED, FAILED
	ProvisionedAt time.Time `json:"provisionedAt"` // from then on usage is taken
	MeteringUntil time.Time `json:"meteringUntil"` // the end of the last hour for metering; zero while nothing ended it
}

// Happening is one line of an agreement's history.
type Happening struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
	Why  string    `json:"why"`
}

// Buy subscribes the buyer's account to a product, given by code or id, and presses *Set up your account*. AWS provisions
// the licence a little later: see [Market.Advance].
func (m *Market) Buy(product, buyer string) Agreement {
	m.t.Helper()
	var a Agreement
	m.must(m.Call(http.MethodPost, "agreements", map[string]any{"productCode": product, "buyerAccountId": buyer}, &a))
	return a
}

// SetUp presses *Set up your account* again and makes the request that the buyer's browser then sends to the landing
// page, with a fresh token in its form. Give it to an http.Client, or straight to the handler under test.
func (m *Market) SetUp(agreement string) *http.Request {
	m.t.Helper()
	var t struct{ RegistrationToken, FulfillmentURL string }
	m.must(m.Call(http.MethodPost, "agreements/"+url.PathEscape(agreement)+"/token", nil, &t))
	form := url.Values{TokenField: {t.RegistrationToken}}.Encode()
	r, err := http.NewRequest(http.MethodPost, t.FulfillmentURL, strings.NewReader(form))
	m.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", m.URL) // it comes from another site, which a landing page must not mind
	return r
}

// Cancel ends an agreement as its buyer does. The last hour for metering begins.
func (m *Market) Cancel(agreement string) Agreement {
	m.t.Helper()
	return m.act(agreement, "cancel")
}

// Expire ends an agreement as its term's end does.
func (m *Market) Expire(agreement string) Agreement {
	m.t.Helper()
	return m.act(agreement, "expire")
}

// Terminate ends an agreement as AWS does, for instance when it closes the buyer's account.
func (m *Market) Terminate(agreement string) Agreement {
	m.t.Helper()
	return m.act(agreement, "terminate")
}

// FailPayment lets the buyer's payment fail: the agreement ends, and the licence with it.
func (m *Market) FailPayment(agreement string) Agreement {
	m.t.Helper()
	return m.act(agreement, "fail-payment")
}

func (m *Market) act(agreement, what string) (a Agreement) {
	m.t.Helper()
	m.must(m.Call(http.MethodPost, "agreements/"+url.PathEscape(agreement)+"/"+what, nil, &a))
	return a
}

// Agreement is how an agreement stands now.
func (m *Market) Agreement(id string) (a Agreement) {
	m.t.Helper()
	m.must(m.Call(http.MethodGet, "agreements/"+url.PathEscape(id), nil, &a))
	return a
}

// Profile chooses how a behaviour that AWS's documents leave open is played from now on, such as "token-life", "30m".
func (m *Market) Profile(name, value string) {
	m.t.Helper()
	m.must(m.Call(http.MethodPost, "profiles", map[string]string{name: value}, nil))
}

// Reset makes everything as the world file says: agreements, usage, messages, faults and the log of calls are gone. The
// clock stays where it is.
func (m *Market) Reset() {
	m.t.Helper()
	m.must(m.Call(http.MethodPost, "reset", nil, nil))
}

type clock struct {
	Now    time.Time `json:"now"`
	Silent []string  `json:"silent"`
}

// Now is the market's time.
func (m *Market) Now() time.Time {
	m.t.Helper()
	var c clock
	m.must(m.Call(http.MethodGet, "clock", nil, &c))
	return c.Now
}

// Advance moves time on by d. Everything that is due on the way happens at its own instant, in order: licences are
// provisioned and withdrawn, notices come to the queue. It returns when all of it has happened.
func (m *Market) Advance(d time.Duration) time.Time {
	m.t.Helper()
	return m.move(map[string]any{"advance": d.String()})
}

// AdvanceTo is [Market.Advance] to an instant, which must not be in the market's past.
func (m *Market) AdvanceTo(t time.Time) time.Time {
	m.t.Helper()
	return m.move(map[string]any{"set": t})
}

func (m *Market) move(how map[string]any) time.Time {
	m.t.Helper()
	var c clock
	m.must(m.Call(http.MethodPost, "clock", how, &c))
	if len(c.Silent) > 0 {
		m.t.Errorf("sandboxtest: %q followed the clock and did not answer while it was moved", c.Silent)
	}
	return c.Now
}
