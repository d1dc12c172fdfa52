package control_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// signed is a contract as the control API shows it.
type signed struct {
	AgreementID, LicenseARN, Status, RegistrationToken, PreviousAgreementID, EndTime string
	Terms                                                                            struct {
		Quantities map[string]int64
		Duration   string
		AutoRenew  bool
	}
	Entitlements map[string]int64
}

// A contract is bought, amended and renewed over the control API, the seller is told of each, and a restart brings it
// all back.
func TestContractsLife(t *testing.T) {
	data := t.TempDir()
	st := open(t, data)
	var a signed
	st.post("/_sandbox/agreements", map[string]any{"buyerAccountId": acme, "productCode": teams, "duration": "P1M", "autoRenew": true,
		"quantities": map[string]int{"seats": 2}}, &a)
	if a.RegistrationToken == "" || a.Terms.Duration != "P1M" || a.EndTime == "" {
		t.Fatalf("bought %+v", a)
	}
	st.advance("5m")
	st.post("/_sandbox/agreements/"+a.AgreementID+"/amend", map[string]any{"quantities": map[string]int{"seats": 3}}, nil)
	st.advance("5m")
	st.get("/_sandbox/agreements/"+a.AgreementID, &a)
	if want := map[string]int64{"seats": 3}; !maps.Equal(a.Entitlements, want) {
		t.Errorf("grants %v, want %v", a.Entitlements, want)
	}
	var renewal signed
	st.post("/_sandbox/agreements/"+a.AgreementID+"/renew", nil, &renewal)
	if renewal.PreviousAgreementID != a.AgreementID || renewal.LicenseARN != a.LicenseARN || renewal.Status != "ACTIVE" {
		t.Errorf("renewed as %+v", renewal)
	}
	st.advance("5m")
	want := []string{"Purchase Agreement Created", "License Updated", "Purchase Agreement Amended", "License Updated",
		"Purchase Agreement Created", "Purchase Agreement Ended", "License Updated"}
	told := func() (kinds []string) {
		for _, d := range all[struct{ Kind string }](st, "/_sandbox/deliveries", nil) {
			kind, _, _ := strings.Cut(d.Kind, " - ")
			kinds = append(kinds, kind)
		}
		return kinds
	}
	if got := told(); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	var before, after struct {
		Total   string
		Charges []struct{ Kind, Amount string }
	}
	st.get("/_sandbox/bill?accountId="+acme, &before)
	if len(before.Charges) != 3 || before.Charges[0].Kind != "upfront" || before.Charges[1].Kind != "added" || before.Total == "0" {
		t.Errorf("billed %+v", before)
	}
	st.stop()

	st = again(t, data)
	st.get("/_sandbox/bill?accountId="+acme, &after)
	if before.Total != after.Total || !slices.Equal(told(), want) {
		t.Errorf("after a restart: %s, told %q; was %s", after.Total, told(), before.Total)
	}
	for name, body := range map[string]map[string]any{
		"fewer":   {"quantities": map[string]int{"seats": 1}},
		"nothing": {},
		"unknown": {"quantity": 5},
	} {
		if status, _ := st.do(http.MethodPost, "/_sandbox/agreements/"+renewal.AgreementID+"/amend", body, nil); status != http.StatusBadRequest {
			t.Errorf("%s: answered %d", name, status)
		}
	}
}
