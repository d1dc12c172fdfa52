package storefront

import (
	"crypto/rand"
	"net/http"
	"sync"

	"souk.dev/souk/internal/webui"
)

const (
	noteCookie = "souk_sandbox_note"
	notesKept  = 256
)

// notes are what acts have to say on the page that follows their redirect. The cookie has only the note's random
// name, so that nobody can put words on a page; a note is shown once.
type notes struct {
	mu    sync.Mutex
	byID  map[string]webui.Notice
	order []string
}

func newNotes() *notes { return &notes{byID: map[string]webui.Notice{}} }

// leave keeps n for the next page of this visitor.
func (n *notes) leave(w http.ResponseWriter, note webui.Notice) {
	id := rand.Text()
	n.mu.Lock()
	n.byID[id] = note
	n.order = append(n.order, id)
	if len(n.order) > notesKept {
		delete(n.byID, n.order[0])
		n.order = n.order[1:]
	}
	n.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: noteCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 60})
}

// take is the note left for this visitor, if there is one.
func (n *notes) take(w http.ResponseWriter, r *http.Request) webui.Notice {
	c, err := r.Cookie(noteCookie)
	if err != nil {
		return webui.Notice{}
	}
	n.mu.Lock()
	note := n.byID[c.Value]
	delete(n.byID, c.Value)
	n.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: noteCookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: -1})
	return note
}
