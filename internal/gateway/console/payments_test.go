package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/proposal"
)

// payable is a licence whose agreement has room for payments of 100 dollars.
func (d *desk) payable() license.License {
	d.t.Helper()
	l := d.buys(1)
	id := l.Agreements[len(l.Agreements)-1]
	deal := agreement.Agreement{ID: id, Status: agreement.Active, Licenses: []core.LicenseARN{l.ARN}, SeenAt: noon}
	if _, err := d.db.Agreements().KeepAgreements(d.t.Context(), []agreement.Agreement{deal}); err != nil {
		d.t.Fatal(err)
	}
	terms := agreement.Terms{At: noon, Accepted: []agreement.Term{{Name: "variablePaymentTerm", Content: json.RawMessage(`{"id":"term-1","currencyCode":"USD","maxTotalChargeAmount":"100",
		"configuration":{"paymentRequestApprovalStrategy":"AUTO_APPROVE_ON_EXPIRATION","expirationDuration":"P10D"}}`)}}}
	if err := d.db.Agreements().KeepTerms(d.t.Context(), deal, terms); err != nil {
		d.t.Fatal(err)
	}
	return l
}

// TestTwoPeopleAskForAPayment proposes a payment on an agreement's page, as one person, and approves it as another.
func TestTwoPeopleAskForAPayment(t *testing.T) {
	d := newDesk(t)
	l := d.payable()
	deal := string(l.Agreements[len(l.Agreements)-1])
	first, second, looks := d.as(d.add(operator.Operator)), d.as(d.add(operator.Admin)), d.as(d.add(operator.Viewer))
	first.get("/console/agreements/"+deal).shows(t, http.StatusOK, "Ask for a payment")
	first.get("/console/agreements/"+deal).shows(t, http.StatusOK, "is a yes after 10 days")
	first.get("/console/licenses/"+string(l.ID)).shows(t, http.StatusOK, "Ask for a payment")
	if a := looks.get("/console/agreements/" + deal); strings.Contains(a.Page.Text(), "Ask for a payment") {
		t.Error("a viewer is led to what their role refuses")
	}
	form := "/console/payments/new?license=" + string(l.ID) + "&agreement=" + deal
	first.get(form).shows(t, http.StatusOK, "Ask the buyer for a payment")
	first.get(form).shows(t, http.StatusOK, "How much")
	ask := url.Values{"license": {string(l.ID)}, "name": {"Four"}, "amount": {"40"}, "description": {"It is done."}}
	first.post("/console/payments", ask).shows(t, http.StatusUnprocessableEntity, "one line of 5 to 64 characters")
	ask.Set("name", "Second stage")
	ask.Set("amount", "100.01")
	first.post("/console/payments", ask).shows(t, http.StatusConflict, "100 are left")
	ask.Set("amount", "40")
	a := first.post("/console/payments", ask)
	made, err := d.console.Payments.List(t.Context(), proposal.Query{Limit: 2})
	if err != nil || len(made) != 1 {
		t.Fatal(made, err)
	}
	place := "/console/payments/" + string(made[0].ID)
	if a.Location != place+"?proposed" {
		t.Fatalf("%d %s %s", a.Code, a.Location, a.Body)
	}
	first.get(place+"?proposed").shows(t, http.StatusOK, "Second stage: $40.00")
	first.get(place+"?proposed").shows(t, http.StatusOK, "You proposed this yourself")
	first.get(place+"?proposed").shows(t, http.StatusOK, "It is done.")
	first.post(place+"/approve", nil).shows(t, http.StatusConflict, "You proposed this yourself")
	second.get("/console").shows(t, http.StatusOK, "1 payment request waits")
	second.get(place).shows(t, http.StatusOK, "silence is a yes after 10 days")
	if a := second.post(place+"/approve", nil); a.Location != place+"?approved" {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	if e, err := d.log.Entries(t.Context(), 0, 1); err != nil || e[0].Subject != string(made[0].ID) || e[0].By.Name != "admin@inkwell.example" || !strings.Contains(e[0].Detail, "Second stage, 40 USD") {
		t.Errorf("the log says %+v, %v", e, err)
	}
	second.post(place+"/withdraw", nil).shows(t, http.StatusConflict, "on its way to AWS")
	looks.get("/console/payments?state=sending").shows(t, http.StatusOK, string(made[0].ID))
	looks.get("/console/payments?state=denied").shows(t, http.StatusOK, "No payment request is denied")
	looks.get("/console/licenses/"+string(l.ID)).shows(t, http.StatusOK, "Payment requests")
	looks.get("/console/agreements/"+deal).shows(t, http.StatusOK, "Payment requests")
	if a := looks.get("/console/search?q=" + string(made[0].ID)); a.Location != place {
		t.Errorf("a search leads to %s", a.Location)
	}
	first.post("/console/payments", ask)
	if made, err = d.console.Payments.List(t.Context(), proposal.Query{State: proposal.Proposed, Limit: 2}); err != nil || len(made) != 1 {
		t.Fatal(made, err)
	}
	place = "/console/payments/" + string(made[0].ID)
	if a := first.post(place+"/reject", url.Values{"why": {"Asked too early."}}); a.Location != place+"?rejected" {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	first.get(place+"?rejected").shows(t, http.StatusOK, "Asked too early.")
	first.get(place+"?rejected").shows(t, http.StatusOK, "the buyer pays nothing")
}
