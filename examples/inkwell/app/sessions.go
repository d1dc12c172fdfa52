package app

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
)

// session is a person who is signed in to Inkwell. Who they are was told by the gateway, never by their browser.
type session struct {
	Account string `json:"account"`
	Email   string `json:"email"`
	License string `json:"license"` // the gateway's id; empty for a person without a subscription
}

// sessions keeps who is signed in, in one small file, so that a restart signs nobody out.
type sessions struct {
	path string

	mu   sync.Mutex
	open map[string]session // by the random text in the browser's cookie
}

func openSessions(path string) (*sessions, error) {
	s := &sessions{path: path, open: map[string]session{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &s.open)
	}
	if err != nil {
		return nil, fmt.Errorf("read the sessions: %w", err)
	}
	return s, nil
}

func (s *sessions) save() error {
	data, err := json.Marshal(s.open)
	if err != nil {
		return err
	}
	return writeFile(s.path, data)
}

const (
	sessionCookie = "inkwell_session"
	stateCookie   = "inkwell_state"
)

// start signs who in, on this browser.
func (s *sessions) start(w http.ResponseWriter, r *http.Request, who session) error {
	id := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[id] = who
	if err := s.save(); err != nil {
		return err
	}
	setCookie(w, r, sessionCookie, id, 30*24*3600)
	return nil
}

// of tells who is signed in on this browser.
func (s *sessions) of(r *http.Request) (session, bool) {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return session{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	who, ok := s.open[c.Value]
	return who, ok
}

// end signs this browser out.
func (s *sessions) end(w http.ResponseWriter, r *http.Request) error {
	if c, err := r.Cookie(sessionCookie); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, c.Value)
		if err := s.save(); err != nil {
			return err
		}
	}
	setCookie(w, r, sessionCookie, "", -1)
	return nil
}

// setCookie sets a cookie that no script reads and no other site's form sends; seconds < 0 removes it.
func setCookie(w http.ResponseWriter, r *http.Request, name, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds,
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"),
	})
}
