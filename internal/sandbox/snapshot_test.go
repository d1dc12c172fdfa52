package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/world"
)

// lived makes a kept sandbox in which something of every kind has happened, and notices are on their way.
func lived(t *testing.T) *Sandbox {
	t.Helper()
	s, c := start(t, Config{Data: t.TempDir()})
	first, second := buy(t, s, inkwell), buy(t, s, classic)
	half, once := 0.5, 1
	for _, r := range []fault.Rule{
		{Operation: "ResolveCustomer", Kind: fault.Throttle, Probability: &half, Seed: 7},
		{Operation: fault.Notification, Kind: fault.Delay, Delay: "20m", Times: &once},
	} {
		if _, err := s.faults.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.world.SetProfiles(noon, map[string]string{"token-life": "1h"}); err != nil {
		t.Fatal(err)
	}
	advance(t, s, 10*time.Minute)
	if _, err := meter(t, c, first, noon, 5); err != nil {
		t.Fatal(err)
	}
	if _, err := s.world.Cancel(s.clock.Now(), second.AgreementID); err != nil {
		t.Fatal(err)
	}
	draws(s, 11)
	return s
}

// draws asks for n faults, and tells which came.
func draws(s *Sandbox, n int) (text string) {
	for range n {
		r, hit := s.faults.Draw("ResolveCustomer")
		if hit {
			text += string(r.Kind)
		}
		text += " "
	}
	return text
}

func snapshotOf(t *testing.T, s *Sandbox) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A sandbox and the one that is made from its snapshot are the same, and go on to be: nothing can tell them apart.
func TestSnapshotMakesTheSameSandbox(t *testing.T) {
	for name, dir := range map[string]string{"kept": t.TempDir(), "not kept": ""} {
		t.Run(name, func(t *testing.T) {
			s := lived(t)
			again, err := New(t.Context(), Config{Snapshot: snapshotOf(t, s), Data: dir})
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			same := func(when string) {
				t.Helper()
				if got, want := state(again), state(s); !slices.Equal(got, want) || len(want) < 8 {
					t.Errorf("%s it is\n%q\nand was\n%q", when, got, want)
				}
				if got, want := again.clock.Now(), s.clock.Now(); !got.Equal(want) {
					t.Errorf("%s its clock is at %s, and was at %s", when, got, want)
				}
			}
			same("at first")
			if _, frozen := again.time.Running(); !frozen {
				t.Error("its clock runs, and stood still")
			}
			if got, want := draws(again, 50), draws(s, 50); got != want {
				t.Errorf("its faults are\n%s\nand were\n%s", got, want)
			}
			for _, one := range []*Sandbox{s, again} {
				buy(t, one, inkwell)
				advance(t, one, 3*time.Hour)
			}
			same("after an act and three hours")
		})
	}
}

// What goes on from a snapshot in a data folder is a sandbox like any other: it can be started again, and its faults go on
// to be drawn as they would have been.
func TestSandboxOfASnapshotIsKept(t *testing.T) {
	dir := t.TempDir()
	text := snapshotOf(t, lived(t))
	s, err := New(t.Context(), Config{Snapshot: text, Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	buy(t, s, inkwell)
	want := state(s)
	like := &fault.Set{}
	text, err = json.Marshal(s.faults)
	if err == nil {
		err = json.Unmarshal(text, like)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = New(t.Context(), Config{Data: dir}); err != nil {
		t.Fatal(err)
	}
	if got := state(s); !slices.Equal(got, want) {
		t.Errorf("came back as\n%q\nwas\n%q", got, want)
	}
	for n := range 50 {
		want, _ := like.Draw("ResolveCustomer")
		if got, _ := s.faults.Draw("ResolveCustomer"); got.Kind != want.Kind {
			t.Fatalf("draw %d after the restart is %q, and would have been %q", n, got.Kind, want.Kind)
		}
	}
	second := snapshotOf(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = New(t.Context(), Config{Snapshot: second}); err != nil {
		t.Fatalf("a snapshot of what a snapshot began: %v", err)
	}
	if got := state(s); !slices.Equal(got, want) {
		t.Errorf("its snapshot came back as\n%q\nwas\n%q", got, want)
	}
}

// A clock that runs stands in a snapshot, however long it lies in a drawer, and runs on in the sandbox made from it.
func TestNoTimePassesInASnapshot(t *testing.T) {
	s, err := New(t.Context(), Config{Data: t.TempDir(), Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	again, err := New(t.Context(), Config{Snapshot: snapshotOf(t, s)})
	if err != nil {
		t.Fatal(err)
	}
	if now := again.clock.Now(); now.Before(noon) || now.After(noon.Add(time.Minute)) {
		t.Errorf("it is %s, in a snapshot of %s", now, noon)
	}
	if rate, frozen := again.time.Running(); rate != 1 || frozen {
		t.Errorf("rate %v, frozen %v", rate, frozen)
	}
}

func TestSnapshotsThatCannotBe(t *testing.T) {
	s := lived(t)
	text := snapshotOf(t, s)
	lines := bytes.SplitAfter(text, []byte("\n"))
	for name, c := range map[string]struct {
		c    Config
		kind fail.Kind
	}{
		"another version": {Config{Snapshot: bytes.Replace(text, []byte(`"version":1`), []byte(`"version":2`), 1)}, fail.Conflict},
		"another file":    {Config{Snapshot: []byte("{}\n")}, fail.Conflict},
		"nothing":         {Config{Snapshot: []byte{}}, fail.Conflict},
		"a torn end":      {Config{Snapshot: text[:len(text)-1]}, fail.Invalid},
		"a missing end":   {Config{Snapshot: bytes.Join(lines[:len(lines)-2], nil)}, fail.Invalid},
		"a used folder":   {Config{Snapshot: text, Data: s.cfg.Data}, fail.Conflict},
		"a world file":    {Config{Snapshot: text, World: world.Builtin()}, fail.Invalid},
	} {
		if again, err := New(t.Context(), c.c); !fail.Is(err, c.kind) {
			t.Errorf("%s: %v, want the kind %s", name, err, c.kind)
			if err == nil {
				_ = again.Close()
			}
		}
	}
	unkept, _ := start(t, Config{})
	if err := unkept.Snapshot(io.Discard); !fail.Is(err, fail.Conflict) {
		t.Errorf("of a sandbox that keeps nothing: %v", err)
	}
}

func TestSnapshotOverHTTP(t *testing.T) {
	get := func(s *Sandbox) (*http.Response, string) {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/_sandbox/snapshot", nil))
		return w.Result(), w.Body.String()
	}
	s := lived(t)
	res, text := get(s)
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/x-ndjson" || text != string(snapshotOf(t, s)) {
		t.Errorf("%s %s with %d bytes", res.Status, res.Header, len(text))
	}
	unkept, _ := start(t, Config{})
	if res, text := get(unkept); res.StatusCode != http.StatusConflict || !strings.Contains(text, "--data") || res.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("without a data folder: %s %s", res.Status, text)
	}
}

// BenchmarkReplay brings back a sandbox that took 100,000 records in batches of 25.
func BenchmarkReplay(b *testing.B) {
	dir := b.TempDir()
	s, err := New(b.Context(), Config{Data: dir, Now: noon, Frozen: true})
	if err != nil {
		b.Fatal(err)
	}
	a, err := s.world.Subscribe(noon, world.Subscribe{BuyerAccount: acme, Product: inkwell})
	if err != nil {
		b.Fatal(err)
	}
	licenses := []string{a.License.ARN}
	for len(licenses) < 5_000 {
		next, err := s.world.Subscribe(noon, world.Subscribe{BuyerAccount: acme, Product: inkwell})
		if err != nil {
			b.Fatal(err)
		}
		licenses = append(licenses, next.License.ARN)
	}
	if _, err := s.time.Advance(b.Context(), noon.Add(24*time.Hour-time.Minute)); err != nil {
		b.Fatal(err)
	}
	const records = 100_000
	for n := int64(0); n < records; n += 25 {
		var body bytes.Buffer
		writeRequest(&body, licenses, n)
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/", &body)
		r.Header.Set("X-Amz-Target", "AWSMPMeteringService.BatchMeterUsage")
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20261110/us-east-1/aws-marketplace/aws4_request, SignedHeaders=host;x-amz-date, Signature=00")
		w := httptest.NewRecorder()
		if s.Handler().ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	text := new(bytes.Buffer)
	if err := s.Snapshot(text); err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		again, err := New(b.Context(), Config{Data: dir})
		if err != nil {
			b.Fatal(err)
		}
		if err := again.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/records, "ns/record")
	b.ReportMetric(float64(text.Len())/records, "B/record")
}
