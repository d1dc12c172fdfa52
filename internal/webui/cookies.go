package webui

import (
	"net/http"
	"time"
)

// Cookies are what a site keeps in a browser. On https their names begin with __Host-, by which browsers promise that no
// other host, and nobody on plain http, has set them.
type Cookies struct {
	Secure bool // browsers reach the site over https
}

func (c Cookies) name(plain string) string {
	if c.Secure {
		return "__Host-" + plain
	}
	return plain
}

// Set keeps value in the browser for life; a life of 0 takes it away. Lax: the cookie comes along when a link or a redirect
// of another site leads here, and not when another site posts a form.
func (c Cookies) Set(w http.ResponseWriter, name, value string, life time.Duration) {
	k := &http.Cookie{Name: c.name(name), Value: value, Path: "/", HttpOnly: true, Secure: c.Secure,
		SameSite: http.SameSiteLaxMode, MaxAge: int(life / time.Second)}
	if life <= 0 {
		k.MaxAge = -1
	}
	http.SetCookie(w, k)
}

// Get is what the browser keeps under name; "" if nothing.
func (c Cookies) Get(r *http.Request, name string) string {
	k, err := r.Cookie(c.name(name))
	if err != nil {
		return ""
	}
	return k.Value
}
