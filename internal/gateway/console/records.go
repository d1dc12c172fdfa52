package console

import (
	"errors"
	"net/http"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/webui"
)

type recordsView struct {
	Page
	Filters []filter
	State   metering.State
	License core.LicenseID
	Rows    []recordRow
	Older   string
}

// Nothing is what stands where the list would.
func (v recordsView) Nothing() webui.Empty {
	if v.State != "" || v.License != "" {
		return webui.Empty{Title: "No record fits", Href: "/console/records", Label: "Show all records"}
	}
	return webui.Empty{Title: "No records yet", Text: "Usage is sealed into a record a few minutes after its hour ends, and sent to AWS at once."}
}

// recordRow is a metering record in a list.
type recordRow struct {
	metering.Record
	Explained metering.Explanation
	Name      string // of the dimension
	Product   string
	Buyer     string
}

// Href is the record's own page.
func (r recordRow) Href() string { return "/console/records/" + r.ID }

// LicenseHref is its licence's page.
func (r recordRow) LicenseHref() string { return "/console/licenses/" + string(r.License) }

func (c *Console) recordRow(r metering.Record) recordRow {
	row := recordRow{Record: r, Explained: r.Explain(), Name: nameOf(c.Products.Product(r.Product).Measure(r.Dimension)), Product: c.title(r.Product)}
	if l, ok := c.Book.ByID(r.License); ok {
		row.Buyer = c.licenseRow(l).Buyer()
	}
	return row
}

var recordStates = []metering.State{metering.Waiting, metering.Sending, metering.Parked, metering.Honoured, metering.Carried, metering.Unbillable}

// getRecords lists metering records, the newest hour first.
func (c *Console) getRecords(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	view := recordsView{Page: page, State: metering.State(q.Get("state")), License: core.LicenseID(q.Get("license"))}
	counts, err := c.Records(r.Context())
	if err != nil {
		return err
	}
	view.Filters = []filter{{"All", address("/console/records", "license", string(view.License)), -1, view.State == ""}}
	for _, s := range recordStates {
		n := counts[string(s)]
		if view.License != "" {
			n = -1
		}
		view.Filters = append(view.Filters, filter{webui.Words(s), address("/console/records", "license", string(view.License), "state", string(s)), n, view.State == s})
	}
	list, err := c.Engine.Records(r.Context(), metering.Query{State: view.State, License: view.License, Before: q.Get("before"), Limit: pageSize + 1})
	if err != nil {
		return err
	}
	view.Rows, view.Older = pageOf(list, c.recordRow, func(last metering.Record) string {
		return address("/console/records", "license", string(view.License), "state", string(view.State), "before", last.ID)
	})
	return c.ui.Render(w, http.StatusOK, "records", view)
}

type recordView struct {
	Page
	recordRow
	Request *metering.Attempt
	Status  string // what AWS's answer says of this record
	Events  []usage.Entry
	More    bool // there are more events than are shown
	Dropped bool
}

// eventsShown is how many events of a record are shown.
const eventsShown = 100

var errEnough = errors.New("enough")

// getRecord shows one record: what it is made of, exactly what AWS was asked, and what it answered.
func (c *Console) getRecord(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	d, err := c.Engine.Record(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	view := recordView{Page: page, recordRow: c.recordRow(d.Record), Request: d.Request, Dropped: d.EventsDropped}
	if d.Request != nil {
		view.Status = d.Request.StatusOf(d.Record)
	}
	err = c.Engine.Events(r.Context(), d.Record, func(e *usage.Entry) error {
		if view.More = len(view.Events) == eventsShown; view.More {
			return errEnough
		}
		view.Events = append(view.Events, *e)
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	return c.ui.Render(w, http.StatusOK, "record", view)
}
