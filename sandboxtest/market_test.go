package sandboxtest_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"souk.dev/souk/sandboxtest"
)

func TestSDKFindsTheMarketInTheEnvironment(t *testing.T) {
	m := sandboxtest.New(t)
	m.Setenv()
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a := m.Buy(sandboxtest.Inkwell, sandboxtest.Acme)
	who, err := marketplacemetering.NewFromConfig(cfg).ResolveCustomer(t.Context(), &marketplacemetering.ResolveCustomerInput{RegistrationToken: &a.Token})
	if err != nil || *who.LicenseArn != a.LicenseARN || *who.CustomerAWSAccountId != sandboxtest.Acme {
		t.Errorf("resolved to %+v, %v", who, err)
	}
	m.Advance(10 * time.Minute)
	queue := m.AWS().QueueURL
	got, err := sqs.NewFromConfig(cfg).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: 10})
	if err != nil || len(got.Messages) != 2 {
		t.Errorf("%d messages, %v", len(got.Messages), err)
	}
	if calls := m.Calls("ResolveCustomer"); len(calls) != 1 || calls[0].Status != http.StatusOK || !strings.Contains(calls[0].Request, "RegistrationToken") {
		t.Errorf("calls %+v", calls)
	}
}

// Tests that run at once see their own market only, each at its own time.
func TestEachTestHasItsOwn(t *testing.T) {
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			m := sandboxtest.New(t)
			for range i + 1 {
				m.Buy(sandboxtest.Inkwell, sandboxtest.Globex)
			}
			m.Advance(time.Duration(i) * time.Hour)
			var all struct{ Items []sandboxtest.Agreement }
			if err := m.Call(http.MethodGet, "agreements", nil, &all); err != nil || len(all.Items) != i+1 {
				t.Errorf("%d agreements, %v; want %d", len(all.Items), err, i+1)
			}
			if want := sandboxtest.Start.Add(time.Duration(i) * time.Hour); !m.Now().Equal(want) {
				t.Errorf("the time is %s, want %s", m.Now(), want)
			}
		})
	}
}

func TestIdentifiersRepeatWithTheTestsName(t *testing.T) {
	first := sandboxtest.New(t).Buy(sandboxtest.Inkwell, sandboxtest.Acme)
	if again := sandboxtest.New(t).Buy(sandboxtest.Inkwell, sandboxtest.Acme); again.LicenseARN != first.LicenseARN {
		t.Errorf("another run of this test would see %s instead of %s", again.LicenseARN, first.LicenseARN)
	}
	if other := sandboxtest.New(t, sandboxtest.Seed(7)).Buy(sandboxtest.Inkwell, sandboxtest.Acme); other.LicenseARN == first.LicenseARN {
		t.Error("another seed drew the same")
	}
}

func TestBuiltInWorldIsAsItsConstantsSay(t *testing.T) {
	m := sandboxtest.New(t)
	for _, buyer := range []string{sandboxtest.Acme, sandboxtest.Globex, sandboxtest.Initech} {
		if a := m.Buy(sandboxtest.Inkwell, buyer); a.SellerAccount != sandboxtest.Seller || a.LicenseARN == "" || a.Token == "" || a.CustomerIdentifier != "" {
			t.Errorf("%s bought %+v", buyer, a)
		}
	}
	if a := m.Buy(sandboxtest.InkwellClassic, sandboxtest.Acme); a.CustomerIdentifier == "" {
		t.Errorf("the legacy product was bought as %+v", a)
	}
}

func TestEndsOfAnAgreement(t *testing.T) {
	m := sandboxtest.New(t)
	for want, end := range map[string]func(string) sandboxtest.Agreement{
		"CANCELLED": m.Cancel, "EXPIRED": m.Expire, "TERMINATED": m.Terminate,
	} {
		a := m.Buy(sandboxtest.Inkwell, sandboxtest.Acme)
		m.Advance(5 * time.Minute)
		if got := end(a.ID); got.Status != want || got.License.MeteringUntil.IsZero() || got.EndedAt.IsZero() {
			t.Errorf("%s: %+v", want, got)
		}
	}
	a := m.Buy(sandboxtest.Inkwell, sandboxtest.Acme)
	if got := m.FailPayment(a.ID); got.Status == "ACTIVE" {
		t.Errorf("the payment failed and the agreement is %s", got.Status)
	}
}

func TestFaultsAreSwitchedOnAndOff(t *testing.T) {
	m := sandboxtest.New(t)
	m.Setenv()
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRetryMaxAttempts(1))
	if err != nil {
		t.Fatal(err)
	}
	c := marketplacemetering.NewFromConfig(cfg)
	f := m.AddFault(sandboxtest.Fault{Operation: "ResolveCustomer", Kind: "expired-token"})
	a := m.Buy(sandboxtest.Inkwell, sandboxtest.Acme)
	resolve := func() error {
		_, err := c.ResolveCustomer(t.Context(), &marketplacemetering.ResolveCustomerInput{RegistrationToken: &a.Token})
		return err
	}
	if _, ok := errors.AsType[*types.ExpiredTokenException](resolve()); !ok {
		t.Error("not disturbed")
	}
	if all := m.Faults(); len(all) != 1 || all[0].ID != f.ID || all[0].Used != 1 {
		t.Errorf("faults %+v", all)
	}
	m.ClearFaults(f.ID)
	if err := resolve(); err != nil || len(m.Faults()) != 0 {
		t.Errorf("after the fault was switched off: %v, %+v", err, m.Faults())
	}
}

func TestProfileAndReset(t *testing.T) {
	m := sandboxtest.New(t)
	m.Profile("activation-delay", "0s")
	a := m.Buy(sandboxtest.Inkwell, sandboxtest.Acme)
	if got := m.Agreement(a.ID); got.License.Status != "PROVISIONED" {
		t.Errorf("with activation-delay 0s the license is %s", got.License.Status)
	}
	m.AdvanceTo(sandboxtest.Start.Add(time.Hour))
	e := m.Events(a.ID)
	m.Redeliver(e[0].ID)
	m.Reset()
	if n := len(m.Events("")); n != 0 {
		t.Errorf("%d events after the reset", n)
	}
	if want := sandboxtest.Start.Add(time.Hour); !m.Now().Equal(want) {
		t.Errorf("the reset moved the time to %s", m.Now())
	}
}

func TestClockRuns(t *testing.T) {
	begin := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	m := sandboxtest.New(t, sandboxtest.At(begin), sandboxtest.Running(100_000))
	for m.Now().Before(begin.Add(24 * time.Hour)) { // a second of real time; the test's own limit bounds it
		runtime.Gosched()
	}
	if still := sandboxtest.New(t); !still.Now().Equal(sandboxtest.Start) || !still.Now().Equal(still.Now()) {
		t.Errorf("a clock that nobody let run is at %s", still.Now())
	}
}

func TestRefusalIsReturned(t *testing.T) {
	m := sandboxtest.New(t)
	err := m.Call(http.MethodGet, "agreements/agmt-nothing", nil, nil)
	r, ok := errors.AsType[*sandboxtest.Refusal](err)
	if !ok || r.Status != http.StatusNotFound || r.Code == "" || r.Detail == "" {
		t.Errorf("got %#v", err)
	}
}

// crash runs f and gives what it panicked with.
func crash(f func()) (with any) {
	defer func() { with = recover() }()
	f()
	return nil
}

func TestWithoutATestFailuresPanic(t *testing.T) {
	m := sandboxtest.Open()
	defer m.Close()
	for name, f := range map[string]func(){
		"no such buyer": func() { m.Buy(sandboxtest.Inkwell, "000000000000") },
		"setenv":        m.Setenv,
		"bad world":     func() { sandboxtest.Open(sandboxtest.World("version: 1\nsalers: []\n")) },
		"bad rate":      func() { sandboxtest.Open(sandboxtest.Running(0)) },
		"no file":       func() { sandboxtest.Open(sandboxtest.WorldFile(filepath.Join(t.TempDir(), "none.yaml"))) },
	} {
		if with := crash(f); with == nil {
			t.Errorf("%s: no panic", name)
		}
	}
	if with := fmt.Sprint(crash(func() { sandboxtest.Open(sandboxtest.World("version: 1\nsalers: []\n")) })); !strings.Contains(with, "salers") || !strings.Contains(with, "2") {
		t.Errorf("panicked with %q; want the field and its line", with)
	}
	if m.With(t).Buy(sandboxtest.Inkwell, sandboxtest.Acme).ID == "" {
		t.Error("nothing was bought")
	}
}

func TestWorldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "world.yaml")
	text := "version: 1\nsellers: [{accountId: \"999988887777\", name: Maps}]\nbuyers: []\nproducts: []\nprofiles: {token-life: 30m}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m := sandboxtest.New(t, sandboxtest.WorldFile(path))
	if q := m.AWS().QueueURL; !strings.Contains(q, "999988887777") {
		t.Errorf("the queue is %s", q)
	}
}

// One state, made once, is where several tests begin, each in a market of its own.
func TestSnapshotIsWhereTestsBegin(t *testing.T) {
	m := sandboxtest.New(t, sandboxtest.Keep(t.TempDir()))
	a := m.Buy(sandboxtest.Inkwell, sandboxtest.Acme)
	m.Advance(time.Hour)
	snapshot := m.Snapshot()
	m.Cancel(a.ID) // nothing of the others' business
	for i := range 2 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			m := sandboxtest.New(t, sandboxtest.From(snapshot))
			got := m.Agreement(a.ID)
			if got.Status != "ACTIVE" || got.License.Status != "PROVISIONED" || !m.Now().Equal(sandboxtest.Start.Add(time.Hour)) {
				t.Errorf("at %s it has %+v", m.Now(), got)
			}
			if m.Expire(a.ID).Status != "EXPIRED" {
				t.Error("it does not go on")
			}
		})
	}
	m.Restore(snapshot)
	if got := m.Agreement(a.ID).Status; got != "ACTIVE" {
		t.Errorf("put back into the market that it was taken of, it is %s", got)
	}
	if with := fmt.Sprint(crash(func() {
		unkept := sandboxtest.Open()
		defer unkept.Close()
		unkept.Snapshot()
	})); !strings.Contains(with, "--data") {
		t.Errorf("a market that keeps nothing: %s", with)
	}
}

// A market is gone with its test, even where a client still waits for an answer.
func TestClosesWhileAClientWaits(t *testing.T) {
	m := sandboxtest.Open()
	m.AddFault(sandboxtest.Fault{Operation: "ResolveCustomer", Kind: "hang"})
	aws := m.AWS()
	gone := make(chan error, 1)
	go func() {
		r, _ := http.NewRequest(http.MethodPost, aws.Endpoint, strings.NewReader(`{"RegistrationToken":"x"}`))
		r.Header.Set("X-Amz-Target", "AWSMPMeteringService.ResolveCustomer")
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+aws.AccessKeyID+"/20261102/us-east-1/aws-marketplace/aws4_request, SignedHeaders=host, Signature=0")
		res, err := http.DefaultClient.Do(r)
		if err == nil {
			res.Body.Close()
			err = fmt.Errorf("answered %s", res.Status)
		}
		gone <- err
	}()
	for m.Faults()[0].Used == 0 {
		runtime.Gosched()
	}
	m.Close()
	if err := <-gone; !strings.Contains(err.Error(), "EOF") && !strings.Contains(err.Error(), "reset") {
		t.Errorf("the client got %v", err)
	}
}

// A market that was shuffled is the same again with its seed, in which everything but what was named is drawn.
func TestShuffleIsRepeatable(t *testing.T) {
	t.Setenv("SOUK_SHUFFLE", "12")
	told := func(m *sandboxtest.Market) string {
		a := m.Buy(sandboxtest.Inkwell, sandboxtest.Acme)
		m.Advance(time.Hour)
		m.Cancel(a.ID)
		m.Advance(3 * time.Hour)
		var p struct {
			Shuffle uint64
			Items   []struct{ Name, Value string }
		}
		if err := m.Call(http.MethodGet, "profiles", nil, &p); err != nil || p.Shuffle != 12 {
			t.Errorf("the seed is %d, %v", p.Shuffle, err)
		}
		text := fmt.Sprint(p.Items)
		for _, e := range m.Events("") {
			text += fmt.Sprint(e.ID, e.HappenedAt)
		}
		return text
	}
	if told(sandboxtest.New(t, sandboxtest.Shuffle(12))) != told(sandboxtest.New(t, sandboxtest.Shuffle(0))) {
		t.Error("the same seed shuffled otherwise")
	}
	if with := fmt.Sprint(crash(func() {
		t.Setenv("SOUK_SHUFFLE", "no number")
		sandboxtest.Open(sandboxtest.Shuffle(0)).Close()
	})); !strings.Contains(with, "SOUK_SHUFFLE") {
		t.Errorf("a seed that is none: %s", with)
	}
}
