package control_test

import (
	"encoding/csv"
	"net/http"
	"testing"
)

// csv reads a report.
func (st *stage) csv(path string) [][]string {
	st.t.Helper()
	req, err := http.NewRequestWithContext(st.t.Context(), http.MethodGet, st.url+path, nil)
	if err != nil {
		st.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		st.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	rows, err := csv.NewReader(res.Body).ReadAll()
	if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/csv; charset=utf-8; header=present" {
		st.t.Fatalf("%s: %s %q, %v", path, res.Status, res.Header.Get("Content-Type"), err)
	}
	return rows
}

// A report is there once the clock has come to its publication, and every one that is listed can be had.
func TestReportsOverTheControlAPI(t *testing.T) {
	st := open(t, "")
	st.sign()
	const subscribers = "/_sandbox/reports/daily_business_new_product_subscribers.csv"
	if rows := st.csv(subscribers); len(rows) != 1 {
		t.Errorf("before midnight: %q", rows)
	}
	st.advance("12h")
	if rows := st.csv(subscribers); len(rows) != 2 || rows[1][4] != teams {
		t.Errorf("after midnight: %q", rows)
	}
	st.advance("24h")
	if rows := st.csv(subscribers); len(rows) != 1 {
		t.Errorf("the next day's report: %q", rows)
	}
	if rows := st.csv(subscribers + "?from=2026-11-10T00:00:00Z&to=2026-11-12T00:00:00Z"); len(rows) != 2 {
		t.Errorf("both days: %q", rows)
	}
	if rows := st.csv(subscribers + "?from=2026-11-10T00:00:00Z&sellerAccountId=555566667777"); len(rows) != 1 {
		t.Errorf("another seller's: %q", rows)
	}
	for _, r := range all[struct {
		Name    string
		Columns []string
	}](st, "/_sandbox/reports", nil) {
		if rows := st.csv("/_sandbox/reports/" + r.Name + ".csv"); len(rows[0]) != len(r.Columns) || len(r.Columns) == 0 {
			t.Errorf("%s begins with %q", r.Name, rows[0])
		}
	}
	for path, want := range map[string]int{"gossip.csv": http.StatusNotFound, "account": http.StatusNotFound, "account.csv?sellerAccountId=1": http.StatusNotFound,
		"account.csv?from=soon": http.StatusBadRequest, "account.csv?from=2026-11-12T00:00:00Z&to=2026-11-12T00:00:00Z": http.StatusBadRequest} {
		if status, _ := st.do(http.MethodGet, "/_sandbox/reports/"+path, nil, nil); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
}
