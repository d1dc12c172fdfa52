package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/lockstep"
	"souk.dev/souk/internal/sandbox/control"
)

// house is worlds behind a listener; the main one's clock stands still at noon.
type house struct {
	t    *testing.T
	base string
	w    *Worlds
	stop func()
}

func openWorlds(t *testing.T, c Config) *house {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	c.BaseURL, c.Frozen = "http://"+srv.Listener.Addr().String(), true
	if c.Now.IsZero() {
		c.Now = noon
	}
	w, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = w.Handler()
	srv.Start()
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan struct{})
	go func() { _ = w.Run(ctx); close(ran) }()
	h := &house{t: t, base: c.BaseURL, w: w}
	h.stop = func() {
		srv.CloseClientConnections()
		cancel()
		<-ran
		srv.Close()
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		h.stop = func() {}
	}
	t.Cleanup(func() { h.stop() })
	return h
}

// call makes a call of the control API at an address, with a host name of its own unless host is empty.
func (h *house) call(method, address, host string, in, out any) int {
	h.t.Helper()
	var body io.Reader
	switch in := in.(type) {
	case nil:
	case []byte:
		body = bytes.NewReader(in)
	default:
		text, err := json.Marshal(in)
		if err != nil {
			h.t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), method, address, body)
	if err != nil {
		h.t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if out != nil {
		if b, ok := out.(*[]byte); ok {
			*b = text
		} else if err := json.Unmarshal(text, out); err != nil {
			h.t.Fatalf("%s %s: %v in %s", method, address, err, text)
		}
	}
	return res.StatusCode
}

func (h *house) make(name string) control.World {
	h.t.Helper()
	var made control.World
	if status := h.call("POST", h.base+"/_sandbox/worlds", "", control.NewWorld{Name: name, Now: &noon, Frozen: true, Seed: 7}, &made); status != http.StatusCreated {
		h.t.Fatalf("make %s: %d", name, status)
	}
	return made
}

type bought struct{ AgreementID, LicenseARN, RegistrationToken string }

func (h *house) buy(base string) (b bought) {
	h.t.Helper()
	if status := h.call("POST", base+"/_sandbox/agreements", "", map[string]string{"productCode": inkwell, "buyerAccountId": acme}, &b); status != http.StatusCreated {
		h.t.Fatalf("buy at %s: %d", base, status)
	}
	return b
}

// resolve asks who a token is of.
func resolve(t *testing.T, endpoint, key, token string) (license string, err error) {
	t.Helper()
	out, err := client(endpoint, key, "secret").ResolveCustomer(t.Context(), &marketplacemetering.ResolveCustomerInput{RegistrationToken: &token})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.LicenseArn), nil
}

func codeOf(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}

// What happens in one world is unknown in all others, whichever way a request names its world.
func TestWorldsAreIsolated(t *testing.T) {
	h := openWorlds(t, Config{})
	blue, red := h.make("blue"), h.make("red")
	if want := h.base + "/_sandbox/worlds/blue"; blue.URL != want || !strings.HasPrefix(blue.Pages, "http://blue.localhost:") {
		t.Errorf("made %+v", blue)
	}
	b, r, m := h.buy(blue.URL), h.buy(red.URL), h.buy(h.base)
	if b.LicenseARN != r.LicenseARN {
		t.Errorf("two worlds of one seed drew %s and %s", b.LicenseARN, r.LicenseARN)
	}
	for _, c := range []struct{ name, endpoint, key, token, want string }{
		{"by key", h.base, blue.AccessKeyID, b.RegistrationToken, b.LicenseARN},
		{"by any key of the world", h.base, "mine@blue", b.RegistrationToken, b.LicenseARN},
		{"by path", blue.URL, "any", b.RegistrationToken, b.LicenseARN},
		{"by both", blue.URL, blue.AccessKeyID, b.RegistrationToken, b.LicenseARN},
		{"the main one", h.base, "any", m.RegistrationToken, m.LicenseARN},
	} {
		if got, err := resolve(t, c.endpoint, c.key, c.token); err != nil || got != c.want {
			t.Errorf("%s: %s, %v", c.name, got, err)
		}
	}
	if _, err := resolve(t, h.base, "any", b.RegistrationToken); codeOf(err) != "InvalidTokenException" {
		t.Errorf("another world's token at the main one: %v", err)
	}
	for name, c := range map[string]struct{ endpoint, key string }{
		"an unknown world's key": {h.base, "any@green"}, "an unknown world's path": {h.base + "/_sandbox/worlds/green", "any"}, "two worlds": {blue.URL, red.AccessKeyID},
	} {
		if _, err := resolve(t, c.endpoint, c.key, b.RegistrationToken); codeOf(err) != "UnrecognizedClientException" {
			t.Errorf("%s: %v", name, err)
		}
	}

	if status := h.call("POST", blue.URL+"/_sandbox/clock", "", map[string]string{"advance": "10m"}, nil); status != http.StatusOK {
		t.Fatal(status)
	}
	h.call("POST", blue.URL+"/_sandbox/faults", "", map[string]string{"operation": "*", "kind": "error"}, nil)
	h.call("POST", blue.URL+"/_sandbox/profiles", "", map[string]string{"token-life": "30m"}, nil)
	count := func(base, list string) int {
		var l struct{ Items []json.RawMessage }
		h.call("GET", base+"/_sandbox/"+list, "", nil, &l)
		return len(l.Items)
	}
	now := func(base string) time.Time {
		var c struct{ Now time.Time }
		h.call("GET", base+"/_sandbox/clock", "", nil, &c)
		return c.Now
	}
	if !now(blue.URL).Equal(noon.Add(10*time.Minute)) || !now(red.URL).Equal(noon) || !now(h.base).Equal(noon) {
		t.Errorf("the clocks stand at %s, %s and %s", now(blue.URL), now(red.URL), now(h.base))
	}
	for _, list := range []string{"faults", "deliveries"} {
		if got := count(blue.URL, list); got == 0 || count(red.URL, list) != 0 || count(h.base, list) != 0 {
			t.Errorf("%s: %d, and elsewhere %d and %d", list, got, count(red.URL, list), count(h.base, list))
		}
	}
	if got := count(red.URL, "calls"); got != 0 {
		t.Errorf("red has %d calls", got)
	}
	received := func(world control.World) int {
		q := sqs.New(sqs.Options{BaseEndpoint: &h.base, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(world.AccessKeyID, "s", "")})
		out, err := q.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &world.QueueURL, MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		return len(out.Messages)
	}
	h.call("DELETE", blue.URL+"/_sandbox/faults", "", nil, nil)
	if got := received(blue); got != 2 || received(red) != 0 {
		t.Errorf("blue's queue had %d messages, and red's should be empty", got)
	}
}

func TestWorldByHostName(t *testing.T) {
	h := openWorlds(t, Config{})
	h.make("blue")
	port := h.base[strings.LastIndexByte(h.base, ':'):]
	for host, want := range map[string]int{"blue.localhost" + port: 1, "BLUE.localhost": 1, "blue.build-7.internal" + port: 1, "blue.localhost.": 1, "localhost" + port: 0, "127.0.0.1" + port: 0, "host.docker.internal": 0, "sandbox": 0} {
		var env map[string]any
		if status := h.call("GET", h.base+"/_sandbox/env", host, nil, &env); status != http.StatusOK {
			t.Errorf("%s: %d", host, status)
			continue
		}
		if key, _ := env["AWS_ACCESS_KEY_ID"].(string); strings.Count(key, "@blue") != want {
			t.Errorf("%s is of the world whose key is %s", host, key)
		}
	}
	var p struct{ Code string }
	if status := h.call("GET", h.base+"/_sandbox/env", "green.localhost"+port, nil, &p); status != http.StatusNotFound || p.Code != "unknown_world" {
		t.Errorf("an unknown world: %d %s", status, p.Code)
	}
	if status := h.call("GET", h.base+"/_sandbox/env", "blue.evil.example", nil, &p); status != http.StatusForbidden {
		t.Errorf("a stranger's name: %d", status)
	}
	if status := h.call("GET", h.base+"/products", "blue.localhost", nil, nil); status == http.StatusForbidden {
		t.Error("pages are not served by host name")
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", h.base+"/_sandbox/worlds/blue/subscriptions?buyer=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html,*/*")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if to := res.Header.Get("Location"); to != "http://blue.localhost"+port+"/subscriptions?buyer=1" {
		t.Errorf("a browser is sent to %s", to)
	}
	if status := h.call("GET", h.base+"/_sandbox/worlds", "blue.localhost", nil, &p); status != http.StatusNotFound || p.Code != "not_the_main_world" {
		t.Errorf("worlds of a world: %d %s", status, p.Code)
	}
}

func TestWorldsOfAHostName(t *testing.T) {
	if a, p := addressesOf("https://market.example", "blue"); a != "https://market.example/_sandbox/worlds/blue" || p != "https://blue.market.example" {
		t.Errorf("%s, %s", a, p)
	}
	if _, p := addressesOf("http://[::1]:4700", "blue"); p != "http://blue.localhost:4700" {
		t.Error(p)
	}
}

// A signature covers the path that the client sent, whatever the sandbox cuts from it.
func TestWorldVerifiesSignatures(t *testing.T) {
	h := openWorlds(t, Config{})
	file := "version: 1\nauth: strict\nsellers: [{accountId: \"444455556666\", name: S}]\naccessKeys: [{id: AKIDS, secret: hush, accountId: \"444455556666\"}]\n" +
		"buyers: [{accountId: \"111122223333\", name: B, email: b@b.example}]\nproducts: [{title: P, productCode: " + inkwell + ", dimensions: [{key: d, prices: {usage: \"1\"}}]}]\n"
	var made control.World
	if status := h.call("POST", h.base+"/_sandbox/worlds", "", map[string]any{"name": "strict", "file": file}, &made); status != http.StatusCreated {
		t.Fatal(status)
	}
	if made.AccessKeyID != "AKIDS@strict" || made.SecretAccessKey != "hush" {
		t.Errorf("made %+v", made)
	}
	for _, endpoint := range []string{h.base, made.URL} {
		in := &marketplacemetering.ResolveCustomerInput{RegistrationToken: aws.String("nonsense")}
		if _, err := client(endpoint, made.AccessKeyID, "hush").ResolveCustomer(t.Context(), in); codeOf(err) != "InvalidTokenException" {
			t.Errorf("%s: signed rightly: %v", endpoint, err)
		}
		if _, err := client(endpoint, made.AccessKeyID, "wrong").ResolveCustomer(t.Context(), in); codeOf(err) != "InvalidSignatureException" {
			t.Errorf("%s: signed wrongly: %v", endpoint, err)
		}
	}
}

func TestWorldsAreMadeAndEnded(t *testing.T) {
	data := t.TempDir()
	h := openWorlds(t, Config{Data: data})
	for name, want := range map[string]string{"Blue": "world_name", "1st": "world_name", "a.b": "world_name", "-": "world_name"} {
		var p struct{ Code string }
		if status := h.call("POST", h.base+"/_sandbox/worlds", "", control.NewWorld{Name: name}, &p); status != http.StatusBadRequest || p.Code != want {
			t.Errorf("%s: %d %s", name, status, p.Code)
		}
	}
	blue := h.make("blue")
	var drawn control.World
	if status := h.call("POST", h.base+"/_sandbox/worlds", "", nil, &drawn); status != http.StatusCreated || drawn.Name == "" {
		t.Errorf("a world without a name: %d %+v", status, drawn)
	}
	if status := h.call("POST", h.base+"/_sandbox/worlds", "", control.NewWorld{Name: "blue"}, nil); status != http.StatusConflict {
		t.Errorf("a name that is taken: %d", status)
	}
	if status := h.call("POST", h.base+"/_sandbox/worlds", "", control.NewWorld{Name: "bad", File: "version: 1"}, nil); status != http.StatusBadRequest {
		t.Errorf("a world file that cannot be: %d", status)
	}
	b := h.buy(blue.URL)
	h.stop()

	h = openWorlds(t, Config{Data: data}) // another port, too
	blueURL := h.base + "/_sandbox/worlds/blue"
	var again struct{ LicenseARN string }
	if status := h.call("GET", blueURL+"/_sandbox/agreements/"+b.AgreementID, "", nil, &again); status != http.StatusOK || again.LicenseARN != b.LicenseARN {
		t.Errorf("after a restart: %d, %+v", status, again)
	}
	var l struct{ Items []control.World }
	if h.call("GET", h.base+"/_sandbox/worlds", "", nil, &l); len(l.Items) != 2 || l.Items[0].Name != "blue" {
		t.Errorf("after a restart there are %+v", l.Items)
	}
	// A long poll ends with its world, and not 20 s later.
	polled := make(chan error, 1)
	go func() {
		q := sqs.New(sqs.Options{BaseEndpoint: &h.base, Region: "us-east-1", RetryMaxAttempts: 1, Credentials: credentials.NewStaticCredentialsProvider("k@"+drawn.Name, "s", "")})
		_, err := q.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(h.base + "/444455556666/marketplace-notices"), WaitTimeSeconds: 20})
		polled <- err
	}()
	if status := h.call("DELETE", h.base+"/_sandbox/worlds/"+drawn.Name, "", nil, nil); status != http.StatusNoContent {
		t.Errorf("end it: %d", status)
	}
	if err := <-polled; err == nil {
		t.Error("the poll of a world that was ended was answered")
	}
	if status := h.call("DELETE", h.base+"/_sandbox/worlds/"+drawn.Name, "", nil, nil); status != http.StatusNotFound {
		t.Errorf("end it again: %d", status)
	}
	h.stop()
	h = openWorlds(t, Config{Data: data})
	if h.call("GET", h.base+"/_sandbox/worlds", "", nil, &l); len(l.Items) != 1 {
		t.Errorf("after another restart there are %+v", l.Items)
	}
}

// A snapshot can be put back into a running sandbox, again and again, and what is kept on disk goes with it.
func TestSnapshotIsRestored(t *testing.T) {
	data := t.TempDir()
	h := openWorlds(t, Config{Data: data})
	blue := h.make("blue")
	for _, base := range []string{blue.URL, h.base} {
		first := h.buy(base)
		h.call("POST", base+"/_sandbox/faults", "", map[string]any{"operation": "ResolveCustomer", "kind": "throttle", "times": 3}, nil)
		if _, err := resolve(t, base, "any", first.RegistrationToken); codeOf(err) != "ThrottlingException" {
			t.Fatal(err)
		}
		var snapshot []byte
		if status := h.call("GET", base+"/_sandbox/snapshot", "", nil, &snapshot); status != http.StatusOK {
			t.Fatal(status)
		}
		for range 2 {
			second := h.buy(base)
			h.call("POST", base+"/_sandbox/clock", "", map[string]string{"advance": "48h"}, nil)
			var now control.Restored
			if status := h.call("POST", base+"/_sandbox/snapshot", "", snapshot, &now); status != http.StatusOK || !now.Now.Equal(noon) || !now.Frozen {
				t.Fatalf("restored: %d %+v", status, now)
			}
			if status := h.call("GET", base+"/_sandbox/agreements/"+second.AgreementID, "", nil, nil); status != http.StatusNotFound {
				t.Errorf("what came after the snapshot is there: %d", status)
			}
			if status := h.call("GET", base+"/_sandbox/agreements/"+first.AgreementID, "", nil, nil); status != http.StatusOK {
				t.Errorf("what came before is not: %d", status)
			}
			var faults struct{ Items []struct{ Used int } }
			if h.call("GET", base+"/_sandbox/faults", "", nil, &faults); len(faults.Items) != 1 || faults.Items[0].Used != 1 {
				t.Errorf("the faults are %+v", faults)
			}
		}
		var p struct{ Code string }
		if status := h.call("POST", base+"/_sandbox/snapshot", "", []byte("nonsense\n"), &p); status != http.StatusConflict || p.Code != "journal" {
			t.Errorf("nonsense: %d %s", status, p.Code)
		}
		if status := h.call("POST", base+"/_sandbox/snapshot", "", snapshot[:len(snapshot)-10], &p); status != http.StatusBadRequest {
			t.Errorf("half a snapshot: %d %s", status, p.Code)
		}
	}
	third := h.buy(blue.URL)
	h.stop()
	h = openWorlds(t, Config{Data: data})
	if status := h.call("GET", h.base+"/_sandbox/worlds/blue/_sandbox/agreements/"+third.AgreementID, "", nil, nil); status != http.StatusOK {
		t.Errorf("after a restart, what came after the restoring is not there: %d", status)
	}
}

// A process that follows a named world's clock goes on with the snapshot that is restored, and cannot be sent back in time.
func TestFollowerGoesOnWithTheRestoredWorld(t *testing.T) {
	h := openWorlds(t, Config{Data: t.TempDir()})
	blue := h.make("blue")
	var snapshot []byte
	h.call("POST", blue.URL+"/_sandbox/clock", "", map[string]string{"advance": "1h"}, nil)
	h.call("GET", blue.URL+"/_sandbox/snapshot", "", nil, &snapshot)
	clk := clock.NewVirtual(time.Time{})
	f, err := lockstep.Join(t.Context(), blue.URL, "gateway", clk, h.w.log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { f.Run(ctx, nothing{}, nil); close(done) }()
	defer func() { cancel(); <-done }()
	if status := h.call("POST", blue.URL+"/_sandbox/snapshot", "", snapshot, nil); status != http.StatusOK {
		t.Fatalf("restored at the same time: %d", status)
	}
	var moved struct{ Silent []string }
	if h.call("POST", blue.URL+"/_sandbox/clock", "", map[string]string{"advance": "1h"}, &moved); len(moved.Silent) > 0 || !clk.Now().Equal(noon.Add(2*time.Hour)) {
		t.Errorf("the follower is at %s; silent %v", clk.Now(), moved.Silent)
	}
	var p struct{ Code string }
	if status := h.call("POST", blue.URL+"/_sandbox/snapshot", "", snapshot, &p); status != http.StatusConflict || p.Code != "followed" {
		t.Errorf("sent back in time: %d %s", status, p.Code)
	}
}

type nothing struct{}

func (nothing) Step(context.Context) (time.Time, bool, error) { return time.Time{}, false, nil }

// Mails go on being caught where a snapshot has taken the main world's place.
func TestMailIsCaughtByTheRestoredWorld(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := openWorlds(t, Config{Data: t.TempDir(), Mail: ln})
	var snapshot []byte
	h.call("GET", h.base+"/_sandbox/snapshot", "", nil, &snapshot)
	for range 3 {
		if err := smtp.SendMail(ln.Addr().String(), nil, "a@inkwell.example", []string{"b@acme.example"}, []byte("Subject: Hello\r\n\r\nHello.")); err != nil {
			t.Fatal(err)
		}
		var l struct{ Items []json.RawMessage }
		if h.call("GET", h.base+"/_sandbox/inbox", "", nil, &l); len(l.Items) != 1 {
			t.Errorf("%d mails were caught", len(l.Items))
		}
		if status := h.call("POST", h.base+"/_sandbox/snapshot", "", snapshot, nil); status != http.StatusOK {
			t.Fatal(status)
		}
	}
}
