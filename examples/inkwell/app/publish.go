package app

import (
	"errors"
	"net/http"
	"strings"

	"souk.dev/souk/client"
)

// maxText is the longest note, in bytes.
const maxText = 200_000

// postPublish prints a note. The order matters: the usage is on disk before the note is, the note before anything is
// confirmed, and the gateway is told before the buyer is. The event's ID is the draft's, so that a form sent twice, a
// crash in between or a lost answer counts the pages once.
func (a *App) postPublish(w http.ResponseWriter, r *http.Request) {
	who, ok := a.sessions.of(r)
	if !ok {
		http.Redirect(w, r, "/signin", http.StatusSeeOther)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 4*maxText)
	if err := r.ParseForm(); err != nil {
		a.fail(w, http.StatusRequestEntityTooLarge, "That is too long for one note", "Publish it in parts.", "/", "Back to the desk")
		return
	}
	n := note{ID: r.PostFormValue("draft"), Account: who.Account, Text: strings.TrimSpace(r.PostFormValue("text"))}
	if had, ok := a.notes.get(who.Account, n.ID); ok {
		http.Redirect(w, r, "/notes/"+had.ID, http.StatusSeeOther)
		return
	}
	pages := lay(n.Text)
	if len(pages) == 0 || len(n.Text) > maxText || !noteID.MatchString(n.ID) {
		http.Redirect(w, r, "/", http.StatusSeeOther) // the form itself asks for what is missing
		return
	}
	if l, err := a.souk.License(r.Context(), who.License); err == nil && !l.State.Access() {
		http.Redirect(w, r, "/", http.StatusSeeOther) // the desk says why
		return
	}
	n.Title, n.Pages = titleOf(n.Text), len(pages)
	used := client.Event{ID: n.ID, License: who.License, Dimension: a.cfg.Dimension, Quantity: client.Whole(int64(n.Pages)), Time: a.stamp()}
	if err := a.outbox.put(used); err != nil {
		a.broken(w, "keep the usage", err)
		return
	}
	n, err := a.notes.add(n)
	if err != nil {
		a.outbox.done(used)
		if errors.Is(err, errOthersNote) {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		a.broken(w, "keep the note", err)
		return
	}
	if err := a.outbox.report(r.Context(), a.souk, a.log); err != nil {
		a.log.Warn("usage could not be reported at once", "err", err)
		a.outbox.wake()
	}
	http.Redirect(w, r, "/notes/"+n.ID, http.StatusSeeOther)
}

func (a *App) getNote(w http.ResponseWriter, r *http.Request) {
	who, ok := a.sessions.of(r)
	if !ok {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	n, ok := a.notes.get(who.Account, r.PathValue("id"))
	if !ok {
		a.fail(w, http.StatusNotFound, "There is no such note", "It may be another account's.", "/", "Back to the desk")
		return
	}
	a.render(w, http.StatusOK, "note.html", noteView{frame: frame{Title: n.Title, Who: &who}, Note: n, Pages: lay(n.Text)})
}
