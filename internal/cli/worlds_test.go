package cli

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"souk.dev/souk/client"
	"souk.dev/souk/internal/gateway"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/sandbox"
)

// A gateway that is given a named world's variables meters to that world, hears its notices and follows its clock; of the
// other worlds at the same address it sees nothing.
func TestGatewaysFollowNamedWorlds(t *testing.T) {
	main := openTestMarket(t)
	var worlds [2]string
	var gateways [2]*client.Client
	for i, name := range []string{"blue", "red"} {
		code, text, stderr := souk(t, "world", "make", name, "--frozen", "--now", "2026-11-02T09:00:00Z", "--json", "--sandbox", main)
		var made struct{ URL string }
		if err := json.Unmarshal([]byte(text), &made); code != exitDone || err != nil {
			t.Fatalf("%d %v %s", code, err, stderr)
		}
		worlds[i] = made.URL
		gateways[i] = openGatewayAt(t, made.URL)
	}
	var bought agreement
	_, text, _ := souk(t, "buy", "--product", "1nkwe11payasyoug0abcdefgh", "--buyer", "111122223333", "--json", "--sandbox", worlds[0])
	if err := json.Unmarshal([]byte(text), &bought); err != nil {
		t.Fatal(err, text)
	}
	var state clockState
	_, text, _ = souk(t, "clock", "--advance", "10m", "--json", "--sandbox", worlds[0])
	if err := json.Unmarshal([]byte(text), &state); err != nil || len(state.Followers) != 1 || len(state.Silent) != 0 {
		t.Fatalf("%v: %s", err, text)
	}
	for i, want := range []int{http.StatusOK, http.StatusNotFound} {
		l, err := gateways[i].License(t.Context(), bought.LicenseARN)
		if (want == http.StatusOK) != (err == nil) || (err != nil && !client.IsStatus(err, want)) {
			t.Errorf("gateway %d: %+v, %v", i, l, err)
		}
		if err == nil && l.State != "active" {
			t.Errorf("it is %s", l.State)
		}
	}
	if code, _, stderr := souk(t, "world", "end", "red", "--sandbox", main); code != exitDone {
		t.Errorf("end it: %s", stderr)
	}
	if _, text, _ := souk(t, "world", "list", "--json", "--sandbox", main); len(text) == 0 || json.Valid([]byte(text)) != true {
		t.Errorf("one world is left: %s", text)
	}
}

// openGatewayAt opens a gateway by the word of the world at url.
func openGatewayAt(t *testing.T, url string) *client.Client {
	t.Helper()
	c, _, _ := openGateway(t, url)
	return c
}

// openGateway is openGatewayAt, and tells the gateway's address and database.
func openGateway(t *testing.T, url string) (_ *client.Client, address, database string) {
	t.Helper()
	env, err := marketplaceAt(url).env(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var products productsValue
	if err := products.Set(env["SOUK_PRODUCTS"]); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(nil)
	base := "http://" + srv.Listener.Addr().String()
	database = storetest.File(t, filepath.Join(storetest.Dir(t), "gateway.db"))
	g, err := gateway.New(t.Context(), gateway.Config{
		DatabaseURL: database, BaseURL: base, QueueURL: env["SOUK_QUEUE_URL"], ClockURL: env["SOUK_CLOCK"], InstanceName: "gateway",
		Endpoint: env["AWS_ENDPOINT_URL"], Region: env["AWS_REGION"], AccessKeyID: env["AWS_ACCESS_KEY_ID"], SecretAccessKey: env["AWS_SECRET_ACCESS_KEY"],
		Products: core.Catalogue(products), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	key, err := standingKey(t.Context(), database, filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = g.Handler()
	srv.Start()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { _ = g.Run(ctx); close(done) }()
	t.Cleanup(func() {
		srv.CloseClientConnections()
		cancel()
		<-done
		srv.Close()
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := client.New(base, key)
	if err != nil {
		t.Fatal(err)
	}
	return c, base, database
}

// openTestMarket opens a marketplace alone, whose clock stands still.
func openTestMarket(t *testing.T) (url string) {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	w, err := sandbox.Open(t.Context(), sandbox.Config{Now: demoBegins, Frozen: true, BaseURL: "http://" + srv.Listener.Addr().String(), Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = w.Handler()
	srv.Start()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { _ = w.Run(ctx); close(done) }()
	t.Cleanup(func() {
		srv.CloseClientConnections()
		cancel()
		<-done
		srv.Close()
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return srv.URL
}
