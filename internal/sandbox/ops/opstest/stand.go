// Package opstest is the stand on which the operations of AWS's APIs are tested: the front door with the services that
// a test wants, on a world of its own whose clock is moved by hand.
//
// It owns: that world's start, calls in every protocol, reading of errors, and what of an answer is held against a
// golden file. It does not own what is asked or expected: each service's tests do. It helps tests only.
package opstest

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/profile"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// Noon is when every stand's clock starts.
var Noon = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)

// The accounts and some products (by their codes) of the built-in world.
const (
	Seller       = "444455556666"
	Acme         = "111122223333"
	Globex       = "222233334444"
	Inkwell      = "1nkwe11payasyoug0abcdefgh" // pay as you go
	Classic      = "1nkwe11c1ass1c0abcdefghij" // pay as you go, legacy
	Teams        = "1nkwe11teams00upfr0ntabcd" // contract
	Press        = "1nkwe11press00t1eredabcde" // contract with consumption, in tiers
	ClassicTeams = "1nkwe11c1ass1cteamsabcdef" // contract, legacy
)

// Stand is a front door and what is behind it.
type Stand struct {
	*wire.Front
	T     testing.TB
	Clock *clock.Virtual
	World *world.World
}

// Open puts services in front of the built-in world.
func Open(t testing.TB, services ...func(*world.World) wire.Service) *Stand {
	t.Helper()
	return OpenWorld(t, world.Builtin(), services...)
}

// OpenWorld puts services in front of the world of file.
func OpenWorld(t testing.TB, file *world.File, services ...func(*world.World) wire.Service) *Stand {
	t.Helper()
	w, err := world.New(world.Options{File: file, Seed: 1, FulfillmentURL: "http://127.0.0.1:4710/register"})
	if err != nil {
		t.Fatal(err)
	}
	clk := clock.NewVirtual(Noon)
	s := &Stand{T: t, Clock: clk, World: w, Front: &wire.Front{Clock: clk, Accounts: w, Faults: &fault.Set{}, Calls: &wire.Calls{}, Log: slog.New(slog.DiscardHandler),
		Namespaced: func() bool { return w.Profiles().Is(profile.ErrorType, profile.NamespacedName) }}}
	for _, service := range services {
		s.Register(service(w))
	}
	return s
}

// Choose sets profiles.
func (s *Stand) Choose(choices map[string]string) {
	s.T.Helper()
	if err := s.World.SetProfiles(s.Clock.Now(), choices); err != nil {
		s.T.Fatal(err)
	}
}

// Pass lets time go on, with all that falls due.
func (s *Stand) Pass(d time.Duration) {
	s.T.Helper()
	s.Clock.Set(s.Clock.Now().Add(d))
	for {
		more, err := s.World.RunDue(s.Clock.Now())
		if err != nil {
			s.T.Fatal(err)
		}
		if !more {
			return
		}
	}
}

// Buy accepts a product's public offer; terms are a contract's.
func (s *Stand) Buy(buyer, product string, terms ...world.Terms) world.Agreement {
	s.T.Helper()
	in := world.Subscribe{BuyerAccount: buyer, Product: product}
	for _, t := range terms {
		in.Terms = t
	}
	a, err := s.World.Subscribe(s.Clock.Now(), in)
	if err != nil {
		s.T.Fatal(err)
	}
	return a
}

// Break switches a fault on.
func (s *Stand) Break(r fault.Rule) {
	s.T.Helper()
	if _, err := s.Faults.Add(r); err != nil {
		s.T.Fatal(err)
	}
}

// Key is the access key of an account: a buyer's own, or any other for the seller.
func (s *Stand) Key(account string) string {
	s.T.Helper()
	if account == Seller {
		return "AKIDEXAMPLE"
	}
	k, err := s.World.BuyerKey(account)
	if err != nil {
		s.T.Fatal(err)
	}
	return k.ID
}

// Send sends r as account, signed (without a signature that anybody checks) for us-east-1 unless it has an
// Authorization of its own.
func (s *Stand) Send(account string, r *http.Request) *httptest.ResponseRecorder {
	s.T.Helper()
	if r.Header.Get("Authorization") == "" {
		r.Header.Set("Authorization", Signed(s.Key(account), "us-east-1"))
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// Signed is an Authorization with the key of that name, for a Region.
func Signed(key, region string) string {
	return "AWS4-HMAC-SHA256 Credential=" + key + "/20261110/" + region + "/aws-marketplace/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"
}
