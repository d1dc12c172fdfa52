package console

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/chat"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/courier"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/seal"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/webui/webuitest"
)

// desk is a console with everything real but AWS, which nobody asks here.
type desk struct {
	*httptest.Server
	t       *testing.T
	clk     *clock.Virtual
	db      *store.DB
	book    *license.Book
	events  *usage.Intake
	engine  *metering.Engine
	in      *intake.Intake
	console *Console
	log     *audit.Log
}

// noAWS is asked by nothing that these tests do.
type noAWS struct{ entitlement.Source }

func newDesk(t *testing.T, change ...func(*Config)) *desk {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	d := &desk{t: t, clk: clock.NewVirtual(noon)}
	log := slog.New(slog.DiscardHandler)
	var err error
	d.db = storetest.Open(t)
	d.book, err = license.OpenBook(t.Context(), d.db.Licenses(), d.clk, catalogue)
	must(err)
	entitlements, err := entitlement.Open(t.Context(), entitlement.Config{Store: d.db.Entitlements(), AWS: noAWS{}, Licenses: d.book, Products: catalogue, Clock: d.clk, Log: log})
	must(err)
	events := store.NewUsage(d.db)
	d.events, err = usage.New(t.Context(), usage.Config{Store: events, Licenses: d.book, Products: catalogue, Clock: d.clk, Log: log})
	must(err)
	d.engine, err = metering.New(t.Context(), metering.Config{Store: store.NewMetering(d.db), Intake: d.events, Log: events, Licenses: d.book, Products: catalogue, Clock: d.clk, Logger: log})
	must(err)
	d.in = intake.New(nil, d.db.Notices(), d.book, catalogue, d.clk, log)
	d.log = audit.New(d.db.Audit(), d.clk)
	box, err := seal.New(t.Context(), d.db.Settings(), d.clk)
	must(err)
	accounts := account.New(d.db.Accounts(), d.clk, log)
	config := Config{BaseURL: "http://127.0.0.1:4710", Name: "Inkwell", Accent: "#2b4a6f", Products: catalogue,
		Operators: operator.New(d.db.Operators(), d.log, d.clk, log), Audit: d.log, Book: d.book, Engine: d.engine, Records: store.NewMetering(d.db).RecordsByState,
		Notices: d.db.Notices(), Replayer: d.in, Outbox: outbox.New(outbox.Config{Store: d.db.Outbox(), Clock: d.clk, Log: log}), Register: register.New(d.db.Registrations(), d.book, nil, catalogue, d.clk, log), Accounts: accounts, Entitlements: entitlements,
		Corrections:   correction.New(correction.Config{Store: d.db.Corrections(), Usage: d.events, Ledger: metering.Ledger{Store: store.NewMetering(d.db), Log: events}, Licenses: d.book, Products: catalogue, Clock: d.clk, Log: log}),
		Alerts:        alert.New(alert.Config{Store: d.db.Alerts(), Stands: map[outbox.Kind]func(context.Context, alert.Alert) (bool, error){outbox.AlertCallsDenied: d.engine.Stands, outbox.AlertRecordsRefused: d.engine.Stands, outbox.AlertDeadlineNear: d.engine.Stands, outbox.AlertProductUnknown: d.in.Unserved, outbox.AlertBuyerAdvised: d.book.Advised, outbox.AlertQueueAway: d.in.Silent, outbox.AlertEntitlementsStale: entitlements.Stale}, Clock: d.clk, Log: log}),
		Cancellations: cancellation.New(cancellation.Config{Store: d.db.Cancellations(), Licenses: d.book, Clock: d.clk, Log: log}),
		Search:        d.db.Search(),
		Keys:          d.db.Keys(), Seal: box, Health: func(context.Context) []Checked { return []Checked{{"database", true, "it answers"}} }, Clock: d.clk, Log: log}
	config.Agreements, err = agreement.Open(t.Context(), agreement.Config{Store: d.db.Agreements(), Licenses: d.book, Book: d.book, Products: catalogue, Clock: d.clk, Log: log})
	must(err)
	config.Payments = payment.New(payment.Config{Store: d.db.Payments(), Terms: config.Agreements, Licenses: d.book, Clock: d.clk, Log: log})
	config.Chats, err = chat.New(chat.Config{Rooms: []chat.Room{{Name: "ops", URL: secretURL}}, Poster: courier.New(nil), Clock: d.clk, Log: log})
	must(err)
	config.Chats.Use(config.Outbox)
	for _, f := range change {
		f(&config)
	}
	d.console, err = New(config)
	must(err)
	mux := http.NewServeMux()
	d.console.Mount(mux)
	d.Server = httptest.NewServer(mux)
	t.Cleanup(d.Close)
	return d
}

// secretURL must never be shown.
const secretURL = "https://hooks.slack.com/services/T0000/B0000/wordsthatopen"

const password = "correct horse battery"

// add makes an operator of that role, whose address begins with it.
func (d *desk) add(role operator.Role) operator.Person {
	d.t.Helper()
	p, err := d.console.Operators.Add(d.t.Context(), operator.Shell("test"), operator.Person{Email: string(role) + "@inkwell.example", Name: "The " + string(role), Role: role}, password)
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

// buys makes a licence that is active.
func (d *desk) buys(n int) license.License {
	d.t.Helper()
	buyer := license.Buyer{ProductCode: inkCode, Customer: core.AWSAccountID(fmt.Sprintf("1111222233%02d", n)), ARN: core.LicenseARN(fmt.Sprintf("arn:aws:license-manager::294406891311:license:l-%032x", n))}
	l, err := d.book.Arrive(d.t.Context(), buyer, d.clk.Now())
	if err == nil {
		_, err = d.book.Note(d.t.Context(), license.Note{ID: fmt.Sprint("n", n), Kind: license.Activated, At: d.clk.Now(), About: license.Ref{ProductCode: inkCode, ARN: buyer.ARN, Customer: buyer.Customer,
			Agreement: core.AgreementID(fmt.Sprint("agmt-", n))}})
	}
	if err != nil {
		d.t.Fatal(err)
	}
	l, _ = d.book.ByID(l.ID)
	return l
}

// hears takes a notice in as it came.
func (d *desk) hears(body string) intake.Notice {
	d.t.Helper()
	n, err := d.in.Take(d.t.Context(), intake.Message{ID: fmt.Sprint(len(body)), Body: body, SentAt: d.clk.Now()})
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

// browser keeps cookies and does not follow redirects by itself.
type browser struct {
	d      *desk
	client *http.Client
}

func (d *desk) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{d: d, client: &http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what a browser got.
type answer struct {
	Code     int
	Location string
	Header   http.Header
	Page     webuitest.Node
	Body     string
}

func (b *browser) do(method, path string, form url.Values, header ...string) answer {
	b.d.t.Helper()
	req, err := http.NewRequestWithContext(b.d.t.Context(), method, b.d.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.d.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", b.d.URL)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.d.t.Fatal(err)
	}
	a := answer{Code: res.StatusCode, Location: res.Header.Get("Location"), Header: res.Header, Body: string(body)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		a.Page = webuitest.Parse(b.d.t, bytes.NewReader(body))
	}
	return a
}

func (b *browser) get(path string) answer { b.d.t.Helper(); return b.do(http.MethodGet, path, nil) }

func (b *browser) post(path string, form url.Values) answer {
	b.d.t.Helper()
	return b.do(http.MethodPost, path, form)
}

// as is a browser in which p has signed in.
func (d *desk) as(p operator.Person) *browser {
	d.t.Helper()
	b := d.browser()
	if a := b.post("/console/signin", url.Values{"email": {p.Email}, "password": {password}}); a.Code != http.StatusSeeOther || a.Location != "/console" {
		d.t.Fatalf("signing in answers %d %s: %.300s", a.Code, a.Location, a.Body)
	}
	return b
}

// shows fails the test unless a is a page that says text.
func (a answer) shows(t *testing.T, code int, text string) {
	t.Helper()
	if a.Code != code || a.Page.Node == nil || !strings.Contains(a.Page.Text(), text) {
		t.Errorf("answered %d %s, want %d and a page that says %q: %.600s", a.Code, a.Location, code, text, a.Body)
	}
}
