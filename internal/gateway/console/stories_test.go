package console

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/chat"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/idp"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/keys"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/search"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/webui"
	"souk.dev/souk/internal/webui/webuitest"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

const inkCode = core.ProductCode("4ml54db8vrmjuykaw1psroool")

var catalogue = core.Catalogue{
	{Code: inkCode, Title: "Inkwell Pages", Pricing: core.Subscription, Dimensions: []core.Measure{{Key: "pages", Name: "Pages typeset", Unit: "pages"}, {Key: "storage_gb", Name: "Storage", Unit: "GB"}}},
	{Code: "0exampl1product2code3abcd", Title: "Quill Analytics", Pricing: core.Contract},
}

func quantity(text string) usage.Quantity {
	q, err := usage.ParseQuantity(text)
	if err != nil {
		panic(err)
	}
	return q
}

// hoursOfTwoDays is usage that goes up and down by day, with all that can become of it.
func hoursOfTwoDays() (all []metering.HourUsage) {
	now := core.HourOf(noon)
	for h := now - 47; h <= now; h++ {
		n := usage.Whole(int64(20 + (h%24)*(24-h%24)*2))
		u := metering.HourUsage{Hour: h, Dimension: "pages", Accepted: n, Sealed: n, Sent: n, Honoured: n, Events: 12, Record: metering.FirstID(h)}
		switch {
		case h == now:
			u.Open, u.Sealed, u.Sent, u.Honoured, u.Record = n, usage.Quantity{}, usage.Quantity{}, usage.Quantity{}, ""
		case h == now-1:
			u.Honoured = usage.Quantity{}
		case h == now-30:
			u.Honoured, u.Unbillable, u.Reasons = usage.Quantity{}, n, []string{metering.ReasonConflict}
		}
		all = append(all, u)
	}
	return all
}

const exampleSecret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

func exampleKey() webui.Key {
	k, err := credential.NewFactorKey(exampleSecret, "Inkwell", "ida@inkwell.example")
	if err != nil {
		panic(err)
	}
	return webui.Key{Picture: webui.PNG(k.Picture), Text: k.Text}
}

// exampleBrowsers are where somebody is signed in.
func exampleBrowsers() webui.Browsers {
	return webui.Browsers{Now: noon, EndOthers: browsersPath + credential.OtherSessions, List: []webui.Browser{
		{Name: "Chrome on Mac", Since: noon.Add(-9 * time.Hour), Seen: noon.Add(-40 * time.Minute), End: browsersPath + "ses_1"}, {Name: "Firefox on Windows", Since: noon.Add(-time.Hour), Seen: noon, Here: true}}}
}

// stories are every page with sample data, each state that people meet at least once.
func stories(c *Console) []webui.Story {
	ida := &operator.Person{ID: "op_1", Email: "ida@inkwell.example", Name: "Ida Inkwell", Role: operator.Admin, CreatedAt: noon.AddDate(0, -3, 0)}
	vera := operator.Person{ID: "op_2", Email: "vera@inkwell.example", Name: "Vera Viewer", Role: operator.Viewer, CreatedAt: noon.AddDate(0, -1, 0)}
	otto := operator.Person{ID: "op_3", Email: "otto@inkwell.example", Name: "Otto Operator", Role: operator.Operator, CreatedAt: noon.AddDate(0, -1, 0), Issuer: "https://id.inkwell.example", Subject: "248289761001"}
	fay := operator.Person{ID: "op_4", Email: "fay@inkwell.example", Name: "Fay Factor", Role: operator.Viewer, CreatedAt: noon, SecondFactor: true}
	page := func(path string) Page { return Page{Path: path, Now: noon, Who: ida, ToDo: toDo{2, 1, 1, 2}} }
	lic := func(id core.LicenseID, customer core.AWSAccountID, s license.Standing) licenseRow {
		return c.licenseRow(license.License{ID: id, ProductCode: inkCode, Customer: customer, ARN: "arn:aws:license-manager::294406891311:license:l-0123456789abcdef0123456789abcdef",
			Agreements: []core.AgreementID{"agmt-7tz0example1"}, Offer: "offer-abcdefexample", Account: "acc_1", CreatedAt: noon.AddDate(0, -2, 0), Standing: s})
	}
	active := lic("lic_4t9k2m", "111122223333", license.Standing{State: license.Active, Why: "AWS says the subscription is active.", Since: noon.AddDate(0, -2, 0), ActivatedAt: noon.AddDate(0, -2, 0), AdvisedAt: noon.Add(-3 * time.Hour)})
	ending := lic("lic_7h3p1q", "444455556666", license.Standing{State: license.WindingDown, Why: "AWS says the agreement ended; the last hour for metering runs. The agreement was cancelled.", Since: noon.Add(-20 * time.Minute),
		Next: "The last records go to AWS; then access ends.", By: noon.Add(40 * time.Minute), ActivatedAt: noon.AddDate(0, -1, 0), OpensAt: noon.Add(-20 * time.Minute), ClosesAt: noon.Add(40 * time.Minute), EndReason: license.Cancelled})
	pending := lic("lic_9x8c7v", "777788889999", license.Standing{State: license.Pending, Why: "The buyer has arrived from AWS Marketplace; AWS has not yet said that the subscription is active.", Since: noon.Add(-time.Minute)})
	rec := func(hours int, state metering.State, why string, n int64) recordRow {
		h := core.HourOf(noon) - core.Hour(hours)
		r := metering.Record{ID: metering.FirstID(h) + "0f3k", License: "lic_4t9k2m", Dimension: "pages", Hour: h, Product: inkCode, State: state, Why: why, Since: h.End().Add(5 * time.Minute),
			Line: metering.Line{Timestamp: metering.Second(h.End().Unix() - 1), Dimension: "pages", Quantity: n, CustomerAWSAccount: "111122223333", LicenseARN: active.ARN},
			Per:  usage.Whole(1), Tries: 1, Expires: h.End().Add(24 * time.Hour), Deadline: h.End().Add(24 * time.Hour)}
		return recordRow{r, r.Explain(), "Pages typeset", "Inkwell Pages", "111122223333"}
	}
	records := []recordRow{rec(1, metering.Waiting, "The hour is sealed; the record waits for its turn.", 312), rec(2, metering.Honoured, "AWS took it.", 298),
		rec(3, metering.Parked, "AWS says InvalidUsageDimensionException: the dimension is not one of the product's.", 4), rec(30, metering.Unbillable, "AWS honoured another quantity for the hour.", 77)}
	records[1].Receipt = "b2d5f1c0-example"
	note := func(outcome license.Outcome, kind, why string) noticeRow {
		return c.noticeRow(intake.Notice{Key: "eb:3f0c1d2e-example", Way: intake.FromQueue, Channel: intake.EventBridge, Kind: kind, Role: "Manufacturer", ProductCode: inkCode, At: noon.Add(-time.Hour), ReceivedAt: noon.Add(-time.Hour).Add(4 * time.Second),
			LastAt: noon, Deliveries: 2, Body: `{"version":"0","detail-type":"License Updated - Manufacturer","detail":{"product":{"code":"` + string(inkCode) + `"}}}`, Outcome: outcome, Why: why, License: "lic_4t9k2m"})
	}
	notices := []noticeRow{note(license.Applied, "License Updated", "The license is active: AWS says the subscription is active."), note(intake.Poison, "", "It is not JSON.")}
	fix := c.correctionRow(correction.Correction{Life: proposal.Life{ID: "cor_1", License: "lic_4t9k2m", AskedBy: approval.Actor{Key: "key_1", Person: "billing bot"}, CreatedAt: noon.AddDate(0, 0, -1), State: correction.Proposed, Why: "The request is worked out; a person has to approve it.", Since: noon.Add(-20 * time.Hour)},
		Kind: correction.OverBilled, Dimension: "pages", Quantity: "120", Month: noon.AddDate(0, -1, 0), Reason: "INCORRECT_METERING", Description: "Pages were counted twice on 14 October.", Maximum: "412.50", Request: &correction.Request{AgreementID: "agmt-7tz0example1", InvoiceID: "2026-10-EXAMPLE", Amount: "12.00", CurrencyCode: "USD", ReasonCode: "INCORRECT_METERING", ClientToken: "cor-1"}})
	done := fix
	done.State, done.Correction.Why, done.DecidedBy, done.DecidedAt, done.SentAt, done.AWSID = correction.Completed, "AWS gave the money back.", approval.Actor{Key: "op_1", Person: ida.Email}, noon.Add(-10*time.Hour), noon.Add(-10*time.Hour), "ba-example"
	fix.Product, fix.Buyer, done.Product, done.Buyer = "Inkwell Pages", "111122223333", "Inkwell Pages", "111122223333"
	answered := registrationRow{register.Registration{ID: "reg_1", License: "lic_4t9k2m", Buyer: license.Buyer{Customer: "111122223333"}, Offer: "free-trial", ArrivedAt: noon.AddDate(0, -2, 0), LastArrivedAt: noon, Arrivals: 2,
		Account: "acc_1", ClaimedAt: noon.AddDate(0, -2, 0), AttachedAt: noon.AddDate(0, -2, 0), Answers: []register.Answer{{Name: "size", Label: "How many people are you?", Type: core.ChoiceField, Value: "11–100"},
			{Name: "purpose", Label: "What will you typeset?", Type: core.LongTextField, Value: "Novels,\nand letters to the editor."}, {Name: "news", Label: "News, please", Type: core.CheckboxField, Value: "false"}}}, "Inkwell Pages"}
	waiting := answered
	waiting.DueAt = noon.Add(-time.Hour)
	opened := registrationRow{register.Registration{ID: "reg_2", License: "lic_9x8c7v", Buyer: license.Buyer{Customer: "777788889999"}, ArrivedAt: noon, LastArrivedAt: noon, Arrivals: 1}, "Inkwell Pages"}
	asking := func(form func(license.License, url.Values) proposalForm, wrong error) proposalForm {
		l := active.License
		l.Agreements = []core.AgreementID{"agmt-1", "agmt-7tz0example1"}
		f := form(l, url.Values{"description": {"The plan is no more."}, "quantity": {"120"}, "dimension": {"pages"}})
		if wrong != nil {
			f.mark(wrong)
		}
		return f
	}
	end := func(s cancellation.State) cancellationRow {
		e := cancellation.Cancellation{Life: proposal.Life{ID: "can_1", License: "lic_4t9k2m", AskedBy: approval.Actor{Key: "op_2", Person: vera.Email}, CreatedAt: noon.AddDate(0, 0, -2), State: s, Why: "It waits for a person's approval. AWS and the buyer know nothing of it.", Since: noon.AddDate(0, 0, -2)},
			Agreement: "agmt-7tz0example1", Reason: "PRODUCT_DISCONTINUED", Description: "The yearly plan is replaced by a monthly one."}
		if s != cancellation.Proposed {
			e.Why, e.Since, e.AWSID, e.RespondBy = "The buyer was asked, and has until 2026-11-07T12:00:00Z; silence counts as a yes.", noon.AddDate(0, 0, -1), "acr-example", noon.AddDate(0, 0, 6)
			e.DecidedBy, e.DecidedAt = approval.Actor{Key: "op_1", Person: ida.Email}, noon.AddDate(0, 0, -1)
		}
		if s == cancellation.Agreed || s == cancellation.Completed {
			e.Why, e.SettledAt = "The buyer agreed; AWS ends the agreement.", noon.Add(-time.Hour)
		}
		return cancellationRow{e, "Inkwell Pages", "111122223333"}
	}
	pay := func(s payment.State) paymentRow {
		p := payment.Payment{Life: proposal.Life{ID: "pay_1", License: "lic_4t9k2m", AskedBy: approval.Actor{Key: "op_2", Person: vera.Email}, CreatedAt: noon.AddDate(0, 0, -2), State: s, Why: "It waits for a person's approval. AWS and the buyer know nothing of it.", Since: noon.AddDate(0, 0, -2)},
			Agreement: "agmt-8example2", Term: "term-example", Name: "Second milestone", Amount: "4000", Currency: "USD", Maximum: "9000.00", Silence: "P10D", Description: "The import of the archive is done,\nand was accepted on 28 October."}
		if s != payment.Proposed {
			p.Why, p.Since, p.AWSID, p.RespondBy = "The buyer was asked, and has until 2026-11-10T12:00:00Z; silence counts as a yes.", noon.AddDate(0, 0, -1), "pr-example", noon.AddDate(0, 0, 9)
			p.DecidedBy, p.DecidedAt = approval.Actor{Key: "op_1", Person: ida.Email}, noon.AddDate(0, 0, -1)
		}
		if s == payment.Accepted {
			p.Why, p.SettledAt, p.ChargeID = "The buyer accepted it; AWS charges it.", noon.Add(-time.Hour), "ch-example"
		}
		return paymentRow{p, "Inkwell Pages", "111122223333"}
	}
	// deciding is what an operator may do about a request, own what its proposer may.
	deciding := func(s proposal.State, own string) decision { return decision{Href: "#", State: s, May: true, Own: own} }
	const ownSaid = "You proposed this yourself; another person has to approve it."
	chain := []agreementRow{{agreement.Agreement{ID: "agmt-7tz0example1", Status: agreement.Renewed, Customer: "111122223333", Offer: "offer-abcdefexample", ProductID: "prod-ex4mpl3abc12d", Initial: "agmt-7tz0example1", StartsAt: noon.AddDate(-1, 0, 0), EndsAt: noon.AddDate(0, -2, 0), SeenAt: noon}, "Inkwell Pages"},
		{agreement.Agreement{ID: "agmt-8example2", Status: agreement.Active, Customer: "111122223333", Offer: "offer-abcdefexample", ProductID: "prod-ex4mpl3abc12d", Initial: "agmt-7tz0example1", Licenses: []core.LicenseARN{active.ARN},
			AcceptedAt: noon.AddDate(0, -2, 0), StartsAt: noon.AddDate(0, -2, 0), EndsAt: noon.AddDate(0, 10, 0), UpdatedAt: noon.AddDate(0, -2, 0), AtEnd: "EXPIRE", AtEndWhy: "ACCEPTOR_RENEW_OPTED_OUT", SeenAt: noon.Add(-time.Hour)}, "Inkwell Pages"}}
	terms := agreement.Terms{At: noon, Value: "6000.00", CurrencyCode: "USD", Accepted: everyTerm()}
	var inWords []termRow
	for _, t := range terms.Accepted {
		inWords = append(inWords, termInWords(t, catalogue[0]))
	}
	used := hoursOfTwoDays()
	detail := licenseView{Page: page("/console/licenses/lic_4t9k2m"), licenseRow: active, Owner: &account.Account{ID: "acc_1", Email: "ada@example.com", Name: "Ada Lovelace"},
		Facts:  []factRow{{license.Fact{ID: "2", Kind: license.Activated, At: noon.AddDate(0, -2, 0)}, false}, {license.Fact{ID: "1", Kind: license.Arrived, At: noon.AddDate(0, -2, 0).Add(-time.Minute)}, false}},
		Bought: []boughtRow{{"Seats", "25 users", noon.AddDate(1, 0, 0), false}}, BoughtAsOf: noon.Add(-5 * time.Minute),
		Spans:  []filter{{"2 days", "#", -1, true}, {"7 days", "#", -1, false}, {"31 days", "#", -1, false}},
		Charts: chartsOf(used, catalogue[0], core.HourOf(noon)-47, core.HourOf(noon)), Records: records, Notices: notices, Corrections: []correctionRow{fix}, Cancellations: []cancellationRow{end(cancellation.Pending)}, Payments: []paymentRow{pay(payment.Accepted), pay(payment.Pending)}, Payable: "agmt-8example2"}
	for _, u := range used[40:] {
		detail.Hours = append(detail.Hours, hourRow{u, "Pages typeset"})
	}
	bare := licenseView{Page: page("/console/licenses/lic_9x8c7v"), licenseRow: pending, Spans: detail.Spans}
	states := []filter{{"All", "/console/licenses", 3, true}, {"Active", "#", 1, false}, {"Pending", "#", 1, false}, {"Winding down", "#", 1, false}}
	checks := []Checked{{"database", true, "it answers"}, {"queue", false, "it has not answered for 3m0s; see the log"}}
	attempt := &metering.Attempt{ID: "req_1", At: noon.Add(-time.Hour), Request: []byte(`{"UsageRecords":[{"Timestamp":1793534399,"Dimension":"pages","Quantity":298}]}`), Answered: noon.Add(-time.Hour), Outcome: "answered",
		Answer: []byte(`{"Results":[{"MeteringRecordId":"b2d5f1c0-example","Status":"Success"}],"UnprocessedRecords":[]}`)}
	problems := c.findings(checks, map[string]int64{"parked": 1}, map[license.Outcome]int{intake.Poison: 1}, 1, toDo{2, 1, 1, 2})
	problems = append(problems, setUpFindings(3, 1)...)
	states2 := map[license.State]int64{license.Active: 214, license.Pending: 3, license.WindingDown: 1, license.Ended: 18}
	told := outbox.Event{ID: "evt_3kd0q", Kind: outbox.LicenseReady, At: noon, License: "lic_4t9k2m", Data: []byte(`{"license":{"id":"lic_4t9k2m","state":"active"}}`)}
	onItsWay := deliveryRow{outbox.Delivery{ID: "dlv_1", Event: told.ID, Kind: told.Kind, License: told.License, Channel: "mail", Target: outbox.Target{To: "acc_1", Form: "ready"}, State: outbox.Pending, Why: "It is on its way.", CreatedAt: noon, Since: noon, DueAt: noon.Add(time.Minute)}}
	gaveUp := deliveryRow{outbox.Delivery{ID: "dlv_2", Event: told.ID, Kind: told.Kind, License: told.License, Channel: "webhook", Target: outbox.Target{To: "whe_8f2m"}, State: outbox.Dead, Why: "It was tried for three days.", CreatedAt: noon.AddDate(0, 0, -3), Since: noon, Tries: 2}}
	alarm := func(id alert.ID, kind outbox.Kind, state alert.State, times int, say string) alertRow {
		return alertRow{alert.Alert{ID: id, Finding: alert.Finding{Kind: kind, License: "lic_4t9k2m", Product: inkCode, About: records[0].ID, Say: say, At: noon, Times: times}, State: state, Since: noon.Add(-3 * time.Hour), ToldAt: noon.Add(-3 * time.Hour)}, "Inkwell Pages"}
	}
	refused := alarm("alr_1", outbox.AlertRecordsRefused, alert.Raised, 214, "AWS refuses this record: InvalidUsageDimensionException: the dimension is not one of the product's.")
	lost := alarm("alr_2", outbox.AlertUsageUnbilled, alert.Raised, 1, "12.5 of pages were used after the subscription's end, and are given away.")
	mended := alarm("alr_3", outbox.AlertCallsDenied, alert.Resolved, 9, "AWS refuses our metering calls (AccessDeniedException). No usage reaches it.")
	return []webui.Story{
		{Name: "signin", Page: "signin", Data: func() signInView {
			v := c.signInForm(httptest.NewRequest("GET", "/console/signin", nil), "", "")
			v.Now = noon
			return v
		}()},
		{Name: "signin-wrong", Page: "signin", Data: func() signInView {
			v := c.signInForm(httptest.NewRequest("GET", "/console/signin", nil), "/console/records", "ida@inkwell.example")
			v.Notice = webui.Notice{Tone: webui.Error, Text: "E-mail address and password do not belong together. Check both and try again."}
			return v
		}()},
		{Name: "signin-provider", Page: "signin", Data: func() signInView {
			v := c.signInForm(httptest.NewRequest("GET", "/console/signin", nil), "", "")
			v.Now, v.Provider, v.ProviderHref = noon, "Inkwell ID", "/console/signin/provider"
			return v
		}()},
		{Name: "signin-provider-alone", Page: "signin", Data: signInView{Page: Page{Path: "/console/signin", Now: noon}, Provider: "Inkwell ID", ProviderHref: "/console/signin/provider",
			Notice: webui.Notice{Tone: webui.Success, Text: "You are signed out."}}},
		{Name: "overview", Page: "overview", Data: overviewView{page("/console"), checks, problems, tilesOf(states2, map[string]int64{"waiting": 12, "parked": 1, "honoured": 48211, "unbillable": 3}, toDo{2, 1, 1, 2}), notices, records}},
		{Name: "overview-empty", Page: "overview", Data: overviewView{Page: page("/console"), Checks: checks[:1], Tiles: tilesOf(nil, nil, toDo{})}},
		{Name: "licenses", Page: "licenses", Data: licensesView{Page: page("/console/licenses"), Filters: states, Rows: []licenseRow{pending, ending, active}, Older: "/console/licenses?before=lic_4t9k2m"}},
		{Name: "licenses-empty", Page: "licenses", Data: licensesView{Page: page("/console/licenses"), Filters: states[:1]}},
		{Name: "licenses-none-found", Page: "licenses", Data: func() licensesView {
			v := licensesView{Page: page("/console/licenses"), Filters: states[:1]}
			v.Query = "agmt-nobody"
			return v
		}()},
		{Name: "license", Page: "license", Data: detail},
		{Name: "license-pending", Page: "license", Data: bare},
		{Name: "search", Page: "search", Data: func() searchView {
			v := searchView{Page: page("/console/search"), Rows: []hitRow{{search.Hit{Kind: search.Agreement, ID: "agmt-7tz0example1"}}, {search.Hit{Kind: search.Agreement, ID: "agmt-8example2"}}, {search.Hit{Kind: search.License, ID: "lic_4t9k2m"}}}}
			v.Query = "offer-abcdefexample"
			return v
		}()},
		{Name: "agreements", Page: "agreements", Data: agreementsView{Page: page("/console/agreements"), Filters: states[:2], Offer: "offer-abcdefexample", Rows: chain, Next: "/console/agreements?after=x"}},
		{Name: "agreements-empty", Page: "agreements", Data: agreementsView{Page: page("/console/agreements"), Filters: states[:1]}},
		{Name: "agreement", Page: "agreement", Data: agreementView{Page: page("/console/agreements/agmt-8example2"), agreementRow: chain[1], Terms: terms, Told: inWords, Chain: chain, Licenses: []licenseRow{active}, Cancellations: []cancellationRow{end(cancellation.Pending)}, Payments: []paymentRow{pay(payment.Pending)}, Payable: "lic_4t9k2m"}},
		{Name: "agreement-unasked", Page: "agreement", Data: agreementView{Page: page("/console/agreements/agmt-1"), agreementRow: agreementRow{agreement.Agreement{ID: "agmt-1", Status: agreement.Active, SeenAt: noon}, "prod-1"}}},
		{Name: "records", Page: "records", Data: recordsView{Page: page("/console/records"), Filters: states[:2], License: "lic_4t9k2m", Rows: records, Older: "/console/records?before=x"}},
		{Name: "records-empty", Page: "records", Data: recordsView{Page: page("/console/records"), Filters: states[:1]}},
		{Name: "record", Page: "record", Data: recordView{page("/console/records/x"), records[1], attempt, "Success", []usage.Entry{{ID: "e-1", Source: "orders", Time: noon.UnixMicro(), Quantity: quantity("297.5"), Received: noon.UnixMicro()}}, true, false}},
		{Name: "record-waiting", Page: "record", Data: recordView{page("/console/records/x"), records[0], nil, "", nil, false, true}},
		{Name: "notices", Page: "notices", Data: noticesView{Page: page("/console/notices"), Filters: states[:1], License: "lic_4t9k2m", Rows: notices}},
		{Name: "notices-empty", Page: "notices", Data: noticesView{Page: page("/console/notices"), Filters: states[:1]}},
		{Name: "notice", Page: "notice", Data: noticeView{page("/console/notices/x"), notices[0]}},
		{Name: "notice-unreadable", Page: "notice", Data: noticeView{page("/console/notices/x"), notices[1]}},
		{Name: "alerts", Page: "alerts", Data: alertsView{Page: page("/console/alerts"), Filters: states[:2], Rows: []alertRow{refused, lost, mended}, Older: "/console/alerts?before=x", Chats: []chatRow{{chat.Room{Name: "ops", Events: outbox.Filter{"alert.*"}}}, {chat.Room{Name: "billing", Events: outbox.Filter{"alert.usage_unbilled", "correction.proposed"}}}}}},
		{Name: "alerts-empty", Page: "alerts", Data: alertsView{Page: page("/console/alerts"), Filters: states[:1]}},
		{Name: "alert", Page: "alert", Data: alertView{page("/console/alerts/alr_1"), refused}},
		{Name: "alert-resolved", Page: "alert", Data: alertView{page("/console/alerts/alr_3"), mended}},
		{Name: "deliveries", Page: "deliveries", Data: deliveriesView{Page: page("/console/deliveries"), Filters: states[:1], License: "lic_4t9k2m", Rows: []deliveryRow{onItsWay, gaveUp}, Older: "/console/deliveries?before=x"}},
		{Name: "deliveries-empty", Page: "deliveries", Data: deliveriesView{Page: page("/console/deliveries"), Filters: states[:1]}},
		{Name: "delivery", Page: "delivery", Data: deliveryView{page("/console/deliveries/dlv_2"), gaveUp, told, []outbox.Attempt{{At: noon, Took: 92 * time.Millisecond, Status: 503, Say: "It answered 503 Service Unavailable."}, {At: noon.Add(-time.Hour), Took: 15 * time.Second, Say: "It did not answer in time."}}}},
		{Name: "delivery-waiting", Page: "delivery", Data: deliveryView{page("/console/deliveries/dlv_1"), onItsWay, told, nil}},
		{Name: "registrations", Page: "registrations", Data: registrationsView{Page: page("/console/registrations"), Filters: states[:2], Rows: []registrationRow{answered, waiting, opened}}},
		{Name: "registration", Page: "registration", Data: registrationView{page("/console/registrations/reg_1"), answered, answered.Standing(), &account.Account{ID: "acc_1", Email: "ada@example.com", Name: "Ada Lovelace"}}},
		{Name: "registration-open", Page: "registration", Data: registrationView{page("/console/registrations/reg_2"), opened, opened.Standing(), nil}},
		{Name: "registration-setting-up", Page: "registration", Data: registrationView{page("/console/registrations/reg_1"), waiting, waiting.Standing(), &account.Account{ID: "acc_1", Email: "ada@example.com", Name: "Ada Lovelace"}}},
		{Name: "registrations-none-found", Page: "registrations", Data: registrationsView{Page: page("/console/registrations"), Filters: states[:2], State: register.SettingUp}},
		{Name: "account-answers", Page: "account", Data: accountView{Page: page("/console/accounts/acc_1"), Account: account.Account{ID: "acc_1", Email: "ada@example.com", Name: "Ada Lovelace", CreatedAt: noon}, Licenses: []licenseRow{active}, Registrations: []register.Registration{answered.Registration}}},
		{Name: "registrations-empty", Page: "registrations", Data: registrationsView{Page: page("/console/registrations")}},
		{Name: "accounts", Page: "accounts", Data: accountsView{page("/console/accounts"), []account.Account{{ID: "acc_1", Email: "ada@example.com", Name: "Ada Lovelace", Company: "Analytical Engines", CreatedAt: noon}}, ""}},
		{Name: "accounts-empty", Page: "accounts", Data: accountsView{Page: page("/console/accounts")}},
		{Name: "account", Page: "account", Data: accountView{Page: page("/console/accounts/acc_1"), Account: account.Account{ID: "acc_1", Email: "ada@example.com", Name: "Ada Lovelace", Company: "Analytical Engines", CreatedAt: noon}, Licenses: []licenseRow{active}, Members: []member{
			{account.Member{Person: account.Person{ID: "per_1", Email: "ada@example.com", Name: "Ada Lovelace"}, Role: account.RoleOwner, Since: noon}, true},
			{account.Member{Person: account.Person{ID: "per_2", Email: "grace@example.com", Name: "Grace Hopper"}, Role: account.RoleMember, Since: noon.Add(time.Hour)}, false}}}},
		{Name: "corrections", Page: "corrections", Data: proposalsView[correctionRow]{Page: page("/console/corrections"), Filters: states[:1], Rows: []correctionRow{fix, done}}},
		{Name: "corrections-empty", Page: "corrections", Data: proposalsView[correctionRow]{Page: page("/console/corrections"), Filters: states[:1], Nothing: webui.Empty{Title: "No corrections yet", Text: c.corrections().none}}},
		{Name: "correction", Page: "correction", Data: correctionView{page("/console/corrections/cor_1"), fix, []correctionRow{done}, ""}},
		{Name: "correction-done", Page: "correction", Data: correctionView{page("/console/corrections/cor_1"), done, nil, ""}},
		{Name: "correction-own", Page: "correction", Data: correctionView{page("/console/corrections/cor_1"), fix, nil, "You proposed this yourself; another person has to approve it."}},
		{Name: "cancellations", Page: "cancellations", Data: proposalsView[cancellationRow]{Page: page("/console/cancellations"), Filters: states[:1], Rows: []cancellationRow{end(cancellation.Proposed), end(cancellation.Pending), end(cancellation.Completed)}}},
		{Name: "cancellations-empty", Page: "cancellations", Data: proposalsView[cancellationRow]{Page: page("/console/cancellations"), Filters: states[:1], Nothing: webui.Empty{Title: "No cancellation requests yet", Text: c.cancellations().none}}},
		{Name: "cancellation", Page: "cancellation", Data: cancellationView{page("/console/cancellations/can_1"), end(cancellation.Proposed), endDecision(deciding(cancellation.Proposed, ""))}},
		{Name: "cancellation-own", Page: "cancellation", Data: cancellationView{page("/console/cancellations/can_1"), end(cancellation.Proposed), endDecision(deciding(cancellation.Proposed, ownSaid))}},
		{Name: "cancellation-pending", Page: "cancellation", Data: cancellationView{page("/console/cancellations/can_1"), end(cancellation.Pending), endDecision(deciding(cancellation.Pending, ""))}},
		{Name: "cancellation-agreed", Page: "cancellation", Data: cancellationView{page("/console/cancellations/can_1"), end(cancellation.Agreed), endDecision(deciding(cancellation.Agreed, ""))}},
		{Name: "cancellation-new", Page: "proposal-new", Data: proposalFormView{page("/console/cancellations/new"), active, asking(c.cancellationForm, nil)}},
		{Name: "cancellation-new-wrong", Page: "proposal-new", Data: proposalFormView{page("/console/cancellations/new"), active, asking(c.cancellationForm, fail.New(fail.Invalid, "reason", "Choose one of AWS's reasons."))}},
		{Name: "payments", Page: "payments", Data: proposalsView[paymentRow]{Page: page("/console/payments"), Filters: states[:1], Rows: []paymentRow{pay(payment.Proposed), pay(payment.Pending), pay(payment.Accepted)}}},
		{Name: "payments-empty", Page: "payments", Data: proposalsView[paymentRow]{Page: page("/console/payments"), Filters: states[:1], Nothing: webui.Empty{Title: "No payment requests yet", Text: c.payments().none}}},
		{Name: "payment", Page: "payment", Data: paymentView{page("/console/payments/pay_1"), pay(payment.Proposed), payDecision(deciding(payment.Proposed, ""), pay(payment.Proposed).Payment)}},
		{Name: "payment-own", Page: "payment", Data: paymentView{page("/console/payments/pay_1"), pay(payment.Proposed), payDecision(deciding(payment.Proposed, ownSaid), pay(payment.Proposed).Payment)}},
		{Name: "payment-pending", Page: "payment", Data: paymentView{page("/console/payments/pay_1"), pay(payment.Pending), payDecision(deciding(payment.Pending, ""), pay(payment.Pending).Payment)}},
		{Name: "payment-accepted", Page: "payment", Data: paymentView{page("/console/payments/pay_1"), pay(payment.Accepted), payDecision(deciding(payment.Accepted, ""), pay(payment.Accepted).Payment)}},
		{Name: "payment-new", Page: "proposal-new", Data: proposalFormView{page("/console/payments/new"), active, asking(c.paymentForm, nil)}},
		{Name: "payment-new-wrong", Page: "proposal-new", Data: proposalFormView{page("/console/payments/new"), active, asking(c.paymentForm, fail.New(fail.Invalid, "name", "The name is one line of 5 to 64 characters."))}},
		{Name: "correction-new", Page: "proposal-new", Data: proposalFormView{page("/console/corrections/new"), active, asking(c.correctionForm, nil)}},
		{Name: "correction-new-wrong", Page: "proposal-new", Data: proposalFormView{page("/console/corrections/new"), active, asking(c.correctionForm, fail.New(fail.Invalid, "bad_quantity", "A correction by 0 corrects nothing."))}},
		{Name: "keys", Page: "keys", Data: keysView{Page: page("/console/keys"), Rows: []keys.Key{{ID: "key_1", Name: "orders", CreatedAt: noon, UsedAt: noon}, {ID: "key_2", Name: "old", CreatedAt: noon, RevokedAt: noon}}, Fields: keyFields("", "")}},
		{Name: "keys-made", Page: "keys", Data: keysView{Page: page("/console/keys"), Rows: []keys.Key{{ID: "key_1", Name: "orders", CreatedAt: noon}}, Fields: keyFields("", ""), Made: keys.Key{Name: "orders"}, Text: "souk_ExampleOnlyExampleOnly"}},
		{Name: "operators", Page: "operators", Data: operatorsView{Page: page("/console/operators"), Rows: []operator.Person{*ida, vera, fay}, Fields: operatorFields(operator.Person{}), Roles: operator.Roles, Passwords: true}},
		{Name: "operators-provider", Page: "operators", Data: operatorsView{Page: page("/console/operators"), Rows: []operator.Person{*ida, otto}, Roles: operator.Roles, Provider: "Inkwell ID"}},
		{Name: "log", Page: "log", Data: logView{page("/console/log"), []audit.Entry{{Seq: 2, At: noon, By: audit.Actor{ID: "op_1", Name: ida.Email, From: "203.0.113.7"}, Action: audit.CorrectionOkayed, Subject: "cor_1", Detail: "lic_4t9k2m, 12.00", Hash: "9f2c0a1b2c3d"},
			{Seq: 1, At: noon, By: audit.Actor{ID: "shell", Name: "deploy"}, Action: audit.OperatorAdded, Subject: "op_1", Detail: "ida@inkwell.example, admin", Hash: "1a2b3c4d5e6f"}}, "/console/log?before=1"}},
		{Name: "log-empty", Page: "log", Data: logView{Page: page("/console/log")}},
		{Name: "settings", Page: "settings", Data: settingsView{page("/console/settings"), []Setting{{"base-url", "https://buy.inkwell.example"}, {"queue", ""}}, []productRow{{"4ml54db8vrmjuykaw1psroool", "Inkwell Pages", "Subscription", []string{"Pages typeset (pages)"}}}}},
		{Name: "me", Page: "me", Data: meView{Page: page("/console/me"), Browsers: exampleBrowsers(), Fields: meFields(map[string]string{"present": "This is not your present password."})}},
		{Name: "code", Page: "code", Data: codeView{Page: Page{Path: codePath, Now: noon}, Fields: c.codeForm(httptest.NewRequest("GET", codePath, nil)).Fields}},
		{Name: "code-wrong", Page: "code", Data: codeView{Page: Page{Path: codePath, Now: noon}, Fields: c.codeForm(httptest.NewRequest("GET", codePath, nil)).Fields,
			Notice: webui.Notice{Tone: webui.Error, Text: "This code is not right, or was used before. Enter the one that your program shows now."}}},
		{Name: "factor", Page: "factor", Data: factorView{Page: page(factorPath), Must: true, Sealed: "x", Key: exampleKey(), Fields: []webui.Field{codeField("The code that it shows", "")}}},
		{Name: "factor-added", Page: "factor", Data: factorView{Page: page(factorPath), Recovery: []string{"abcd-efgh-ijkl-mnop", "bcde-fghi-jklm-nopq", "cdef-ghij-klmn-opqr", "defg-hijk-lmno-pqrs"}}},
		{Name: "factor-there", Page: "factor", Data: factorView{Page: Page{Path: factorPath, Now: noon, Who: &fay}, Fields: presentField("This is not your password.")}},
		{Name: "factor-provider", Page: "factor", Data: factorView{Page: Page{Path: factorPath, Now: noon, Who: &otto}}},
		{Name: "me-provider", Page: "me", Data: meView{Page: Page{Path: "/console/me", Now: noon, Who: &otto}, Browsers: exampleBrowsers()}},
		{Name: "browser", Page: "browser", Data: browserView{Page: page(browsersPath + "ses_1"), Session: credential.Session{Hash: "x", CreatedAt: noon}, Browser: "Firefox on Windows", Fields: presentField("This is not your password.")}},
		{Name: "browser-others", Page: "browser", Data: browserView{Page: Page{Path: browsersPath + "others", Now: noon, Who: &otto}}},
		{Name: "problem-provider", Page: "problem", Data: problemView{Page{Path: "/console/signin/callback", Now: noon}, webui.Problem{Status: 401, Title: "You are not signed in",
			Say: fail.SayOf(idp.Stray()), Href: "/console/signin", Label: "Sign in again"}}},
		{Name: "problem", Page: "problem", Data: problemView{Page{Path: "/console/x", Now: noon}, webui.NotFound()}},
	}
}

func TestEveryPageKeepsTheRulesAndHasAStory(t *testing.T) {
	c := newDesk(t).console
	book := c.ui.Storybook(stories(c)...)
	told := map[string]bool{}
	for _, s := range stories(c) {
		told[s.Page] = true
		t.Run(s.Name, func(t *testing.T) {
			w := httptest.NewRecorder()
			book.ServeHTTP(w, httptest.NewRequest("GET", "/"+s.Name, nil))
			if w.Code != http.StatusOK {
				t.Fatalf("%d: %s", w.Code, w.Body)
			}
			webuitest.Check(t, webuitest.Parse(t, w.Body))
		})
	}
	for _, name := range c.ui.Pages() {
		if !told[name] {
			t.Errorf("page %s has no story", name)
		}
	}
}
