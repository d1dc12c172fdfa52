package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/chat"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/webui"
)

type alertsView struct {
	Page
	Filters []filter
	State   alert.State
	Rows    []alertRow
	Older   string
	Chats   []chatRow
}

// Nothing is what stands where the list would.
func (v alertsView) Nothing() webui.Empty {
	if v.State != "" {
		return webui.Empty{Title: "No alert fits", Href: "/console/alerts", Label: "Show all alerts"}
	}
	return webui.Empty{Title: "There was never anything to look at", Text: "What somebody should look at is kept here: usage that is not billed, records that AWS refuses, notices that cannot be read, deliveries that were given up."}
}

// alertRow is an alert in a list.
type alertRow struct {
	alert.Alert
	Title string // of the product; empty where it is about none
}

// Means is what it is about, in words.
func (a alertRow) Means() string { return capital(a.Kind.Means()) }

// Href is the alert's own page.
func (a alertRow) Href() string { return "/console/alerts/" + url.PathEscape(string(a.ID)) }

// LicenseHref is the page of the licence that it is about.
func (a alertRow) LicenseHref() string {
	return "/console/licenses/" + url.PathEscape(string(a.License))
}

// AboutHref is the page on which it shows; empty where there is none.
func (a alertRow) AboutHref() string {
	places := map[outbox.Kind]string{outbox.AlertRecordsRefused: "records", outbox.AlertDeadlineNear: "records", outbox.AlertUsageUnbilled: "records",
		outbox.AlertProductUnknown: "notices", outbox.AlertNoticeUnread: "notices", outbox.AlertDeliveryDead: "deliveries"}
	if place := places[a.Kind]; place != "" && a.About != "" {
		return "/console/" + place + "/" + url.PathEscape(a.About)
	}
	return ""
}

// chatRow is a room of a chat.
type chatRow struct{ chat.Room }

// TestHref is where a test is asked for.
func (c chatRow) TestHref() string { return "/console/chats/" + url.PathEscape(c.Name) + "/test" }

// Kinds are those that it is told, as one text.
func (c chatRow) Kinds() string { return strings.Join(c.Events, ", ") }

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func (c *Console) alertRow(a alert.Alert) alertRow {
	row := alertRow{Alert: a}
	if a.Product != "" {
		row.Title = c.title(a.Product)
	}
	return row
}

// getAlerts lists what somebody should look at, or should have: the one found last first.
func (c *Console) getAlerts(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	const place = "/console/alerts"
	q := r.URL.Query()
	view := alertsView{Page: page, State: alert.State(q.Get("state"))}
	view.Filters = []filter{{"All", place, -1, view.State == ""}}
	for _, s := range alert.States() {
		view.Filters = append(view.Filters, filter{webui.Words(s), address(place, "state", string(s)), -1, view.State == s})
	}
	query := alert.Query{State: view.State, Limit: pageSize + 1}
	if at, err := strconv.ParseInt(q.Get("at"), 10, 64); err == nil {
		query.After = alert.Cursor{At: time.UnixMicro(at).UTC(), ID: alert.ID(q.Get("before"))}
	}
	list, err := c.Alerts.Alerts(r.Context(), query)
	if err != nil {
		return err
	}
	view.Rows, view.Older = pageOf(list, c.alertRow, func(last alert.Alert) string {
		return address(place, "state", string(view.State), "before", string(last.ID), "at", strconv.FormatInt(last.At.UnixMicro(), 10))
	})
	for _, room := range c.Chats.Rooms() {
		view.Chats = append(view.Chats, chatRow{room})
	}
	return c.ui.Render(w, http.StatusOK, "alerts", view)
}

type alertView struct {
	Page
	alertRow
}

func (c *Console) getAlert(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	a, err := c.Alerts.Alert(r.Context(), alert.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	return c.ui.Render(w, http.StatusOK, "alert", alertView{page, c.alertRow(a)})
}

// postChatTest has a room told that this is a test, and shows what becomes of it.
func (c *Console) postChatTest(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	name := r.PathValue("id")
	var sent outbox.Delivery
	err := c.Audit.Do(r.Context(), actor(r, who), audit.ChatTested, name, "", func() (err error) {
		sent, err = c.Chats.Test(r.Context(), name)
		return err
	})
	if err != nil {
		return err
	}
	seeOther(w, r, "/console/deliveries/"+url.PathEscape(string(sent.ID)))
	return nil
}
