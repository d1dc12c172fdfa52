package harness

import (
	"encoding/json"
	"testing"
)

// Gateway is a seller's side in a process of its own, and a client of its API.
type Gateway struct {
	Proc *Process
	API
	Database string // its URL
	Binary   string // the program that Again starts; empty: the one under test

	env, args []string
}

// Again starts the process, anew after it was killed, and waits until it is ready.
func (g *Gateway) Again() {
	g.t.Helper()
	binary := g.Binary
	if binary == "" {
		binary = Binary(g.t)
	}
	g.Proc = StartProgram(g.t, binary, g.env, g.args...)
	g.Proc.ready(g.URL + "/readyz")
}

// StartGateway starts a gateway on addr (empty: a free port) with its books in the database of that URL; it follows s's clock
// and meters to it. It has an API key when it is ready.
func StartGateway(t testing.TB, s *Sandbox, addr, database string, args ...string) *Gateway {
	t.Helper()
	if addr == "" {
		addr = FreeAddress(t)
	}
	g := &Gateway{API: API{URL: "http://" + addr, t: t}, Database: database, env: s.Env(),
		args: append([]string{"gateway", "--listen", addr, "--database", database}, args...)}
	g.Again()

	made := Start(t, nil, "keys", "create", "--name", "test", "--json", "--database", database)
	if code := made.Wait(); code != 0 {
		t.Fatalf("souk keys create ends with %d: %s", code, made.Log())
	}
	var key struct{ Key string }
	if err := json.Unmarshal([]byte(made.Output()), &key); err != nil || key.Key == "" {
		t.Fatalf("souk keys create says %q: %v", made.Output(), err)
	}
	g.Key = key.Key
	return g
}
