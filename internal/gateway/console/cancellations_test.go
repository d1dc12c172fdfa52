package console

import (
	"net/http"
	"net/url"
	"testing"

	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/proposal"
)

func TestTwoPeopleAskForAnEnd(t *testing.T) {
	d := newDesk(t)
	l := d.buys(1)
	first, second, looks := d.as(d.add(operator.Operator)), d.as(d.add(operator.Admin)), d.as(d.add(operator.Viewer))
	form := "/console/cancellations/new?license=" + string(l.ID)
	if link := first.get("/console/licenses/" + string(l.ID)).Page.All("a[href=" + form + "]"); len(link) != 1 {
		t.Errorf("the licence's page has %d links to the form", len(link))
	}
	if link := looks.get("/console/licenses/" + string(l.ID)).Page.All("a[href=" + form + "]"); len(link) != 0 {
		t.Error("a viewer is led to what is refused")
	}
	first.get(form).Page.Form(t, "/console/cancellations")
	first.post("/console/cancellations", url.Values{"license": {string(l.ID)}, "description": {"No more presses."}}).shows(t, http.StatusUnprocessableEntity, "none of AWS's")
	if e := d.newest(); e.Action != audit.NotDone {
		t.Errorf("the log says %+v", e)
	}
	a := first.post("/console/cancellations", url.Values{"license": {string(l.ID)}, "reason": {"PRODUCT_DISCONTINUED"}, "description": {"No more presses."}})
	made, err := d.console.Cancellations.List(t.Context(), proposal.Query{Limit: 2})
	if err != nil || len(made) != 1 || a.Location != "/console/cancellations/"+string(made[0].ID)+"?proposed" {
		t.Fatalf("%d %s: %+v, %v", a.Code, a.Location, made, err)
	}
	place := "/console/cancellations/" + string(made[0].ID)
	first.post("/console/cancellations", url.Values{"license": {string(l.ID)}, "reason": {"OTHER"}}).shows(t, http.StatusConflict, "has the open request")
	second.get("/console").shows(t, http.StatusOK, "1 cancellation request waits for a decision")

	own := first.get(place)
	own.shows(t, http.StatusOK, "another person has to approve it")
	if len(own.Page.All("form[action="+place+"/approve]")) != 0 {
		t.Error("who proposed is shown a button that is refused")
	}
	first.post(place+"/approve", nil).shows(t, http.StatusConflict, "another person has to approve it")
	second.get(place).Page.Form(t, place+"/approve")
	if a := second.post(place+"/approve", nil); a.Location != place+"?approved" {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	if e := d.newest(); e.Action != audit.EndOkayed || e.Subject != string(made[0].ID) || e.By.Name != "admin@inkwell.example" {
		t.Errorf("the log says %+v", e)
	}
	second.post(place+"/withdraw", url.Values{"why": {"A mistake."}}).shows(t, http.StatusConflict, "on its way to AWS")
	looks.get("/console/cancellations?state=sending").shows(t, http.StatusOK, string(made[0].ID))
	looks.get("/console/cancellations?state=denied").shows(t, http.StatusOK, "No cancellation request is denied")
	looks.get("/console/licenses/"+string(l.ID)).shows(t, http.StatusOK, "Cancellation requests")
	if a := looks.get("/console/search?q=" + string(made[0].ID)); a.Location != place {
		t.Errorf("a search leads to %s", a.Location)
	}
}

func TestAnEndIsRejected(t *testing.T) {
	d := newDesk(t)
	l := d.buys(1)
	b := d.as(d.add(operator.Operator))
	b.post("/console/cancellations", url.Values{"license": {string(l.ID)}, "reason": {"OTHER"}})
	made, err := d.console.Cancellations.List(t.Context(), proposal.Query{Limit: 2})
	if err != nil || len(made) != 1 {
		t.Fatal(made, err)
	}
	place := "/console/cancellations/" + string(made[0].ID)
	if a := b.post(place+"/reject", url.Values{"why": {"Asked too early."}}); a.Location != place+"?rejected" {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	b.get(place+"?rejected").shows(t, http.StatusOK, "Asked too early.")
	b.post("/console/cancellations/can_none/reject", nil).shows(t, http.StatusNotFound, "no such cancellation request")
}
