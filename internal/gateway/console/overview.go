package console

import (
	"fmt"
	"net/http"
	"time"

	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/webui"
)

type overviewView struct {
	Page
	Checks   []Checked
	Findings []finding
	Tiles    []tile
	Notices  []noticeRow
	Records  []recordRow
}

// finding is something that needs somebody, and what to do about it.
type finding struct {
	Tone        webui.Tone
	Title, Text string
	Href, Label string
}

// tile is one number of the overview.
type tile struct {
	N           int64
	Label, Href string
	Due         bool // somebody should look
}

// recent is how many notices and records the overview shows.
const recent = 8

func (c *Console) getOverview(w http.ResponseWriter, r *http.Request, who operator.Person) error {
	ctx := r.Context()
	page, err := c.page(r, who)
	if err != nil {
		return err
	}
	view := overviewView{Page: page, Checks: c.Health(ctx)}
	states := map[license.State]int64{}
	for l := range c.Book.All {
		states[l.Standing.State]++
	}
	records, err := c.Records(ctx)
	if err != nil {
		return err
	}
	view.Tiles = tilesOf(states, records, page.ToDo)
	aside, err := c.putAside(r)
	if err != nil {
		return err
	}
	undelivered, err := c.undelivered(r)
	if err != nil {
		return err
	}
	view.Findings = c.findings(view.Checks, records, aside, undelivered, page.ToDo)
	waiting, late, err := c.toSetUp(r)
	if err != nil {
		return err
	}
	view.Findings = append(view.Findings, setUpFindings(int64(waiting), int64(late))...)
	heard, err := c.Notices.Notices(ctx, intake.Query{Limit: recent})
	if err != nil {
		return err
	}
	for _, n := range heard {
		view.Notices = append(view.Notices, c.noticeRow(n))
	}
	newest, err := c.Engine.Records(ctx, metering.Query{Limit: recent})
	if err != nil {
		return err
	}
	for _, rec := range newest {
		view.Records = append(view.Records, c.recordRow(rec))
	}
	return c.ui.Render(w, http.StatusOK, "overview", view)
}

func tilesOf(states map[license.State]int64, records map[string]int64, due toDo) []tile {
	var tiles []tile
	for _, s := range []license.State{license.Active, license.Pending, license.WindingDown, license.Ended, license.Failed} {
		tiles = append(tiles, tile{N: states[s], Label: "licences " + words(string(s)), Href: "/console/licenses?state=" + string(s), Due: s == license.WindingDown && states[s] > 0})
	}
	for _, s := range []metering.State{metering.Waiting, metering.Parked, metering.Honoured, metering.Unbillable} {
		tiles = append(tiles, tile{N: records[string(s)], Label: "records " + words(string(s)), Href: "/console/records?state=" + string(s), Due: s == metering.Parked && records[string(s)] > 0})
	}
	return append(tiles, tile{N: int64(due.Corrections), Label: "corrections to decide", Href: "/console/corrections?state=" + string(correction.Proposed), Due: due.Corrections > 0},
		tile{N: int64(due.Cancellations), Label: "cancellations to decide", Href: "/console/cancellations?state=" + string(cancellation.Proposed), Due: due.Cancellations > 0},
		tile{N: int64(due.Payments), Label: "payments to decide", Href: "/console/payments?state=" + string(payment.Proposed), Due: due.Payments > 0})
}

// asideShown is how many notices of one outcome are counted.
const asideShown = 100

// asideOutcomes are those of notices that somebody should look at.
var asideOutcomes = []license.Outcome{intake.Poison, intake.Unknown, license.Unserved, license.Unmatched}

// putAside counts the notices that had no effect and should have had one, by outcome.
func (c *Console) putAside(r *http.Request) (map[license.Outcome]int, error) {
	n := map[license.Outcome]int{}
	for _, o := range asideOutcomes {
		ns, err := c.Notices.Notices(r.Context(), intake.Query{Outcome: o, Limit: asideShown})
		if err != nil {
			return nil, err
		}
		n[o] = len(ns)
	}
	return n, nil
}

// remedies say what to do where a check of the gateway's health fails.
var remedies = map[string]string{
	"database": "Nothing can be accepted until it answers. Look whether its disk is full, and whether the file may be written.",
	"queue":    "AWS's notices are not read: new buyers wait, and ends are not noticed. Look at the credentials, the region and the queue's URL; the queue keeps notices for as long as it was set up to.",
	"clock":    "Time stands still until the sandbox is there again. Start it.",
}

// findings are what needs somebody, the worst first.
func (c *Console) findings(checks []Checked, records map[string]int64, aside map[license.Outcome]int, undelivered int, due toDo) (all []finding) {
	for _, k := range checks {
		if !k.OK {
			all = append(all, finding{Tone: webui.Error, Title: fmt.Sprintf("The %s: %s", k.Name, k.Says), Text: remedies[k.Name]})
		}
	}
	if n := records[string(metering.Parked)]; n > 0 {
		all = append(all, finding{webui.Error, fmt.Sprintf("AWS refuses %d %s", n, plural(n, "record", "records")),
			"Each says why. Mend the cause before its deadline; then it goes by itself. What misses its deadline is billed in a later hour, as long as the subscription lives.", "/console/records?state=parked", "Look at them"})
	}
	for _, o := range asideOutcomes {
		if n := int64(aside[o]); n > 0 {
			all = append(all, finding{webui.Warn, fmt.Sprintf("%s %s %s", atMost(n), plural(n, "notice is", "notices are"), asideWords[o].what),
				asideWords[o].todo, "/console/notices?outcome=" + string(o), "Look at them"})
		}
	}
	if n := int64(undelivered); n > 0 {
		all = append(all, finding{webui.Warn, fmt.Sprintf("%s %s given up this week", atMost(n), plural(n, "delivery was", "deliveries were")),
			"A webhook or a customer's mail server did not take it for three days. Each says why; mend that, and send it again.", "/console/deliveries?state=dead", "Look at them"})
	}
	if n := int64(due.Alerts); n > 0 {
		all = append(all, finding{webui.Warn, fmt.Sprintf("%s %s raised", atMost(n), plural(n, "alert is", "alerts are")),
			"Each says what happened and what to do about it.", "/console/alerts?state=raised", "Look at them"})
	}
	if n := int64(due.Corrections); n > 0 {
		all = append(all, finding{webui.Warn, fmt.Sprintf("%s %s for a decision", atMost(n), plural(n, "correction waits", "corrections wait")),
			"Money goes back to a buyer only when a person has approved it.", "/console/corrections?state=proposed", "Decide"})
	}
	if n := int64(due.Cancellations); n > 0 {
		all = append(all, finding{webui.Warn, fmt.Sprintf("%s %s for a decision", atMost(n), plural(n, "cancellation request waits", "cancellation requests wait")),
			"A buyer is asked to end a contract only when a person has approved it.", "/console/cancellations?state=proposed", "Decide"})
	}
	if n := int64(due.Payments); n > 0 {
		all = append(all, finding{webui.Warn, fmt.Sprintf("%s %s for a decision", atMost(n), plural(n, "payment request waits", "payment requests wait")),
			"A buyer is asked for a payment only when a person has approved it.", "/console/payments?state=proposed", "Decide"})
	}
	if n, since := c.Entitlements.Unanswered(""); n > 0 {
		all = append(all, finding{webui.Warn, fmt.Sprintf("AWS has not confirmed for %s what %d %s bought in advance", c.Clock.Now().Sub(since).Round(time.Minute), n, plural(int64(n), "licence has", "licences have")),
			"Checks are answered by what AWS said last, and say how old that is. The alert says why AWS cannot be asked, and what to do.", "/console/alerts?state=raised", "Look at it"})
	}
	return all
}

// setUpFindings are about accounts that somebody makes ready by hand.
func setUpFindings(waiting, late int64) []finding {
	f := finding{webui.Warn, fmt.Sprintf("%s %s to be made ready", atMost(waiting), plural(waiting, "account waits", "accounts wait")),
		"Each buyer was told by when they are contacted. Say on its page when the account is ready: that is what they are mailed.", "/console/registrations?state=" + string(register.SettingUp), "Look at them"}
	switch {
	case waiting == 0:
		return nil
	case late > 0:
		f.Tone, f.Text = webui.Error, fmt.Sprintf("%s of the buyers should have been contacted by now. ", atMost(late))+f.Text
	}
	return []finding{f}
}

var asideWords = map[license.Outcome]struct{ what, todo string }{
	intake.Poison:     {"unreadable", "They are kept as they came. Look whether something else than AWS writes to the queue; after an update they can be replayed."},
	intake.Unknown:    {"of a kind that is not known here", "They are kept. After an update that knows the kind, replay them."},
	license.Unserved:  {"about a product that is not configured", "Add the product to the settings; then they are applied by themselves at the next start."},
	license.Unmatched: {"about nobody that could be found", "They name neither a licence nor a customer known here. Look at each; AWS may have sent it to the wrong seller."},
}

// atMost is n as it was counted: up to a bound.
func atMost(n int64) string {
	if n >= asideShown {
		return fmt.Sprintf("%d or more", n)
	}
	return fmt.Sprint(n)
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// title is the product's, or its code.
func (c *Console) title(code core.ProductCode) string { return c.Products.Product(code).Title }
