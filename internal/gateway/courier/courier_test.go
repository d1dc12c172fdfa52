package courier

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

var loopback = Networks{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// Only addresses of the public internet are called, and only over TLS.
func TestTheGuard(t *testing.T) {
	lan := Networks{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00:1::/32")}
	for address, want := range map[string]string{
		"https 93.184.215.14": "", "https 2606:2800:21f:cb07:6820:80da:af6b:8b2c": "", "http 93.184.215.14": "no_tls",
		"https 10.1.2.3": "", "http 10.1.2.3": "", "https 10.2.0.1": "forbidden_address", "http fd00:1::7": "", "https fd00:2::7": "forbidden_address",
		"https 127.0.0.1": "forbidden_address", "https ::1": "forbidden_address", "https 0.0.0.0": "forbidden_address", "https 0.1.2.3": "forbidden_address", "https ::": "forbidden_address",
		"https 172.16.0.1": "forbidden_address", "https 192.168.1.1": "forbidden_address", "https 100.64.0.1": "forbidden_address",
		"https 169.254.169.254": "forbidden_address", "https fe80::1": "forbidden_address", "https fd00:ec2::254": "forbidden_address",
		"https ::ffff:127.0.0.1": "forbidden_address", "https ::ffff:169.254.169.254": "forbidden_address", "https ::127.0.0.1": "forbidden_address",
		"https 64:ff9b::a9fe:a9fe": "forbidden_address", "https 2002:7f00:1::": "forbidden_address", "https 224.0.0.1": "forbidden_address", "https ff02::1": "forbidden_address",
		"https 255.255.255.255": "forbidden_address", "https 198.18.0.1": "forbidden_address", "https 240.0.0.1": "forbidden_address", "https 192.0.0.192": "forbidden_address",
	} {
		scheme, host, _ := strings.Cut(address, " ")
		err := lan.mayDial(scheme, netip.AddrPortFrom(netip.MustParseAddr(host), 443).String())
		if fail.CodeOf(err) != want {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
		u := scheme + "://" + host
		if strings.Contains(host, ":") {
			u = scheme + "://[" + host + "]"
		}
		if err := New(lan).MayCall(u); fail.CodeOf(err) != want || (err != nil && !fail.Is(err, fail.Invalid)) {
			t.Errorf("entering %s: %v, want %q", u, err, want)
		}
	}
	if err := New(nil).MayCall("http://app.example.com"); fail.CodeOf(err) != "no_tls" {
		t.Errorf("a name without TLS: %v", err)
	}
	if err := New(nil).MayCall("https://app.example.com"); err != nil {
		t.Error(err)
	}
}

func TestParseNetworks(t *testing.T) {
	ns, err := ParseNetworks(" 10.1.2.3/16, ::1 ,127.0.0.1,")
	if err != nil || len(ns) != 3 || ns[0].String() != "10.1.0.0/16" || ns[1].String() != "::1/128" || ns[2].String() != "127.0.0.1/32" {
		t.Errorf("%v, %v", ns, err)
	}
	for _, bad := range []string{"10.1", "10.0.0.0/33", "localhost", "fe80::1%eth0", "::ffff:10.0.0.0/104"} {
		if ns, err := ParseNetworks(bad); !fail.Is(err, fail.Invalid) {
			t.Errorf("%q is %v, %v", bad, ns, err)
		}
	}
}

func FuzzParseNetworks(f *testing.F) {
	f.Add("10.1.2.3/16, ::1")
	f.Fuzz(func(t *testing.T, text string) {
		ns, err := ParseNetworks(text)
		if err != nil {
			return
		}
		var all []string
		for _, p := range ns {
			all = append(all, p.String())
		}
		again, err := ParseNetworks(strings.Join(all, ","))
		if err != nil || len(again) != len(ns) {
			t.Errorf("%q is %v, which is %v, %v", text, ns, again, err)
		}
	})
}

// A name that leads into our own network is found out when it is called, whatever it was when it was entered; nothing
// reaches the server there.
func TestANameThatLeadsInside(t *testing.T) {
	called := false
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer inside.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(inside.URL, "http://"), ":")
	for _, u := range []string{"http://localhost:" + port, "https://localhost:" + port} {
		_, err := New(nil).Post(t.Context(), u, nil, nil)
		if !fail.Is(err, fail.Denied) || called {
			t.Errorf("%s: %v, called %v", u, err, called)
		}
		if err != nil && strings.Contains(err.Error(), port) {
			t.Errorf("the failure quotes the URL: %v", err)
		}
	}
	if _, err := New(loopback).Post(t.Context(), "http://localhost:"+port, nil, nil); err != nil || !called {
		t.Errorf("where it is allowed: %v, called %v", err, called)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var seen []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.URL.Path)
		http.Redirect(w, r, "/inside", http.StatusTemporaryRedirect)
	}))
	defer s.Close()
	reply, err := New(loopback).Post(t.Context(), s.URL+"/hook", nil, nil)
	if err != nil || reply.Status != http.StatusTemporaryRedirect || len(seen) != 1 {
		t.Errorf("%+v, %v; saw %v", reply, err, seen)
	}
}

func TestWhatIsSentAndWhatIsKept(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.Header.Get("Webhook-Id") != "evt_1" || string(body) != `{"a":1}` || r.UserAgent() != "souk-webhooks/1" {
			t.Errorf("%s %v %s", r.Method, r.Header, body)
		}
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, "<b>tired</b>\n\x00\x1b[31m"+strings.Repeat("long ", 1<<20))
	}))
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	c := newCourier(loopback, &tls.Config{RootCAs: pool})
	reply, err := c.Post(t.Context(), s.URL, map[string]string{"Webhook-Id": "evt_1"}, []byte(`{"a":1}`))
	if err != nil || reply.Status != http.StatusServiceUnavailable || reply.RetryAfter != 90*time.Second {
		t.Fatalf("%+v, %v", reply, err)
	}
	if len([]rune(reply.Text)) != keepText+1 || !strings.HasPrefix(reply.Text, "<b>tired</b> [31mlong long") {
		t.Errorf("kept %q", reply.Text)
	}
	if _, err := New(loopback).Post(t.Context(), s.URL, nil, nil); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody vouches for: %v", err)
	}
}

func TestRetryAfterIsReadInBothForms(t *testing.T) {
	c := New(nil)
	c.wall = clock.NewVirtual(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
	for text, want := range map[string]time.Duration{"": 0, "7": 7 * time.Second, "-7": 0, "x": 0, "Sun, 01 Nov 2026 12:05:00 GMT": 5 * time.Minute, "Sun, 01 Nov 2026 11:00:00 GMT": 0, "99999999999": 0} {
		if got := c.retryAfter(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}
