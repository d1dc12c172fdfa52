package control_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// all reads every page of a list, two items at a time.
func all[T any](st *stage, path string, q url.Values) (items []T) {
	st.t.Helper()
	if q == nil {
		q = url.Values{}
	}
	q.Set("limit", "2")
	for {
		var page struct {
			Items []T
			Next  string
		}
		st.get(path+"?"+q.Encode(), &page)
		if len(page.Items) > 2 {
			st.t.Fatalf("%s: %d items on a page of 2", path, len(page.Items))
		}
		items = append(items, page.Items...)
		if page.Next == "" {
			return items
		}
		q.Set("cursor", page.Next)
	}
}

func TestListings(t *testing.T) {
	st := open(t, "")
	type product struct{ ProductID, ProductCode, Title, Identity, FulfillmentURL string }
	var made product
	st.post("/_sandbox/products", map[string]any{"title": "Blotter", "dimensions": []any{map[string]any{"key": "sheets", "prices": map[string]any{"usage": "0.5"}}}}, &made)
	if len(made.ProductCode) != 25 || made.FulfillmentURL == "" || made.Identity != "license" {
		t.Errorf("listed %+v", made)
	}
	var codes []string
	for _, p := range all[product](st, "/_sandbox/products", nil) {
		codes = append(codes, p.ProductCode)
	}
	if want := []string{inkwell, classic, teams, press, classicTeams, made.ProductCode}; !slices.Equal(codes, want) {
		t.Errorf("products %q, want %q", codes, want)
	}
	var changed product
	st.must(http.MethodPatch, "/_sandbox/products/"+made.ProductCode, map[string]any{"title": "Blotter 2"}, &changed)
	if changed.Title != "Blotter 2" || changed.ProductID != made.ProductID {
		t.Errorf("changed to %+v", changed)
	}
	if got := all[struct{ OfferID string }](st, "/_sandbox/offers", nil); len(got) != 9 { // the listings' own, and three beside them
		t.Errorf("offers %+v", got)
	}
	var buyer struct {
		AccountID string
		Suspended bool
	}
	st.post("/_sandbox/buyers", map[string]any{"name": "Umbrella", "email": "x@umbrella.example"}, &buyer)
	st.must(http.MethodPatch, "/_sandbox/buyers/"+buyer.AccountID, map[string]any{"suspended": true}, &buyer)
	if !buyer.Suspended {
		t.Error("not suspended")
	}
	got := all[struct{ AccountID, AccessKeyID, SecretAccessKey string }](st, "/_sandbox/buyers", nil)
	if len(got) != 4 || got[3].AccountID != buyer.AccountID || got[3].AccessKeyID == "" || got[3].SecretAccessKey == "" || got[3].AccessKeyID == got[2].AccessKeyID {
		t.Errorf("buyers %+v", got)
	}
}

func TestAgreements(t *testing.T) {
	st := open(t, "")
	first, second := st.buy(acme, inkwell), st.buy(globex, inkwell)
	third := st.buy(acme, inkwell)
	if first.RegistrationToken == "" || !strings.HasSuffix(first.FulfillmentURL, "/register") || first.Status != "ACTIVE" || !strings.HasPrefix(first.LicenseARN, "arn:aws:license-manager::") {
		t.Errorf("bought %+v", first)
	}
	var fresh agreement
	st.post("/_sandbox/agreements/"+first.AgreementID+"/token", nil, &fresh)
	if fresh.RegistrationToken == "" || fresh.RegistrationToken == first.RegistrationToken {
		t.Error("not a fresh token")
	}
	st.cancel(second)
	ids := func(q url.Values) (out []string) {
		for _, a := range all[agreement](st, "/_sandbox/agreements", q) {
			out = append(out, a.AgreementID)
		}
		return out
	}
	for _, c := range []struct {
		q    url.Values
		want []string
	}{
		{nil, []string{first.AgreementID, second.AgreementID, third.AgreementID}},
		{url.Values{"buyerAccountId": {acme}}, []string{first.AgreementID, third.AgreementID}},
		{url.Values{"status": {"CANCELLED"}}, []string{second.AgreementID}},
		{url.Values{"licenseArn": {third.LicenseARN}}, []string{third.AgreementID}},
		{url.Values{"productCode": {classic}}, nil},
	} {
		if got := ids(c.q); !slices.Equal(got, c.want) {
			t.Errorf("%v: %q, want %q", c.q, got, c.want)
		}
	}
	for name, c := range map[string]struct {
		method, path string
		in           any
		status       int
	}{
		"cancel twice":      {http.MethodPost, "/_sandbox/agreements/" + second.AgreementID + "/cancel", nil, http.StatusConflict},
		"unknown agreement": {http.MethodGet, "/_sandbox/agreements/agmt-nothing", nil, http.StatusNotFound},
		"not played":        {http.MethodPost, "/_sandbox/agreements/" + first.AgreementID + "/renew", map[string]any{}, http.StatusBadRequest},
		"no such act":       {http.MethodPost, "/_sandbox/agreements/" + first.AgreementID + "/fly", nil, http.StatusNotFound},
		"unknown buyer":     {http.MethodPost, "/_sandbox/agreements", map[string]any{"buyerAccountId": "000000000000", "productCode": inkwell}, http.StatusNotFound},
		"unknown field":     {http.MethodPost, "/_sandbox/agreements", map[string]any{"buyer": acme}, http.StatusBadRequest},
		"body of an act":    {http.MethodPost, "/_sandbox/agreements/" + first.AgreementID + "/cancel", map[string]any{"why": "x"}, http.StatusBadRequest},
		"no such call":      {http.MethodPut, "/_sandbox/agreements", nil, http.StatusNotFound},
		"limit":             {http.MethodGet, "/_sandbox/agreements?limit=0", nil, http.StatusBadRequest},
		"cursor":            {http.MethodGet, "/_sandbox/agreements?cursor=x", nil, http.StatusBadRequest},
		"instant":           {http.MethodGet, "/_sandbox/records?from=yesterday", nil, http.StatusBadRequest},
		"whose bill":        {http.MethodGet, "/_sandbox/bill", nil, http.StatusBadRequest},
	} {
		if status, p := st.do(c.method, c.path, c.in, nil); status != c.status {
			t.Errorf("%s: %d %s, want %d", name, status, p.Detail, c.status)
		}
	}
}

func TestDeliveriesAreListedAndRepeated(t *testing.T) {
	st := open(t, "")
	a := st.buy(acme, inkwell)
	st.advance("5m")
	type delivery struct {
		ID, Channel, Kind, Source, AgreementID, Outcome, Body string
		Attempts                                              []struct{ Outcome, MessageID, Target string }
	}
	got := all[delivery](st, "/_sandbox/deliveries", url.Values{"agreementId": {a.AgreementID}})
	if len(got) != 2 || got[1].Kind != "License Updated - Manufacturer" || got[1].Channel != "eventbridge" || got[1].Outcome != "delivered" ||
		got[1].Source != "arn:aws:events:us-east-1:444455556666:event-bus/default" || got[1].Attempts[0].Target != "arn:aws:sqs:us-east-1:444455556666:marketplace-notices" || !strings.Contains(got[1].Body, a.LicenseARN) {
		t.Fatalf("listed %+v", got)
	}
	var again delivery
	st.post("/_sandbox/deliveries/"+got[1].ID+"/redeliver", nil, &again)
	if len(again.Attempts) != 2 || again.Attempts[0].MessageID == again.Attempts[1].MessageID {
		t.Errorf("delivered again: %+v", again)
	}
	messages := st.receive()
	if len(messages) != 3 || *messages[1].Body != *messages[2].Body {
		t.Errorf("%d messages in the queue", len(messages))
	}
}

func TestFaultOfNotifications(t *testing.T) {
	st := open(t, "")
	st.post("/_sandbox/faults", map[string]any{"operation": "Notification", "kind": "lose-then-redeliver", "times": 1}, nil)
	st.buy(acme, inkwell)
	st.advance("5m")
	var kinds []string
	for _, m := range st.receive() {
		kinds = append(kinds, strings.Split(seconds(t, begin, []types.Message{m})[0], " +")[0])
	}
	if want := []string{"Purchase Agreement Created", "License Updated"}; !slices.Equal(kinds, want) {
		t.Errorf("got %q", kinds)
	}
	if got := all[struct{ Used int }](st, "/_sandbox/faults", nil); len(got) != 1 || got[0].Used != 1 {
		t.Errorf("faults %+v", got)
	}
	st.must(http.MethodDelete, "/_sandbox/faults", nil, nil)
	if got := all[struct{ Used int }](st, "/_sandbox/faults", nil); len(got) != 0 {
		t.Errorf("faults %+v", got)
	}
	if status, _ := st.do(http.MethodPost, "/_sandbox/faults", map[string]any{"operation": "Notification", "kind": "throttle"}, nil); status != http.StatusBadRequest {
		t.Errorf("a fault that does not fit was answered %d", status)
	}
}

func TestProfiles(t *testing.T) {
	st := open(t, "")
	value := func() string {
		for _, p := range all[struct{ Name, Value, Default, Source string }](st, "/_sandbox/profiles", nil) {
			if p.Name == "token-life" {
				return p.Value
			}
		}
		return ""
	}
	if value() != "4h" {
		t.Errorf("token-life is %q", value())
	}
	st.post("/_sandbox/profiles", map[string]string{"token-life": "30m"}, nil)
	if value() != "30m" {
		t.Errorf("token-life is %q after it was changed", value())
	}
	if status, _ := st.do(http.MethodPost, "/_sandbox/profiles", map[string]string{"token-life": "1y"}, nil); status != http.StatusBadRequest {
		t.Errorf("a value that is not allowed was answered %d", status)
	}
}

func TestProfilesAreShuffledBySeed(t *testing.T) {
	st := open(t, "")
	type choices struct {
		Shuffle uint64
		Items   []struct{ Name, Value, Default string }
	}
	var first, again, back choices
	st.post("/_sandbox/profiles", map[string]any{"shuffle": 7, "token-life": "30m"}, &first)
	st.post("/_sandbox/profiles", map[string]any{"shuffle": 8}, &again)
	if fmt.Sprint(first) == fmt.Sprint(again) || again.Shuffle != 8 {
		t.Errorf("two seeds chose %+v and %+v", first, again)
	}
	st.post("/_sandbox/profiles", map[string]any{"shuffle": 7, "token-life": "30m"}, &again)
	if fmt.Sprint(first) != fmt.Sprint(again) {
		t.Errorf("the same seed chose %+v and %+v", first, again)
	}
	st.post("/_sandbox/reset", nil, nil)
	if st.get("/_sandbox/profiles", &again); again.Shuffle != 7 {
		t.Errorf("after a reset the seed is %d", again.Shuffle)
	}
	st.post("/_sandbox/profiles", map[string]any{"shuffle": 0}, &back)
	for _, p := range back.Items {
		if p.Value != p.Default {
			t.Errorf("%s is %s without a shuffle", p.Name, p.Value)
		}
	}
	for _, bad := range []map[string]any{{"shuffle": "7"}, {"shuffle": -1}, {"shuffle": 1.5}, {"shuffle": 1e300}, {"token-life": 4}, {"shuffle": 7, "token-life": "1y"}} {
		if status, _ := st.do(http.MethodPost, "/_sandbox/profiles", bad, nil); status != http.StatusBadRequest {
			t.Errorf("%v: %d", bad, status)
		}
	}
}

func TestAgreementsArePagedByWhatIsAsked(t *testing.T) {
	st := open(t, "")
	var want []string
	for n := range 7 {
		buyer := acme
		if n%2 == 1 {
			buyer = globex
		}
		var a struct{ AgreementID string }
		st.post("/_sandbox/agreements", map[string]string{"productCode": inkwell, "buyerAccountId": buyer}, &a)
		if n%2 == 0 {
			want = append(want, a.AgreementID)
		}
	}
	var got []string
	for _, a := range all[struct{ AgreementID string }](st, "/_sandbox/agreements", url.Values{"buyerAccountId": {acme}}) { // pages of two
		got = append(got, a.AgreementID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
}

// A request whose answer was lost is repeated with its name, and acts once.
func TestIdempotencyKeyMakesAnActHappenOnce(t *testing.T) {
	st := open(t, "")
	buy := func(key, buyer string) (status int, id, replayed string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, st.url+"/_sandbox/agreements", strings.NewReader(`{"productCode":"`+inkwell+`","buyerAccountId":"`+buyer+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Idempotency-Key", key)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var a struct{ AgreementID string }
		if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, a.AgreementID, res.Header.Get("Idempotency-Replayed")
	}
	_, first, replayed := buy("k1", acme)
	if replayed != "" {
		t.Error("the first answer is a repetition")
	}
	if status, again, replayed := buy("k1", acme); status != http.StatusCreated || again != first || replayed != "true" {
		t.Errorf("repeated: %d %s, want %s", status, again, first)
	}
	if _, other, _ := buy("k2", acme); other == first {
		t.Error("another name gave the same agreement")
	}
	if status, _, _ := buy("k1", globex); status != http.StatusConflict {
		t.Errorf("the name of another request: %d", status)
	}
	if status, _, _ := buy("k3", "000000000000"); status < 400 {
		t.Errorf("nobody bought: %d", status)
	}
	if status, id, _ := buy("k3", acme); status != http.StatusCreated || id == "" {
		t.Errorf("a refusal was remembered: %d", status)
	}
	if status, _, _ := buy(strings.Repeat("k", 256), acme); status != http.StatusBadRequest {
		t.Errorf("a long name: %d", status)
	}
	got := make(chan string, 8)
	for range cap(got) {
		go func() { _, id, _ := buy("k4", acme); got <- id }()
	}
	one := <-got
	for range cap(got) - 1 {
		if id := <-got; id != one {
			t.Errorf("at the same time: %s and %s", one, id)
		}
	}
}

func TestCallsArePaged(t *testing.T) {
	st := open(t, "")
	for range 5 {
		st.receive()
	}
	got := all[struct{ Operation, Service string }](st, "/_sandbox/calls", url.Values{"operation": {"ReceiveMessage"}})
	if len(got) != 5 || got[0].Service != "Amazon SQS" {
		t.Errorf("calls %+v", got)
	}
}

func TestEnv(t *testing.T) {
	st := open(t, "")
	var vars map[string]string
	st.get("/_sandbox/env", &vars)
	for name, want := range map[string]string{"AWS_ENDPOINT_URL_MARKETPLACE_METERING": st.url, "AWS_ENDPOINT_URL_SQS": st.url, "AWS_REGION": "us-east-1",
		"SOUK_CLOCK": st.url, "SOUK_QUEUE_URL": *st.queueURL()} {
		if vars[name] != want {
			t.Errorf("%s is %q, want %q", name, vars[name], want)
		}
	}
	var products []struct {
		ProductCode, Title, AppURL string
		Dimensions                 []struct{ Key, Name, Unit string }
	}
	if err := json.Unmarshal([]byte(vars["SOUK_PRODUCTS"]), &products); err != nil || len(products) != 5 || products[0].ProductCode != inkwell ||
		len(products[0].Dimensions) != 2 || products[0].Dimensions[0].Unit == "" {
		t.Errorf("SOUK_PRODUCTS is %s: %v", vars["SOUK_PRODUCTS"], err)
	}
	res, err := http.Get(st.url + "/_sandbox/env?format=sh")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	script, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell on this machine")
	}
	for name, want := range vars { // what a shell makes of it is what the JSON says
		out, err := exec.CommandContext(t.Context(), sh, "-c", string(script)+`printf %s "$`+name+`"`).Output()
		if err != nil || string(out) != want {
			t.Errorf("a shell has %s=%q, %v; want %q", name, out, err, want)
		}
	}
}

func TestResetGoesBackToTheWorldFile(t *testing.T) {
	st := open(t, "")
	st.buy(acme, inkwell)
	st.post("/_sandbox/buyers", map[string]any{"name": "Umbrella", "email": "x@umbrella.example"}, nil)
	st.post("/_sandbox/faults", map[string]any{"operation": "Notification", "kind": "delay", "delay": "1h"}, nil)
	st.advance("5m")
	st.post("/_sandbox/reset", nil, nil)
	st.advance("2h")
	for _, path := range []string{"agreements", "deliveries", "faults", "calls"} {
		if got := all[json.RawMessage](st, "/_sandbox/"+path, nil); len(got) != 0 {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := all[json.RawMessage](st, "/_sandbox/buyers", nil); len(got) != 3 {
		t.Errorf("%d buyers", len(got))
	}
	if got := st.receive(); len(got) != 0 {
		t.Errorf("%d messages are left", len(got))
	}
	st.buy(acme, inkwell)
	st.advance("5m")
	if got := st.receive(); len(got) != 2 {
		t.Errorf("%d notices after the reset, want 2", len(got))
	}
}

// A sandbox that is killed brings back its deliveries, and every message that was not deleted.
func TestKilledSandboxDeliversAgainWhatWasNotDeleted(t *testing.T) {
	dir := t.TempDir()
	st := open(t, dir)
	a := st.buy(acme, inkwell)
	st.post("/_sandbox/faults", map[string]any{"operation": "Notification", "kind": "delay", "delay": "1h", "times": 1}, nil)
	st.advance("20s") // Created is held up for an hour
	st.advance("1m")
	got := st.receive()
	if s := seconds(t, begin, got); !slices.Equal(s, []string{"License Updated +72"}) {
		t.Fatalf("before the kill %q", s)
	}
	st.cancel(a)
	st.advance("10s")
	st.delete(got...)
	if s := st.receive(); len(s) != 1 { // Ended: received, not deleted
		t.Fatalf("%d messages", len(s))
	}
	deliveries := all[json.RawMessage](st, "/_sandbox/deliveries", nil)
	st.stop() // nothing is written at the end: as a kill

	st = again(t, dir)
	if now := st.now(); !now.Equal(begin.Add(90 * time.Second)) {
		t.Errorf("the clock is at %v", now)
	}
	if got := all[json.RawMessage](st, "/_sandbox/deliveries", nil); fmt.Sprintf("%s", got) != fmt.Sprintf("%s", deliveries) {
		t.Errorf("deliveries after the kill\n%s\nbefore\n%s", got, deliveries)
	}
	if s := seconds(t, begin, st.receive()); !slices.Equal(s, []string{"Purchase Agreement Ended +80"}) {
		t.Errorf("after the kill %q", s)
	}
	st.advance("1h")
	var kinds []string
	for range 3 {
		got := st.receive()
		kinds = append(kinds, seconds(t, begin, got)...)
		st.delete(got...)
	}
	slices.Sort(kinds)
	if want := []string{"License Deprovisioned +111", "Purchase Agreement Created +11", "Purchase Agreement Ended +80"}; !slices.Equal(kinds, want) {
		t.Errorf("in the end %q, want %q", kinds, want)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	st := open(t, "")
	for name, c := range map[string]struct {
		header, value string
		host          string
		want          int
	}{
		"a script":            {want: http.StatusOK},
		"a page of ours":      {header: "Sec-Fetch-Site", value: "same-origin", want: http.StatusOK},
		"another site":        {header: "Sec-Fetch-Site", value: "cross-site", want: http.StatusForbidden},
		"another origin":      {header: "Origin", value: "https://evil.example", want: http.StatusForbidden},
		"a name from nowhere": {host: "evil.example", want: http.StatusForbidden},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, st.url+"/_sandbox/reset", nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.header != "" {
			req.Header.Set(c.header, c.value)
		}
		if c.host != "" {
			req.Host = c.host
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("%s: %s, want %d", name, res.Status, c.want)
		}
	}
}

func TestOpenAPIIsServed(t *testing.T) {
	st := open(t, "")
	var doc struct{ OpenAPI string }
	st.get("/openapi.json", &doc)
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("got %+v", doc)
	}
	res, err := http.Get(st.url + "/SimpleNotificationService-sandbox.pem")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); !strings.HasPrefix(string(text), "-----BEGIN CERTIFICATE-----") {
		t.Errorf("the certificate: %s", text)
	}
}
