package app

import (
	"net/http"
	"slices"
	"time"

	"souk.dev/souk/client"
)

// deskView is the desk: the editor, the shelf of published notes, and what was counted.
type deskView struct {
	frame
	Draft   string // the id that the next note will have
	Notes   []note
	License *client.License // nil while the gateway is away
	Usage   *usageView
	Waiting int // events that the gateway has not had yet
	Market  string
}

// getDesk shows the desk, or, to those without access, why they have none and what they can do.
func (a *App) getDesk(w http.ResponseWriter, r *http.Request) {
	who, ok := a.sessions.of(r)
	if !ok {
		a.render(w, http.StatusOK, "welcome.html", welcomeView{frame{Title: "Inkwell"}, lay(specimen)[0]})
		return
	}
	v := deskView{frame: frame{Title: "Your desk", Who: &who}, Draft: client.NewID(), Notes: a.notes.list(who.Account),
		Waiting: a.outbox.waitingFor(who.License), Market: a.cfg.Marketplace}
	if who.License == "" {
		a.render(w, http.StatusOK, "ended.html", v)
		return
	}
	l, err := a.souk.License(r.Context(), who.License)
	if err != nil {
		a.log.Warn("the gateway does not tell about a license", "license", who.License, "err", err)
		a.render(w, http.StatusOK, "desk.html", v) // people go on working; usage waits in the outbox
		return
	}
	v.License = &l
	if u, err := a.souk.Usage(r.Context(), l.ID, began(l), time.Time{}); err != nil {
		a.log.Warn("the gateway does not tell about usage", "license", l.ID, "err", err)
	} else {
		v.Usage = countUp(u.Items, a.cfg.Dimension)
	}
	if !l.State.Access() {
		a.render(w, http.StatusOK, "ended.html", v)
		return
	}
	a.render(w, http.StatusOK, "desk.html", v)
}

// began is since when usage is of interest.
func began(l client.License) time.Time {
	if l.ActivatedAt == nil {
		return time.Time{}
	}
	return *l.ActivatedAt
}

// usageView is what was counted, as the desk shows it.
type usageView struct {
	Total int64
	Hours []hourView // the newest first, at most five
}

type hourView struct {
	Hour  time.Time
	Pages client.Quantity
	State string
}

// countUp sums the dimension's hours.
func countUp(hours []client.HourUsage, dimension string) *usageView {
	v := &usageView{}
	for _, h := range hours {
		if h.Dimension != dimension {
			continue
		}
		n, _ := h.Accepted.Int64() // pages are whole: publish.go reports no others
		v.Total += n
		v.Hours = append(v.Hours, hourView{h.Hour, h.Accepted, stateOf(h)})
	}
	slices.SortFunc(v.Hours, func(a, b hourView) int { return b.Hour.Compare(a.Hour) })
	v.Hours = v.Hours[:min(len(v.Hours), 5)]
	return v
}

// stateOf is how far an hour has come on its way to the bill.
func stateOf(h client.HourUsage) string {
	switch {
	case some(h.Unbillable):
		return "not billed"
	case some(h.Honoured):
		return "on the bill"
	case some(h.Sent), some(h.Sealed):
		return "on its way to AWS"
	}
	return "counting"
}

func some(q client.Quantity) bool { return q != "" && q != "0" }

// stamp is the time of usage that happens now; see [Config].
func (a *App) stamp() time.Time {
	if !a.cfg.Stamp {
		return time.Time{}
	}
	return now()
}
