package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/usage"
)

// newest is the newest entry of the audit log.
func (d *desk) newest() audit.Entry {
	d.t.Helper()
	es, err := d.log.Entries(d.t.Context(), 0, 1)
	if err != nil || len(es) == 0 {
		d.t.Fatalf("the log has %v, %v", es, err)
	}
	return es[0]
}

func TestAKeyIsShownOnceAndEnds(t *testing.T) {
	d := newDesk(t)
	b := d.as(d.add(operator.Admin))
	b.post("/console/keys", url.Values{"name": {" "}}).shows(t, http.StatusUnprocessableEntity, "needs a name")
	a := b.post("/console/keys", url.Values{"name": {"orders"}})
	a.shows(t, http.StatusCreated, "The key of orders")
	text := a.Page.One(t, "pre.secret").Text()
	ring := keys.NewRing(d.db.Keys(), d.clk, d.console.Log)
	k, err := ring.Check(t.Context(), text)
	if err != nil || k.Name != "orders" {
		t.Fatalf("the key does not work: %+v, %v", k, err)
	}
	if again := b.get("/console/keys"); strings.Contains(again.Body, text) || !strings.Contains(again.Body, k.ID) {
		t.Error("the list shows the key, or does not name it")
	}
	if e := d.newest(); e.Action != audit.KeyMade || e.Subject != "orders" || strings.Contains(e.Detail, keys.Prefix) {
		t.Errorf("the log says %+v", e)
	}
	if a := b.post("/console/keys/"+k.ID+"/revoke", nil); a.Code != http.StatusSeeOther {
		t.Fatal(a.Code)
	}
	if _, err := keys.NewRing(d.db.Keys(), d.clk, d.console.Log).Check(t.Context(), text); err == nil {
		t.Error("a revoked key works")
	}
	b.post("/console/keys/key_nobody/revoke", nil).shows(t, http.StatusNotFound, "no API key")
	if e := d.newest(); e.Action != audit.NotDone || e.Subject != "key_nobody" {
		t.Errorf("what was not done, the log tells as %+v", e)
	}
}

func TestANoticeIsReplayedByAPerson(t *testing.T) {
	d := newDesk(t)
	n := d.hears(`not JSON`)
	b := d.as(d.add(operator.Operator))
	place := "/console/notices/" + url.PathEscape(n.Key)
	page := b.get(place)
	page.shows(t, http.StatusOK, "It had no effect")
	page.Page.Form(t, place+"/replay")
	if a := b.post(place+"/replay", nil); a.Location != place+"?replayed" {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	b.get(place+"?replayed").shows(t, http.StatusOK, "It is now unreadable")
	if e := d.newest(); e.Action != audit.NoticeReplayed || e.Subject != n.Key || e.By.Name != "operator@inkwell.example" {
		t.Errorf("the log says %+v", e)
	}
	v := d.as(d.add(operator.Viewer)).get(place)
	v.shows(t, http.StatusOK, "takes the role operator")
	if len(v.Page.All("form[action="+place+"/replay]")) != 0 {
		t.Error("a viewer is shown a button that is refused")
	}
}

// A refund is proposed on the licence's page; what is wrong stands at its field, and what was typed stays.
func TestARefundIsProposedByAPerson(t *testing.T) {
	d := newDesk(t)
	l := d.buys(1)
	b, looks := d.as(d.add(operator.Operator)), d.as(d.add(operator.Viewer))
	form := "/console/corrections/new?license=" + string(l.ID)
	if link := b.get("/console/licenses/" + string(l.ID)).Page.All("a[href=" + form + "]"); len(link) != 1 {
		t.Errorf("the licence's page has %d links to the form", len(link))
	}
	if link := looks.get("/console/licenses/" + string(l.ID)).Page.All("a[href=" + form + "]"); len(link) != 0 {
		t.Error("a viewer is led to what is refused")
	}
	empty := b.get(form)
	empty.Page.Form(t, "/console/corrections")
	empty.shows(t, http.StatusOK, noon.Format("January 2006")+", invoiced from 1 ") // of the month that is not over
	month := noon.AddDate(0, -1, 0).Format("2006-01")
	for field, in := range map[string]url.Values{
		"reason":    {"amount": {"12.50"}},
		"amount":    {"reason": {"OTHER"}},
		"quantity":  {"dimension": {"pages"}, "quantity": {"0"}, "reason": {"OTHER"}},
		"dimension": {"dimension": {"planets"}, "quantity": {"4"}, "reason": {"OTHER"}},
	} {
		in["license"], in["month"], in["description"] = []string{string(l.ID)}, []string{month}, []string{"Counted twice."}
		a := b.post("/console/corrections", in)
		a.shows(t, http.StatusUnprocessableEntity, "Counted twice.")
		if bad := a.Page.All("[aria-invalid=true]"); len(bad) != 1 || bad[0].Attr("name") != field {
			t.Errorf("what is wrong with %s stands at %d other fields", field, len(bad))
		}
	}
	more := url.Values{"license": {string(l.ID)}, "month": {month}, "dimension": {"pages"}, "quantity": {"4"}, "reason": {"OTHER"}, "description": {"Counted twice."}}
	again := b.post("/console/corrections", more)
	again.shows(t, http.StatusConflict, "more than was billed")
	again.shows(t, http.StatusConflict, "Counted twice.")
	a := b.post("/console/corrections", url.Values{"license": {string(l.ID)}, "month": {month}, "amount": {"12.50"}, "reason": {"OTHER"}})
	made, err := d.console.Corrections.List(t.Context(), proposal.Query{Limit: 2})
	if err != nil || len(made) != 1 || a.Location != "/console/corrections/"+string(made[0].ID)+"?proposed" || made[0].AskedBy.Person != "operator@inkwell.example" {
		t.Fatalf("%d %s: %+v, %v", a.Code, a.Location, made, err)
	}
	if e := d.newest(); e.Action != audit.CorrectionAsked || e.Subject != string(l.ID) {
		t.Errorf("the log says %+v", e)
	}
	b.get(a.Location).shows(t, http.StatusOK, "Its invoice is looked for.")
}

func TestACorrectionIsDecidedByAnotherPerson(t *testing.T) {
	d := newDesk(t)
	l := d.buys(1)
	ask := func(id correction.ID, by string) {
		t.Helper()
		err := d.db.Corrections().Add(t.Context(), correction.Correction{Life: proposal.Life{ID: id, License: l.ID, AskedBy: approval.Actor{Key: "key_1", Person: by}, CreatedAt: noon, State: correction.Proposed, Why: "It waits.", Since: noon},
			Kind: correction.OverBilled, Amount: "5.00", Month: noon.AddDate(0, -1, 0), Reason: "OTHER"}, func([]correction.Correction) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	ask("cor_mine", "Operator@inkwell.example")
	ask("cor_other", "the billing bot")
	b := d.as(d.add(operator.Operator))
	b.get("/console").shows(t, http.StatusOK, "2 corrections wait for a decision")
	b.post("/console/corrections/cor_mine/approve", nil).shows(t, http.StatusConflict, "another person has to approve")
	b.post("/console/corrections/cor_other/approve", nil).shows(t, http.StatusConflict, "nothing to approve yet")
	if e := d.newest(); e.Action != audit.NotDone || e.Subject != "cor_other" {
		t.Errorf("the log says %+v", e)
	}
	if a := b.post("/console/corrections/cor_other/reject", url.Values{"why": {"It was right."}}); a.Location != "/console/corrections/cor_other?rejected" {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	b.get("/console/corrections/cor_other?rejected").shows(t, http.StatusOK, "It was right.")
	c, err := d.console.Corrections.Find(t.Context(), "cor_other")
	if err != nil || c.State != correction.Rejected || c.DecidedBy.Person != "operator@inkwell.example" {
		t.Errorf("%+v, %v", c, err)
	}
	if e := d.newest(); e.Action != audit.CorrectionRefused || e.Subject != "cor_other" {
		t.Errorf("the log says %+v", e)
	}
}

func TestSearchLeadsToWhatIsNamed(t *testing.T) {
	d := newDesk(t)
	l, other := d.buys(1), d.buys(2)
	n := d.hears(`not JSON`)
	if _, err := d.db.Registrations().Arrived(t.Context(), register.Registration{ID: "reg_1", License: l.ID, ArrivedAt: noon, LastArrivedAt: noon, Arrivals: 1}, outbox.Event{ID: "evt_1", At: noon, Kind: outbox.RegistrationArrived, Data: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	if res, err := d.events.Accept(t.Context(), "", []usage.Event{{ID: "e-1", License: usage.Ref{Name: string(other.ID)}, Dimension: "pages", Quantity: "3", Time: noon},
		{Source: "orders", ID: "e-2", License: usage.Ref{Name: string(l.ID)}, Dimension: "pages", Quantity: "3", Time: noon}}); err != nil || res.Accepted != 2 {
		t.Fatal(res, err)
	}
	owner := account.Who{Person: account.Person{ID: "per_1", Email: "ada@example.com", Name: "Ada", CreatedAt: noon}, Account: account.Account{ID: "acc_1", CreatedAt: noon}, Role: account.RoleOwner}
	if err := d.db.Accounts().CreateAccount(t.Context(), owner, "ada@example.com", "hash"); err != nil {
		t.Fatal(err)
	}
	_, err := d.db.Agreements().KeepAgreements(t.Context(), []agreement.Agreement{{ID: "agmt-20", Offer: "offer-1", SeenAt: noon}, {ID: "agmt-21", Offer: "offer-1", SeenAt: noon}, {ID: "agmt-22", Offer: "offer-2", SeenAt: noon}})
	if err != nil {
		t.Fatal(err)
	}
	b := d.as(d.add(operator.Viewer))
	several := b.get("/console/search?q=offer-1")
	several.shows(t, http.StatusOK, "offer-1 names 2 things")
	for _, id := range []string{"agmt-20", "agmt-21"} {
		if !several.Page.Has("a[href=/console/agreements/"+id+"]", id) {
			t.Errorf("%s is not among %s", id, several.Page.Text())
		}
	}
	for q, want := range map[string]string{
		"reg_1": "/console/registrations/reg_1", "reg_2": "/console/licenses?q=reg_2",
		string(l.ID): "/console/licenses/" + string(l.ID), " " + string(l.ARN) + " ": "/console/licenses/" + string(l.ID),
		n.Key: "/console/notices/" + url.PathEscape(n.Key), "agmt-1": "/console/licenses/" + string(l.ID), "agmt-": "/console/licenses?q=agmt-", "e-1": "/console/licenses/" + string(other.ID), "orders e-2": "/console/licenses/" + string(l.ID), "e-2": "/console/licenses?q=e-2",
		"Ada@Example.com": "/console/accounts/acc_1", "per_1": "/console/accounts/acc_1", "offer-2": "/console/agreements/agmt-22", "nobody@example.com": "/console/licenses?q=nobody%40example.com", "": "/console/licenses",
	} {
		if a := b.get("/console/search?q=" + url.QueryEscape(q)); a.Location != want {
			t.Errorf("%q leads to %s, want %s", q, a.Location, want)
		}
	}
	found := b.get("/console/licenses?q=AGMT-1")
	if !found.Page.Has("code", string(l.ID)) || found.Page.Has("code", string(other.ID)) {
		t.Errorf("a search by agreement finds %.500s", found.Page.Text())
	}
	b.get("/console/licenses?q=nothing-like-it").shows(t, http.StatusOK, "No licence fits")
}

// A list goes on where it ended, and shows each licence once.
func TestLicencesAreShownPageByPage(t *testing.T) {
	d := newDesk(t)
	const all = 2*pageSize + 7
	for i := range all {
		d.buys(i)
	}
	b := d.as(d.add(operator.Viewer))
	seen := map[string]int{}
	pages := 0
	for next := "/console/licenses?state=active"; next != ""; pages++ {
		a := b.get(next)
		rows := a.Page.One(t, "tbody").All("tr")
		for _, row := range rows {
			seen[row.Attr("id")]++
		}
		next = ""
		for _, link := range a.Page.All("a[rel=next]") {
			next = link.Attr("href")
		}
	}
	if pages != 3 || len(seen) != all {
		t.Errorf("%d pages show %d licences, want 3 and %d", pages, len(seen), all)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s is shown %d times", id, n)
		}
	}
}

func TestALicenceShowsItsUsage(t *testing.T) {
	d := newDesk(t)
	l := d.buys(1)
	if res, err := d.events.Accept(t.Context(), "test", []usage.Event{{ID: "e1", License: usage.Ref{Name: string(l.ID)}, Dimension: "pages", Quantity: "12.5", Time: noon}}); err != nil || res.Accepted != 1 {
		t.Fatal(res, err)
	}
	a := d.as(d.add(operator.Viewer)).get("/console/licenses/" + url.PathEscape(string(l.ARN)))
	a.shows(t, http.StatusOK, "Pages typeset: 12.5 pages")
	if bars := a.Page.One(t, "svg.chart").All("rect"); len(bars) != 1 || bars[0].Attr("class") != "fill-open" {
		t.Errorf("%d bars are drawn, want one of the open hour", len(bars))
	}
}

// An account that is made ready by hand: the overview says that it waits, an operator says that it is ready, and the log who did.
func TestAnAccountIsMadeReady(t *testing.T) {
	d := newDesk(t)
	l := d.buys(1)
	claimed := d.waits(l.ID)
	b, viewer := d.as(d.add(operator.Operator)), d.as(d.add(operator.Viewer))
	b.get("/console").shows(t, http.StatusOK, "1 account waits to be made ready")
	b.get("/console/registrations?state=setting_up").shows(t, http.StatusOK, "Setting up")
	b.get("/console/registrations?state=open").shows(t, http.StatusOK, "No registration is open")
	viewer.get("/console/registrations/reg_1").shows(t, http.StatusOK, "takes the role operator")
	d.clk.Set(claimed.DueAt.Add(time.Minute))
	b = d.as(d.add(operator.Admin)) // the session is over
	b.get("/console").shows(t, http.StatusOK, "should have been contacted by now")
	b.get("/console/registrations/reg_1").shows(t, http.StatusOK, "Late")
	if a := b.post("/console/registrations/reg_1/ready", nil); a.Location != "/console/registrations/reg_1?ready" {
		t.Fatalf("%d %s %s", a.Code, a.Location, a.Body)
	}
	b.get("/console/registrations/reg_1?ready").shows(t, http.StatusOK, "The account is ready")
	if e := d.newest(); e.Action != audit.RegistrationReady || e.Subject != "reg_1" {
		t.Errorf("the log says %+v", e)
	}
	if l, _ := d.book.ByID(l.ID); l.SettingUp || l.Account != "acc_1" {
		t.Errorf("%+v", l)
	}
	if a := b.get("/console"); a.Page.Has("strong", "made ready") {
		t.Errorf("%s", a.Page.Text())
	}
	if a := b.post("/console/registrations/reg_2/ready", nil); a.Code != http.StatusNotFound {
		t.Errorf("%d", a.Code)
	}
}

// waits makes a registration of l, reg_1 for acc_1, whose account is to be made ready in two days.
func (d *desk) waits(l core.LicenseID) register.Registration {
	d.t.Helper()
	if err := d.db.Accounts().CreateAccount(d.t.Context(), account.Who{Person: account.Person{ID: "per_1", Email: "ada@example.com", Name: "Ada Lovelace", CreatedAt: noon}, Account: account.Account{ID: "acc_1", CreatedAt: noon}, Role: account.RoleOwner}, "ada@example.com", "hash"); err != nil {
		d.t.Fatal(err)
	}
	regs := d.db.Registrations()
	tell := func(kind outbox.Kind) outbox.Event {
		return outbox.NewEvent(kind, noon, outbox.Subject{License: l}, kind)
	}
	_, err := regs.Arrived(d.t.Context(), register.Registration{ID: "reg_1", License: l, ArrivedAt: noon, LastArrivedAt: noon, Arrivals: 1}, tell(outbox.RegistrationArrived))
	if err != nil {
		d.t.Fatal(err)
	}
	claimed, err := regs.Claim(d.t.Context(), register.Registration{ID: "reg_1", Account: "acc_1", ClaimedAt: noon, DueAt: noon.Add(48 * time.Hour)}, tell(outbox.RegistrationSettingUp))
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.console.Register.Attach().Run(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	return claimed
}
