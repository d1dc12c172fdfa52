package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/browser"
	"souk.dev/souk/internal/gateway/store"
)

// A customer's whole life, and then the person is forgotten: nothing that names them is left in the database, and what bills
// rest on says the same as before.
func TestErasingAPersonLeavesTheBooksAlone(t *testing.T) {
	b := openPlannedBazaar(t, bazaarPlan{data: t.TempDir(), now: time.Date(2026, 11, 10, 9, 20, 0, 0, time.UTC)})
	s := seats{t: t, b: b}
	s.market("clock", map[string]bool{"frozen": true}, nil)
	ctx, web := t.Context(), browser.New()
	if err := errors.Join(
		web.Open(ctx, b.Sandbox+"/"), web.Press(ctx, demoBuyer, nil), web.Follow(ctx, demoProduct), web.Press(ctx, "Subscribe", nil),
		web.Press(ctx, "Set up your account", nil), web.Press(ctx, "Continue to "+demoProduct, nil),
		web.Press(ctx, "Create account", map[string]string{"email": "ada.lovelace@example.com", "name": "Ada Lovelace", "company": "Analytical Engines", "password": "a long walk by the sea"}),
	); err != nil {
		t.Fatalf("%v; the page is %v", err, web.Page)
	}
	all, err := list[bought](ctx, marketplaceAt(b.Sandbox), "agreements", nil)
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	s.advance("5m")
	var taken struct {
		Accepted int
		Rejected []struct{ Message string }
	}
	event := fmt.Sprintf(`{"id":"1","license":%q,"dimension":"pages","quantity":"12.5"}`, all[0].License.ARN)
	if ask(t, b, http.MethodPost, "/v1/events", "application/json", event, &taken); taken.Accepted != 1 {
		t.Fatalf("%+v", taken)
	}
	s.market("agreements/"+all[0].AgreementID+"/cancel", map[string]any{}, nil)
	office := []string{"--gateway", b.Gateway, "--api-key", b.APIKey}
	run := func(want int, args ...string) string {
		t.Helper()
		code, out, errs := souk(t, args...)
		if code != want {
			t.Fatalf("%q: exit %d: %s%s", args, code, out, errs)
		}
		return out + errs
	}
	var who customerAccount
	if err := json.Unmarshal([]byte(run(exitDone, append([]string{"accounts", "list", "--json"}, office...)...)), &who); err != nil || who.Email != "ada.lovelace@example.com" {
		t.Fatalf("%+v, %v", who, err)
	}
	if said := run(exitFailed, append([]string{"accounts", "erase", who.ID}, office...)...); !strings.Contains(said, "have it cancelled on AWS Marketplace first") {
		t.Errorf("%s", said)
	}
	s.advance("3h")

	statement := func() (text string) {
		t.Helper()
		var signed struct{ Statement json.RawMessage }
		ask(t, b, http.MethodGet, "/v1/licenses/"+who.license(t, b)+"/statements/2026-11", "", "", &signed)
		return string(signed.Statement)
	}
	audit, month := run(exitDone, "audit", "--database", b.Database), statement()
	if data := run(exitDone, append([]string{"accounts", "export", who.ID}, office...)...); !strings.Contains(data, "Analytical Engines") || strings.Contains(data, "argon2") {
		t.Errorf("the export: %s", data)
	}
	if found := rowsThatSay(t, b.Database, "lovelace", "Lovelace", "Analytical"); len(found) == 0 {
		t.Fatal("the search finds nothing before, either")
	}
	run(exitDone, append([]string{"accounts", "erase", who.ID}, office...)...)
	for _, row := range rowsThatSay(t, b.Database, "lovelace", "Lovelace", "Analytical") {
		t.Errorf("still there: %s", row)
	}
	if now := run(exitDone, "audit", "--database", b.Database); now != audit {
		t.Errorf("the audit said\n%s\nand says\n%s", audit, now)
	}
	if now := statement(); now != month || !strings.Contains(now, "pages") {
		t.Errorf("the statement was\n%s\nand is\n%s", month, now)
	}
	if listed := run(exitDone, append([]string{"accounts", "list"}, office...)...); !strings.Contains(listed, who.ID) || !strings.Contains(listed, "erased ") {
		t.Errorf("%s", listed)
	}
}

// license is the account's one license, by the gateway's id.
func (a customerAccount) license(t *testing.T, b *bazaar) string {
	t.Helper()
	var one customerAccount
	if ask(t, b, http.MethodGet, "/v1/accounts/"+a.ID, "", "", &one); len(one.Licenses) != 1 {
		t.Fatalf("%+v", one)
	}
	return one.Licenses[0]
}

// rowsThatSay looks through every column of every table of a SQLite database.
func rowsThatSay(t *testing.T, url string, texts ...string) (found []string) {
	t.Helper()
	db, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	names, err := db.Read().QueryContext(t.Context(), `select name from sqlite_master where type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	var tables []string
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := errors.Join(names.Err(), names.Close()); err != nil || len(tables) < 10 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	for _, table := range tables {
		rows, err := db.Read().QueryContext(t.Context(), `select * from "`+table+`"`)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new([]byte)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for i, v := range values {
				for _, text := range texts {
					if strings.Contains(string(*v.(*[]byte)), text) {
						found = append(found, table+"."+columns[i]+": "+string(*v.(*[]byte)))
					}
				}
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return found
}
