package cli

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// The marketplace tells of a risk with a buyer: the licence goes on, says so, and is listed; somebody is alerted until it is over.
func TestAnAdvisoryIsShownAndAlerted(t *testing.T) {
	b := openPlannedBazaar(t, bazaarPlan{data: t.TempDir()})
	o := overbilled{t: t, b: b}
	o.market(http.MethodPost, "clock", map[string]bool{"frozen": true}, nil)
	o.market(http.MethodPost, "agreements", map[string]any{"buyerAccountId": "111122223333", "productCode": b.Product}, &o.agreement)
	o.advance("5m")
	type shown struct {
		ID, State string
		Access    bool
		AdvisedAt *time.Time
	}
	listed := func(query string) (ids []string) {
		var page struct{ Items []shown }
		o.gateway(http.MethodGet, "/v1/licenses?"+query, nil, http.StatusOK, &page)
		for _, l := range page.Items {
			ids = append(ids, l.ID)
		}
		return ids
	}
	var alerts struct{ Items []shownAlert }
	raised := func() []shownAlert {
		alerts.Items = nil
		o.gateway(http.MethodGet, "/v1/alerts?state=raised", nil, http.StatusOK, &alerts)
		return alerts.Items
	}

	o.market(http.MethodPost, "agreements/"+o.AgreementID+"/advise", nil, nil)
	o.advance("5m")
	var l shown
	o.gateway(http.MethodGet, "/v1/licenses/"+strings.ReplaceAll(o.LicenseARN, "/", "%2F"), nil, http.StatusOK, &l)
	if l.State != "active" || !l.Access || l.AdvisedAt == nil {
		t.Fatalf("with an advisory: %+v", l)
	}
	if ids := listed("advised=true"); len(ids) != 1 || ids[0] != l.ID {
		t.Errorf("advised: %v, want %s", ids, l.ID)
	}
	if ids := listed("advised=false"); len(ids) != 0 {
		t.Errorf("not advised: %v", ids)
	}
	o.gateway(http.MethodGet, "/v1/licenses?advised=perhaps", nil, http.StatusBadRequest, &struct{}{})
	if all := raised(); len(all) != 1 || all[0].Type != "alert.buyer_advised" || !strings.Contains(all[0].Do, "revokes nothing") {
		t.Errorf("raised: %+v", all)
	}

	o.market(http.MethodPost, "agreements/"+o.AgreementID+"/resolve-advisory", nil, nil)
	o.advance("1h")
	l = shown{}
	o.gateway(http.MethodGet, "/v1/licenses/"+strings.ReplaceAll(o.LicenseARN, "/", "%2F"), nil, http.StatusOK, &l)
	if l.State != "active" || l.AdvisedAt != nil || len(listed("advised=true")) != 0 {
		t.Errorf("resolved: %+v", l)
	}
	if all := raised(); len(all) != 0 {
		t.Errorf("resolved: %+v", all)
	}
}
