// Package clienttest is a gateway for tests of programs that use package client: it behaves as the real one does
// towards them, keeps everything in memory, can be told to fail, and has a ledger that a test can read.
package clienttest

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"souk.dev/souk/client"
)

// Key is the API key that the server takes.
const Key = "souk_test"

// Server is a gateway on a free port of this machine.
type Server struct {
	URL string

	srv *http.Server

	mu       sync.Mutex
	licenses []client.License
	signIns  map[string]client.SignIn

	handles       map[string]string // the registration's ID; empty once the handle is redeemed
	registrations map[string]client.Registration
	customers     map[string]client.Customer // by reference

	checks    map[string]client.Check // by license and dimension, with a blank between
	finalized map[string]bool

	events  []client.Event
	known   map[string]client.Event
	answers map[string]func(http.ResponseWriter) // by Idempotency-Key
	away    int
	status  int
	lost    int
}

// New starts a server. Close it when the test is done: t.Cleanup(s.Close).
func New() *Server {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic("clienttest: " + err.Error()) // a machine without loopback runs no tests
	}
	s := &Server{URL: "http://" + ln.Addr().String(), signIns: map[string]client.SignIn{}, checks: map[string]client.Check{}, finalized: map[string]bool{}, handles: map[string]string{}, registrations: map[string]client.Registration{}, customers: map[string]client.Customer{}, known: map[string]client.Event{}, answers: map[string]func(http.ResponseWriter){}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/events", s.postEvents)
	mux.HandleFunc("GET /v1/licenses", s.getLicenses)
	mux.HandleFunc("GET /v1/licenses/{id}", s.getLicense)
	mux.HandleFunc("GET /v1/licenses/{id}/usage", s.getUsage)
	mux.HandleFunc("GET /v1/licenses/{id}/check", s.getCheck)
	mux.HandleFunc("POST /v1/licenses/{id}/finalize", s.postFinalize)
	mux.HandleFunc("POST /v1/registrations/{handle}/redeem", s.postRedeemRegistration)
	mux.HandleFunc("POST /v1/registrations/{id}/complete", s.postComplete)
	mux.HandleFunc("POST /v1/signins/{handle}/redeem", s.postRedeem)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusNotFound, "no_such_call", "There is no such call here.")
	})
	s.srv = &http.Server{Handler: s.faults(mux), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.srv.Serve(ln) }()
	return s
}

// Close stops the server.
func (s *Server) Close() { _ = s.srv.Close() }

// Client is a client of the server that is quick to repeat.
func (s *Server) Client(opts ...client.Option) *client.Client {
	quick := client.WithRetries(5, time.Millisecond, 5*time.Millisecond)
	c, err := client.New(s.URL, Key, append([]client.Option{quick}, opts...)...)
	if err != nil {
		panic("clienttest: " + err.Error())
	}
	return c
}

// AddLicense makes a license known, or replaces the one with its ID.
func (s *Server) AddLicense(l client.License) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.licenses {
		if s.licenses[i].ID == l.ID {
			s.licenses[i] = l
			return
		}
	}
	s.licenses = append(s.licenses, l)
}

// AddSignIn makes a handle that can be redeemed once.
func (s *Server) AddSignIn(handle string, who client.SignIn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signIns[handle] = who
}

// Refuse makes the next n requests fail with status before anything happens.
func (s *Server) Refuse(n, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away, s.status = n, status
}

// LoseAnswers makes the next n requests take effect and then break off without an answer.
func (s *Server) LoseAnswers(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = n
}

// Events lists the events that were counted, each once, in the order in which they came.
func (s *Server) Events() []client.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]client.Event(nil), s.events...)
}

// Total is the usage counted for a license, named as the events name it, in a dimension.
func (s *Server) Total(license, dimension string) client.Quantity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total(func(e client.Event) bool { return e.License == license && e.Dimension == dimension })
}

func (s *Server) total(counts func(client.Event) bool) client.Quantity {
	sum := new(big.Rat)
	for _, e := range s.events {
		if counts(e) {
			q, _ := new(big.Rat).SetString(string(e.Quantity)) // was checked when it came
			sum.Add(sum, q)
		}
	}
	text := sum.FloatString(6)
	return client.Quantity(strings.TrimSuffix(strings.TrimRight(text, "0"), "."))
}

// faults checks the key and does what [Server.Refuse] and [Server.LoseAnswers] were told.
func (s *Server) faults(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+Key {
			problem(w, http.StatusUnauthorized, "bad_key", "The API key is unknown or was revoked; make one with souk keys create.")
			return
		}
		s.mu.Lock()
		refuse, status := s.away > 0, s.status
		if refuse {
			s.away--
		}
		lose := !refuse && s.lost > 0
		if lose {
			s.lost--
		}
		s.mu.Unlock()
		switch {
		case refuse:
			problem(w, status, "", "The gateway was told to refuse.")
		case lose:
			next.ServeHTTP(unheard{http.Header{}}, r)
			panic(http.ErrAbortHandler)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// unheard swallows an answer.
type unheard struct{ header http.Header }

func (u unheard) Header() http.Header         { return u.header }
func (u unheard) Write(p []byte) (int, error) { return len(p), nil }
func (u unheard) WriteHeader(int)             {}

func problem(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	answer(w, client.Problem{Title: http.StatusText(status), Status: status, Detail: detail, Code: code})
}

func answer(w http.ResponseWriter, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil && !strings.Contains(err.Error(), "connection") {
		panic(fmt.Sprintf("clienttest: encode %T: %v", v, err))
	}
}
