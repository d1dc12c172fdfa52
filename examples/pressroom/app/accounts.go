package app

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"souk.dev/souk/client"
)

// customer is somebody with an account.
type customer struct {
	ID    string // what the gateway knows them by; it never means another
	Email string
	Name  string

	salt, hash []byte
	licenses   []string // guarded by accounts.mu
}

// session is what one browser is at: a registration that waits for an account, or a customer who is signed in.
type session struct {
	registration *client.Registration
	customer     *customer
}

// accounts are the customers and their browsers.
type accounts struct {
	mu       sync.Mutex
	byEmail  map[string]*customer
	sessions map[string]session // by the random text in the browser's cookie
}

func newAccounts() *accounts {
	return &accounts{byEmail: map[string]*customer{}, sessions: map[string]session{}}
}

// rounds is PBKDF2's cost. Source: OWASP Password Storage Cheat Sheet, PBKDF2-HMAC-SHA256.
const rounds = 600_000

func hashOf(password string, salt []byte) ([]byte, error) {
	return pbkdf2.Key(sha256.New, password, salt, rounds, 32)
}

// refusal is a sentence for the person at the form.
type refusal string

func (r refusal) Error() string { return string(r) }

// signUp makes an account, or refuses with a [refusal].
func (a *accounts) signUp(email, name, password string) (*customer, error) {
	if at, err := mail.ParseAddress(email); err != nil || at.Address != email {
		return nil, refusal("Enter an e-mail address, like name@example.com.")
	}
	if len(password) < 10 || name == "" {
		return nil, refusal("Enter your name, and a password of 10 characters or more.")
	}
	c := &customer{ID: "customer-" + strings.ToLower(rand.Text()), Email: email, Name: name, salt: []byte(rand.Text())}
	var err error
	if c.hash, err = hashOf(password, c.salt); err != nil {
		return nil, err
	}
	a.mu.Lock()
	_, taken := a.byEmail[strings.ToLower(email)]
	if !taken {
		a.byEmail[strings.ToLower(email)] = c
	}
	a.mu.Unlock()
	if taken { // with the right password, filling in the form once more is no mistake
		return a.signIn(email, password)
	}
	return c, nil
}

// signIn finds whose e-mail address and password these are, or refuses with a [refusal]. A product in earnest also slows down who guesses.
func (a *accounts) signIn(email, password string) (*customer, error) {
	a.mu.Lock()
	c := a.byEmail[strings.ToLower(email)]
	a.mu.Unlock()
	known := c != nil
	if !known {
		c = &customer{salt: []byte("nobody")} // costs as much time as a wrong password
	}
	hash, err := hashOf(password, c.salt)
	if err != nil {
		return nil, err
	}
	if !known || subtle.ConstantTimeCompare(hash, c.hash) != 1 {
		return nil, refusal("E-mail address and password do not belong together.")
	}
	return c, nil
}

// owns notes that the license is c's.
func (a *accounts) owns(c *customer, license string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Contains(c.licenses, license) {
		c.licenses = append(c.licenses, license)
	}
}

func (a *accounts) licensesOf(c *customer) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(c.licenses)
}

const cookieName = "pressroom_session"

// begin makes s what the browser is at, under a name that nobody has seen before.
func (a *accounts) begin(w http.ResponseWriter, r *http.Request, s session) {
	a.forget(r)
	id := rand.Text()
	a.mu.Lock()
	a.sessions[id] = s
	a.mu.Unlock()
	setCookie(w, r, id, 24*time.Hour)
}

// session is what the browser is at; the zero session for nothing.
func (a *accounts) session(r *http.Request) session {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return session{}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sessions[c.Value]
}

func (a *accounts) end(w http.ResponseWriter, r *http.Request) {
	a.forget(r)
	setCookie(w, r, "", -time.Second)
}

func (a *accounts) forget(r *http.Request) {
	if c, err := r.Cookie(cookieName); err == nil {
		a.mu.Lock()
		delete(a.sessions, c.Value)
		a.mu.Unlock()
	}
}

func setCookie(w http.ResponseWriter, r *http.Request, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure(r)})
}
