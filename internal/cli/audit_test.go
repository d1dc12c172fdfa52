package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/goldentest"
)

// unstable are ids that differ in every run; in the golden files stands something as long instead. So do requests and answers,
// whose records stand in the order of their ids.
var unstable = []struct{ pattern, name string }{
	{`lic_[0-9a-z]+`, "lic_"}, {`rec_[0-9a-z]+`, "rec_"}, {`arn:aws:license-manager:[0-9a-zA-Z:-]+`, "arn:"}, {`att_[0-9a-zA-Z-]+`, "att_"},
	{`(?m)^  \{.*$`, "  {}"}, {`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}`, "uuid-"},
}

func stable(text string) string {
	for _, u := range unstable {
		text = regexp.MustCompile(u.pattern).ReplaceAllStringFunc(text, func(id string) string {
			if u.name == "  {}" {
				return u.name
			}
			return u.name + strings.Repeat("x", max(0, len(id)-len(u.name)))
		})
	}
	return text
}

// From the conservation line of a licence down to the events that were billed in an hour, and from an event or a record back
// to AWS's receipt.
func TestFromTheAuditDownToEventsAndBack(t *testing.T) {
	b := openPlannedBazaar(t, bazaarPlan{data: t.TempDir(), now: time.Date(2026, 11, 10, 9, 10, 0, 0, time.UTC)})
	s := seats{t: t, b: b}
	s.market("clock", map[string]bool{"frozen": true}, nil)
	s.market("clock", map[string]string{"set": "2026-11-10T09:20:00Z"}, nil) // it may have gone on for a while
	s.market("agreements", map[string]any{"productCode": b.Product, "buyerAccountId": "111122223333"}, &s.agreement)
	s.advance("5m")
	send := func(id, quantity, at string) {
		t.Helper()
		var taken struct{ Accepted int }
		event := fmt.Sprintf(`{"source":"orders","id":%q,"license":%q,"dimension":"pages","quantity":%q,"time":%q,"tags":{"team":"red"}}`, id, s.LicenseARN, quantity, at)
		if ask(t, b, http.MethodPost, "/v1/events", "application/json", event, &taken); taken.Accepted != 1 {
			t.Fatalf("%s: %+v", id, taken)
		}
	}
	send("first", "40.5", "2026-11-10T09:25:00Z")
	send("second", "2", "2026-11-10T09:25:00Z")
	s.advance("50m")
	send("late", "1", "2026-11-10T09:25:00Z")
	s.advance("1h")
	send("open", "3", "2026-11-10T11:10:00Z")

	look := func(golden string, args ...string) string {
		t.Helper()
		code, out, errs := souk(t, append(append([]string{"audit"}, args...), "--database", b.Database)...)
		if code != exitDone {
			t.Fatalf("audit %q: exit %d: %s%s", args, code, out, errs)
		}
		if golden != "" {
			goldentest.Compare(t, golden, stable(out))
		}
		return out
	}
	var doc auditDocument
	if err := json.Unmarshal([]byte(look("", s.LicenseARN, "pages", "--json")), &doc); err != nil {
		t.Fatal(err)
	}
	if !doc.OK || len(doc.Lines) != 1 || len(doc.Hours) != 2 || doc.Hours[0].Receipt == "" || doc.Hours[0].Quantity != 42 || doc.Hours[1].Late != 1 {
		t.Fatalf("%+v", doc)
	}
	license, record := doc.Lines[0].License, doc.Hours[0].Record
	look("audit-line.golden.txt", license, "pages")
	byHour := look("audit-hour.golden.txt", license, "pages", "2026-11-10T09")
	if byRecord := look("", "record", record); byRecord != byHour {
		t.Errorf("by the record's id:\n%s\nby its hour:\n%s", byRecord, byHour)
	}
	look("audit-event.golden.txt", "event", "orders", "late")
	look("audit-open-event.golden.txt", "event", "orders", "open", "--from", "2026-11-10T11")

	var h hourTrail
	if err := json.Unmarshal([]byte(look("", "event", "orders", "second", "--json")), &h); err != nil {
		t.Fatal(err)
	}
	if h.Event == nil || h.Event.ID != "second" || h.Record == nil || h.Record.Receipt != doc.Hours[0].Receipt || h.Request == nil || h.Request.Status != "Success" {
		t.Errorf("from an event to AWS's receipt: %+v", h)
	}
	var e struct {
		Hour, Why, Unbillable string
		Late                  bool
		By                    time.Time
		Record                *struct {
			ID, MeteringRecordID string
			Request              *struct{ Outcome string }
		}
	}
	ask(t, b, http.MethodGet, "/v1/events/late?source=orders&from=2026-11-10T09:00:00Z", "", "", &e)
	if !e.Late || e.Hour != "2026-11-10T10:00:00Z" || e.Record == nil || e.Record.MeteringRecordID != doc.Hours[1].Receipt || e.Record.Request == nil {
		t.Errorf("over the API: %+v", e)
	}
	e.Record = nil
	ask(t, b, http.MethodGet, "/v1/events/open?source=orders", "", "", &e)
	if e.Record != nil || !e.By.Equal(time.Date(2026, 11, 10, 12, 5, 0, 0, time.UTC)) || e.Why != "Its hour is open." {
		t.Errorf("an open one: %+v", e)
	}
	if err := json.Unmarshal([]byte(look("", "record", record, "--json", "--events", "1")), &h); err != nil || len(h.Events) != 1 || !h.More {
		t.Errorf("one event of two: %+v, %v", h.Events, err)
	}
	if out := look("", license, "pages", "--month", "2026-10"); strings.Contains(out, "rec_") {
		t.Errorf("hours of another month: %s", out)
	}
	for _, wrong := range [][]string{{"lic_none"}, {license, "odd"}, {license, "pages", "noon"}, {"record", "rec_none"}, {"event", "orders", "none"}, {"event", "orders", "second", "--from", "2026-11-10T10"},
		{license, "--month", "May"}} {
		if code, out, errs := souk(t, append(append([]string{"audit"}, wrong...), "--database", b.Database)...); code == exitDone || out != "" || errs == "" {
			t.Errorf("audit %q: exit %d: %s%s", wrong, code, out, errs)
		}
	}
}
