package console

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/letter"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/webui"
)

type deliveriesView struct {
	Page
	Filters []filter
	State   outbox.State
	License core.LicenseID
	Rows    []deliveryRow
	Older   string
}

// Nothing is what stands where the list would.
func (v deliveriesView) Nothing() webui.Empty {
	if v.State != "" || v.License != "" {
		return webui.Empty{Title: "No delivery fits", Href: "/console/deliveries", Label: "Show all deliveries"}
	}
	return webui.Empty{Title: "Nothing has been told yet", Text: "What happens is told to your webhooks and, by mail, to the customers whom it concerns, where either is set up."}
}

// deliveryRow is a delivery in a list.
type deliveryRow struct{ outbox.Delivery }

// Href is the delivery's own page.
func (d deliveryRow) Href() string { return "/console/deliveries/" + url.PathEscape(string(d.ID)) }

// LicenseHref is the page of the licence that it is about.
func (d deliveryRow) LicenseHref() string { return "/console/licenses/" + string(d.License) }

// ToHref is the page of whom it goes to; empty where there is none.
func (d deliveryRow) ToHref() string {
	if d.Channel == letter.Channel {
		return "/console/accounts/" + url.PathEscape(d.To)
	}
	return ""
}

var deliveryStates = []outbox.State{outbox.Pending, outbox.Delivered, outbox.Dead, outbox.Dropped}

// getDeliveries lists what was told to whom, the newest first.
func (c *Console) getDeliveries(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	const place = "/console/deliveries"
	q := r.URL.Query()
	view := deliveriesView{Page: page, State: outbox.State(q.Get("state")), License: core.LicenseID(q.Get("license"))}
	view.Filters = []filter{{"All", address(place, "license", string(view.License)), -1, view.State == ""}}
	for _, s := range deliveryStates {
		view.Filters = append(view.Filters, filter{webui.Words(s), address(place, "license", string(view.License), "state", string(s)), -1, view.State == s})
	}
	query := outbox.Query{License: view.License, Limit: pageSize + 1}
	if view.State != "" {
		query.States = []outbox.State{view.State}
	}
	if at, err := strconv.ParseInt(q.Get("at"), 10, 64); err == nil {
		query.After = outbox.Cursor{At: time.UnixMicro(at).UTC(), ID: outbox.DeliveryID(q.Get("before"))}
	}
	list, err := c.Outbox.Deliveries(r.Context(), query)
	if err != nil {
		return err
	}
	view.Rows, view.Older = pageOf(list, func(d outbox.Delivery) deliveryRow { return deliveryRow{d} }, func(last outbox.Delivery) string {
		return address(place, "license", string(view.License), "state", string(view.State), "before", string(last.ID), "at", strconv.FormatInt(last.CreatedAt.UnixMicro(), 10))
	})
	return c.ui.Render(w, http.StatusOK, "deliveries", view)
}

type deliveryView struct {
	Page
	deliveryRow
	Told     outbox.Event
	Attempts []outbox.Attempt // the newest first
}

func (c *Console) getDelivery(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	d, e, tries, err := c.Outbox.Delivery(r.Context(), outbox.DeliveryID(r.PathValue("id")))
	if err != nil {
		return err
	}
	if r.URL.Query().Has("sent-again") {
		page.Said = webui.Notice{Tone: webui.Success, Title: "It is sent again", Text: "It is tried at once, and for three days if need be."}
	}
	view := deliveryView{Page: page, deliveryRow: deliveryRow{d}, Told: e}
	for i := range tries {
		view.Attempts = append(view.Attempts, tries[len(tries)-1-i])
	}
	return c.ui.Render(w, http.StatusOK, "delivery", view)
}

// postSendAgain has a delivery carried again, whatever became of it.
func (c *Console) postSendAgain(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	id := r.PathValue("id")
	err := c.Audit.Do(r.Context(), actor(r, who), audit.DeliveryReplayed, id, "", func() error {
		_, err := c.Outbox.Resend(r.Context(), outbox.DeliveryID(id))
		return err
	})
	if err != nil {
		return err
	}
	seeOther(w, r, "/console/deliveries/"+url.PathEscape(id)+"?sent-again")
	return nil
}

// aWeek is for how long the overview tells of a delivery that was given up: who has seen it need not be told for ever.
const aWeek = 7 * 24 * time.Hour

// undelivered counts the deliveries of the last week that were given up, up to maxToDo.
func (c *Console) undelivered(r *http.Request) (int, error) {
	list, err := c.Outbox.Deliveries(r.Context(), outbox.Query{States: []outbox.State{outbox.Dead}, From: c.Clock.Now().Add(-aWeek), Limit: maxToDo})
	return len(list), err
}
