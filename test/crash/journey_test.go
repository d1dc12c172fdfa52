package crash

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const (
	email    = "grace@example.com"
	password = "nanoseconds of wire"
)

// journey is one purchase from subscription to its end, under way. Its steps are repeated until they succeed, as a
// person, a browser or a client would, whatever happens to souk meanwhile.
type journey struct {
	t       *testing.T
	sandbox *harness.Sandbox
	gateway *harness.API
	browser *http.Client

	product   harness.Product
	dimension string
	buyer     harness.Buyer
	bought    harness.Agreement
	token     string
	visited   []string // what the browser was shown and sent to: bodies, addresses
	license   harness.License
	start     time.Time          // business time of the purchase
	sent      map[string][]event // by step: the same events when it is repeated
	reported  map[string]int64   // by step: units of usage that the gateway has accepted
}

type event struct {
	ID        string    `json:"id"`
	License   string    `json:"license"`
	Dimension string    `json:"dimension"`
	Quantity  int64     `json:"quantity"`
	Time      time.Time `json:"time"`
}

// step is one act of the journey. It may run again after an error, from its beginning.
type step struct {
	name string
	do   func(j *journey) error
}

var steps = []step{
	{"subscribe", (*journey).subscribe},
	{"land", (*journey).land},
	{"sign up", (*journey).signUp},
	{"become active", func(j *journey) error { return j.reach(5*time.Minute, "active") }},
	{"report usage", func(j *journey) error { return j.report("first", 10) }},
	{"let an hour close", func(j *journey) error { return j.reach(2*time.Hour, "active") }},
	{"report more", func(j *journey) error { return j.report("second", 10) }},
	{"cancel", (*journey).cancel},
	{"begin the last hour", func(j *journey) error { return j.reach(2*time.Hour+5*time.Minute, "winding_down") }},
	{"report in the last hour", func(j *journey) error { return j.report("third", 5) }},
	{"end", func(j *journey) error { return j.reach(6*time.Hour, "ended") }},
}

func newJourney(t *testing.T, s *harness.Sandbox, g *harness.API) *journey {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	j := &journey{t: t, sandbox: s, gateway: g, sent: map[string][]event{}, reported: map[string]int64{}, browser: &http.Client{Jar: jar, Timeout: 90 * time.Second}}
	j.browser.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		j.visited = append(j.visited, req.URL.String())
		if len(via) > 10 {
			return errors.New("sent around in circles")
		}
		return nil
	}
	j.product = s.Product("license")
	j.buyer = s.Buyers()[0]
	j.start = s.Now()
	for _, d := range j.product.Dimensions {
		j.dimension = d.Key
		break
	}
	return j
}

// subscribe buys, unless it was bought before the last interruption.
func (j *journey) subscribe() error {
	var list struct {
		Items []harness.Agreement `json:"items"`
	}
	if err := j.sandbox.Do(http.MethodGet, "/_sandbox/agreements", nil, &list); err != nil {
		return err
	}
	if len(list.Items) > 1 {
		return fmt.Errorf("the marketplace has %d agreements; want one", len(list.Items))
	}
	if len(list.Items) == 1 {
		j.bought = list.Items[0]
		return nil
	}
	return j.sandbox.Do(http.MethodPost, "/_sandbox/agreements",
		map[string]any{"buyerAccountId": j.buyer.AccountID, "productCode": j.product.ProductCode}, &j.bought)
}

// land presses Set up your account and posts the token to the landing page.
func (j *journey) land() error {
	var fresh harness.Agreement
	if err := j.sandbox.Do(http.MethodPost, "/_sandbox/agreements/"+j.bought.AgreementID+"/token", map[string]any{}, &fresh); err != nil {
		return err
	}
	j.token = fresh.RegistrationToken
	page, err := j.post("/register", url.Values{"x-amzn-marketplace-token": {j.token}})
	if err != nil {
		return err
	}
	if !strings.Contains(page, "Set up your account for") {
		return fmt.Errorf("the landing leads to %.300q", page)
	}
	return nil
}

var registration = regexp.MustCompile(`name="registration" value="([^"]+)"`)

// signUp makes the account, or signs in to it if it was made before the last interruption.
func (j *journey) signUp() error {
	page, err := j.get("/register/account")
	if err != nil {
		return err
	}
	if m := registration.FindStringSubmatch(page); m != nil {
		form := url.Values{"registration": {m[1]}, "email": {email}, "name": {"Grace Hopper"}, "password": {password}}
		_, err = j.post("/register/signup", form)
		if no, ok := errors.AsType[*harness.StatusError](err); ok && no.Status < 500 {
			_, err = j.post("/register/signin", url.Values{"registration": {m[1]}, "signin-email": {email}, "signin-password": {password}})
		}
	} else if strings.Contains(page, "Sign in") { // claimed before the interruption, the cookie of the session lost with it
		_, err = j.post("/signin", url.Values{"email": {email}, "password": {password}})
	}
	if err != nil {
		return err
	}
	if page, err = j.get("/portal"); err != nil {
		return err
	}
	if !strings.Contains(page, j.product.Title) {
		return fmt.Errorf("the portal shows %.500q, not %s", page, j.product.Title)
	}
	return nil
}

// reach lets business time come to d after the purchase, and wants the licence in state then.
func (j *journey) reach(d time.Duration, state string) error {
	target := j.start.Add(d)
	var clock struct{ Now time.Time }
	if err := j.sandbox.Do(http.MethodGet, "/_sandbox/clock", nil, &clock); err != nil {
		return err
	}
	if clock.Now.Before(target) {
		if err := j.sandbox.Do(http.MethodPost, "/_sandbox/clock", map[string]any{"set": target.Format(time.RFC3339Nano)}, nil); err != nil {
			return err
		}
	}
	var list struct {
		Items []harness.License `json:"items"`
	}
	if err := j.gateway.Do(http.MethodGet, "/v1/licenses", nil, &list); err != nil {
		return err
	}
	for _, l := range list.Items {
		if l.LicenseARN == j.bought.LicenseARN {
			j.license = l
		}
	}
	if j.license.State != state {
		return fmt.Errorf("the license is %q (%s), want %s", j.license.State, j.license.Why, state)
	}
	return nil
}

// report sends usage events, one at a time and then all together, as a client does that is not sure of its answers.
func (j *journey) report(name string, n int) error {
	events := j.sent[name]
	if events == nil {
		var clock struct{ Now time.Time }
		if err := j.sandbox.Do(http.MethodGet, "/_sandbox/clock", nil, &clock); err != nil {
			return err
		}
		for i := range n {
			events = append(events, event{fmt.Sprintf("%s-%d", name, i), j.bought.LicenseARN, j.dimension, int64(i + 1), clock.Now.Add(-time.Duration(i) * time.Second)})
		}
		j.sent[name] = events
	}
	for _, e := range events {
		if err := j.accept([]event{e}); err != nil {
			return err
		}
	}
	if err := j.accept(events); err != nil {
		return err
	}
	var units int64
	for _, e := range events {
		units += e.Quantity
	}
	j.reported[name] = units
	return nil
}

func (j *journey) accept(events []event) error {
	var answer struct {
		Accepted, Duplicates int
		Rejected             []struct{ Code, Message string }
	}
	if err := j.gateway.Do(http.MethodPost, "/v1/events", events, &answer); err != nil {
		return err
	}
	if answer.Accepted+answer.Duplicates != len(events) || len(answer.Rejected) != 0 {
		return fmt.Errorf("%d events were answered with %+v", len(events), answer)
	}
	return nil
}

// cancel is the buyer's, in Your Marketplace Software.
func (j *journey) cancel() error {
	var now harness.Agreement
	path := "/_sandbox/agreements/" + j.bought.AgreementID
	if err := j.sandbox.Do(http.MethodGet, path, nil, &now); err != nil {
		return err
	}
	if now.Status != "ACTIVE" {
		return nil
	}
	return j.sandbox.Do(http.MethodPost, path+"/cancel", map[string]any{}, nil)
}

func (j *journey) get(path string) (string, error) {
	res, err := j.browser.Get(j.gateway.URL + path)
	return j.read(res, err)
}

func (j *journey) post(path string, form url.Values) (string, error) {
	res, err := j.browser.PostForm(j.gateway.URL+path, form)
	return j.read(res, err)
}

// read reads a page; a status of 400 or more is a *harness.StatusError.
func (j *journey) read(res *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	j.visited = append(j.visited, string(body))
	if res.StatusCode >= 400 {
		return string(body), &harness.StatusError{Status: res.StatusCode, Body: string(body)}
	}
	return string(body), nil
}

// try repeats a step until it succeeds.
func (j *journey) try(s step) {
	j.t.Helper()
	harness.Eventually(j.t, s.name, func() error { return s.do(j) })
}

// compare holds the three ledgers against each other.
func (j *journey) compare() {
	j.t.Helper()
	honoured := map[string]harness.Record{}
	slots := map[string]bool{}
	var billed int64
	for _, r := range j.sandbox.Records("") {
		honoured[r.MeteringRecordID] = r
		billed += r.Quantity
		slot := r.Hour.String() + r.Dimension
		if slots[slot] {
			j.t.Errorf("the marketplace honours two records for %s: %+v", slot, r)
		}
		slots[slot] = true
	}
	var reported int64
	for _, units := range j.reported {
		reported += units
	}
	if billed != reported || reported == 0 {
		j.t.Errorf("%d units were reported and accepted, and the marketplace bills %d: %+v", reported, billed, honoured)
	}
	type record struct {
		ID               string `json:"id"`
		State            string `json:"state"`
		MeteringRecordID string `json:"meteringRecordId"`
		Quantity         int64  `json:"quantity"`
	}
	for _, r := range harness.All[record](j.gateway, "/v1/records") {
		if r.Quantity == 0 {
			delete(honoured, r.MeteringRecordID)
			continue
		}
		his, ok := honoured[r.MeteringRecordID]
		if !ok || his.Quantity != r.Quantity || r.State != "honoured" {
			j.t.Errorf("the gateway keeps %+v; the marketplace has %+v", r, his)
		}
		delete(honoured, r.MeteringRecordID)
	}
	for _, r := range honoured {
		j.t.Errorf("the marketplace honours a record that the gateway does not know: %+v", r)
	}
}
