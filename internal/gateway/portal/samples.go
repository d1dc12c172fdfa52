package portal

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/threshold"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/webui"
)

var sampleNow = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

const (
	sampleInk    = core.ProductCode("4ml54db8vrmjuykaw1psroool")
	sampleMetric = core.ProductCode("0exampl1product2code3abcd") // pay as you go
	sampleNib    = core.ProductCode("7nibproductcode0000000000") // its accounts are the seller's
)

var sampleProducts = core.Catalogue{
	{Code: sampleInk, Title: "Inkwell Pages", AppURL: "http://127.0.0.1:4720/", Dimensions: []core.Measure{{Key: "pages", Name: "Pages typeset", Unit: "pages"}, {Key: "storage_gb", Name: "Storage", Unit: "GB"}}},
	{Code: sampleMetric, Title: "Quill Analytics", Pricing: core.Subscription, AppURL: "https://quill.example.com/app"},
	{Code: sampleNib, Title: "Nib Archive", AppURL: "https://nib.example.com/app", SignUpURL: "https://nib.example.com/welcome?plan=pro"},
}

var sampleSeller = core.Brand{Name: "Inkwell Press", SupportEmail: "help@inkwell.example", SupportURL: "https://inkwell.example/help", Accent: "#7a3e8a"}

// sampleQuestions are of every type.
var sampleQuestions = []core.FormField{
	{Name: "phone", Label: "Phone number", Help: "For the call in which we show you around.", Type: core.TextField},
	{Name: "size", Label: "How many people are you?", Type: core.ChoiceField, Required: true, Choices: []string{"1–10", "11–100", "more"}},
	{Name: "incidents", Label: "Address for incidents", Type: core.EmailField, Required: true},
	{Name: "purpose", Label: "What will you typeset?", Type: core.LongTextField},
	{Name: "terms", Label: "I have read the Inkwell terms", Help: "They are at inkwell.example/terms.", Type: core.CheckboxField, Required: true},
}

// sampleRequest asks for the page on which people sign in.
var sampleRequest = &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/signin"}}

// sampleDays are a month's usage by day, for the stories.
var sampleDays = []string{"310", "420", "405", "0", "0", "612", "580", "640", "702", "655", "120", "98", "690", "744", "801", "779", "812.5"}

// contractSince is a contract that AWS told of at the instant.
func contractSince(at time.Time) license.License {
	return license.License{ID: "lic_1", ProductCode: sampleInk, Customer: "111122223333", Agreements: []core.AgreementID{"agmt-0123456789abcdef"},
		Standing: license.Standing{State: license.Active, Since: at, ActivatedAt: at}}
}

// mailing is a page of a portal from which mails are sent.
func mailing(p Page) Page {
	p.Mails = true
	return p
}

// signingOn is p where there are applications that people sign on to.
func signingOn(p Page) Page {
	p.SignsOn = true
	return p
}

// changing is a page of one change, with more fields.
func changing(p Page, v changeView, more ...webui.Field) changeView {
	v.Page, v.Fields = p, append(v.Fields, more...)
	return v
}

// samplePasskeys are somebody's.
func samplePasskeys() []credential.Passkey {
	return []credential.Passkey{{ID: "pky_1", Name: "My telephone", AddedAt: sampleNow.AddDate(0, -1, 0), UsedAt: sampleNow.Add(-20 * time.Hour)}, {ID: "pky_2", Name: "The grey security key", AddedAt: sampleNow.Add(-time.Hour)}}
}

// samplePasskey is the form for one.
func samplePasskey(f webui.Passkey) *webui.Passkey {
	f.Options, f.Sealed = `{"publicKey":{}}`, "x"
	return &f
}

// sampleBrowsers are where somebody is signed in.
func sampleBrowsers() webui.Browsers {
	return webui.Browsers{Now: sampleNow, EndOthers: browsersPath + credential.OtherSessions, List: []webui.Browser{
		{Name: credential.Session{}.Name(), Since: sampleNow.AddDate(0, 0, -9), Seen: sampleNow.Add(-20 * time.Hour), End: browsersPath + "ses_1"},
		{Name: "Samsung Internet on Android", Since: sampleNow.AddDate(0, 0, -2), Seen: sampleNow.Add(-40 * time.Minute), End: browsersPath + "ses_2"},
		{Name: "Firefox on Windows", Since: sampleNow.Add(-time.Hour), Seen: sampleNow, Here: true}}}
}

// sampleKey is a second factor's key, as its page shows it.
func sampleKey() webui.Key {
	k, err := credential.NewFactorKey("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "Inkwell", "ada@example.com")
	if err != nil {
		panic(err) // a programming error: what it is made of stands above
	}
	return webui.Key{Picture: webui.PNG(k.Picture), Text: k.Text}
}

// samples are every page with made-up content, each state that people meet at least once: templates of the seller's are tried with
// them, and so are the pages themselves, in tests and by who draws them.
func samples() []webui.Story {
	ada := &account.Who{Person: account.Person{ID: "per_1", Email: "ada@example.com", Name: "Ada Lovelace"}, Role: account.RoleOwner,
		Account: account.Account{ID: "acc_1", Email: "ada@example.com", Name: "Ada Lovelace", Company: "Analytical Engines"}}
	page := func(path string, who *account.Who) Page {
		return Page{Path: path, Now: sampleNow, Account: who, Seller: sampleSeller, MarketplaceURL: "http://127.0.0.1:4700/subscriptions"}
	}
	p := &Portal{Config: Config{Products: sampleProducts, Seller: sampleSeller, AWSSupportURL: DefaultAWSSupportURL, Clock: clock.NewVirtual(sampleNow)}}
	alone := sampleBrowsers()
	alone.List = alone.List[2:]
	sub := func(id core.LicenseID, code core.ProductCode, s license.Standing) subscription {
		return p.subscriptionOf(license.License{ID: id, ProductCode: code, Customer: "111122223333", ARN: "arn:aws:license-manager::294406891311:license:l-0123456789abcdef0123456789abcdef", Standing: s})
	}
	standings := map[string]license.Standing{
		"pending": {State: license.Pending, Why: "The buyer has arrived from AWS Marketplace; AWS has not yet said that the subscription is active.", Since: sampleNow.Add(-time.Minute)},
		"active":  {State: license.Active, Why: "AWS says the subscription is active.", Since: sampleNow.AddDate(0, -2, 0), ActivatedAt: sampleNow.AddDate(0, -2, 0)},
		"winding_down": {State: license.WindingDown, Why: "AWS says the agreement ended; the last hour for metering runs. The agreement was cancelled.", Since: sampleNow.Add(-20 * time.Minute),
			Next: "The last records go to AWS; then access ends.", By: sampleNow.Add(40 * time.Minute), ActivatedAt: sampleNow.AddDate(0, -1, 0), OpensAt: sampleNow.Add(-20 * time.Minute), ClosesAt: sampleNow.Add(40 * time.Minute), EndReason: license.Cancelled},
		"winding_down_expired": {State: license.WindingDown, Why: "AWS says the agreement ended; the last hour for metering runs. The agreement's term was over.", Since: sampleNow.Add(-20 * time.Minute),
			Next: "The last records go to AWS; then access ends.", By: sampleNow.Add(40 * time.Minute), ActivatedAt: sampleNow.AddDate(-1, 0, 0), OpensAt: sampleNow.Add(-20 * time.Minute), ClosesAt: sampleNow.Add(40 * time.Minute), EndReason: license.Expired},
		"ended":  {State: license.Ended, Why: "The last hour for metering is over. The agreement's term was over.", Since: sampleNow.AddDate(0, 0, -3), EndReason: license.Expired},
		"failed": {State: license.Failed, Why: "AWS says the buyer's payment failed.", Since: sampleNow.Add(-time.Hour)},
	}
	forms := accountView{Page: page("/register/account", nil), Registration: "reg_1", Product: "Inkwell Pages", Customer: "111122223333",
		SignUp: signUpFields(account.SignUp{}, nil), SignIn: knownFields("")}
	wrong := forms
	wrong.FreeTrial = true
	wrong.Notice = webui.Notice{Tone: webui.Error, Text: "Please look at the marked fields again."}
	wrong.SignUp = signUpFields(account.SignUp{Email: "ada@", Name: "Ada Lovelace"}, account.FieldErrors{
		account.FieldEmail: "Enter an e-mail address, like name@example.com.", account.FieldPassword: "Use 12 characters or more. A few words in a row are good."})
	wrong.SignInSays = webui.Notice{Tone: webui.Error, Text: "E-mail address and password do not belong together. Check both and try again."}

	asking := forms
	asking.SignUp = append(signUpFields(account.SignUp{}, nil), questionFields(sampleQuestions, nil, nil)...)
	answering := url.Values{"answer-size": {"12"}, "answer-purpose": {"Novels and letters"}}
	unanswered := asking
	unanswered.Notice = wrong.Notice
	unanswered.SignUp = append(signUpFields(account.SignUp{Email: "ada@example.com", Name: "Ada Lovelace"}, nil),
		questionFields(sampleQuestions, answering, account.FieldErrors{"size": "Choose one of the list.", "terms": "Tick this to go on.", "incidents": "Enter your e-mail address."})...)

	grace, mary := account.Person{ID: "per_2", Email: "grace@example.com", Name: "Grace Hopper"}, account.Person{ID: "per_3", Email: "mary@example.com", Name: "Mary Somerville"}
	asked := account.Invited{Invitation: account.Invitation{ID: "inv_1", Email: "charles@example.com", Role: account.RoleMember, Expires: sampleNow.AddDate(0, 0, 6)}, Company: "Analytical Engines", ByName: "Ada Lovelace"}
	askedKnown := asked
	askedKnown.Known, askedKnown.Email = mary.ID, mary.Email
	all := []webui.Story{
		{Name: "arrive", Page: "arrive", Data: arriveView{Page: page("/register", nil)}},
		{Name: "arrive-unfinished", Page: "arrive", Data: arriveView{Page: page("/register", ada), Unfinished: "Inkwell Pages"}},
		{Name: "account", Page: "account", Data: forms},
		{Name: "account-wrong", Page: "account", Data: wrong},
		{Name: "ask", Page: "ask", Data: askView{Page: page("/register/account", ada), Registration: "reg_1", Product: "Inkwell Pages", Customer: "111122223333"}},
		{Name: "account-questions", Page: "account", Data: asking},
		{Name: "account-unanswered", Page: "account", Data: unanswered},
		{Name: "ask-questions", Page: "ask", Data: askView{Page: page("/register/account", ada), Registration: "reg_1", Product: "Inkwell Pages", Customer: "111122223333", Notice: wrong.Notice,
			Fields: questionFields(sampleQuestions, answering, account.FieldErrors{"terms": "Tick this to go on."})}},
		{Name: "ask-taken", Page: "ask", Data: askView{Page: page("/register/account", ada), Registration: "reg_1", Product: "Inkwell Pages", Customer: "111122223333", Taken: true}},
		{Name: "signin", Page: "signin", Data: func() signInView {
			v := p.signInForm(sampleRequest, destination{product: sampleProducts[0], back: sampleProducts[0].AppURL}, "")
			v.Page, v.Notice = page("/signin", nil), webui.Notice{Tone: webui.Info, Title: "You have an account already", Text: "This subscription was set up before. Sign in to go on."}
			return v
		}()},
		{Name: "signout", Page: "signout", Data: signOutView{Page: page("/signout", ada)}},
		{Name: "signout-from", Page: "signout", Data: signOutView{Page: page(SignOutPath, ada), From: "Inkwell", After: "client_id=inkwell"}},
		{Name: "home", Page: "home", Data: homeView{Page: page("/portal", ada), Waiting: true, Subscriptions: []subscription{
			sub("lic_1", sampleInk, standings["active"]), sub("lic_2", sampleProducts[1].Code, standings["winding_down"]), sub("lic_3", sampleInk, standings["ended"])}}},
		{Name: "home-unverified", Page: "home", Data: homeView{Page: mailing(page("/portal", ada)), Notice: webui.Notice{Tone: webui.Success, Text: "The mail is on its way to ada@example.com."},
			Subscriptions: []subscription{sub("lic_1", sampleInk, standings["active"])}}},
		{Name: "applications", Page: "applications", Data: applicationsView{Page: signingOn(page(applicationsPath, ada)), Applications: []used{
			{"inkwell", "Inkwell", sampleNow.Add(-3 * time.Hour), 1}, {"bindery", "Bindery", sampleNow.Add(-2 * 24 * time.Hour), 2}}}},
		{Name: "applications-none", Page: "applications", Data: applicationsView{Page: signingOn(page(applicationsPath, ada)),
			Notice: webui.Notice{Tone: webui.Success, Text: "It has no access to your account any more. What is still open in it may stay so until you sign out there."}}},
		{Name: "signin-mailing", Page: "signin", Data: signInView{Page: mailing(page("/signin", nil)), Notice: webui.Notice{Tone: webui.Success, Text: "Your password is changed. Sign in with the new one."},
			Fields: p.signInForm(sampleRequest, destination{}, "").Fields}},
		{Name: "forgot", Page: "forgot", Data: forgotView{Page: mailing(page("/password/forgot", nil)), Fields: forgotFields("", nil)}},
		{Name: "forgot-wrong", Page: "forgot", Data: forgotView{Page: mailing(page("/password/forgot", nil)), Fields: forgotFields("ada@", account.FieldErrors{account.FieldEmail: "Enter an e-mail address, like name@example.com."}),
			Notice: webui.Notice{Tone: webui.Error, Text: "Please look at the marked fields again."}}},
		{Name: "forgot-sent", Page: "forgot", Data: forgotView{Page: mailing(page("/password/forgot", nil)), Sent: true}},
		{Name: "reset", Page: "reset", Data: proofView{Page: page("/password/reset", nil), Proof: "p", Email: "ada@example.com", Fields: resetFields(nil)}},
		{Name: "reset-wrong", Page: "reset", Data: proofView{Page: page("/password/reset", nil), Proof: "p", Email: "ada@example.com",
			Fields: resetFields(account.FieldErrors{account.FieldPassword: "Use 12 characters or more. A few words in a row are good."})}},
		{Name: "verify", Page: "verify", Data: proofView{Page: page("/verify", nil), Proof: "p", Email: "ada@example.com"}},
		{Name: "reminders", Page: "reminders", Data: remindersView{page("/reminders", nil), "w", "ada@example.com", false}},
		{Name: "reminders-quiet", Page: "reminders", Data: remindersView{page("/reminders", nil), "w", "ada@example.com", true}},
		{Name: "home-empty", Page: "home", Data: homeView{Page: page("/portal", ada)}},
		{Name: "cancel", Page: "cancel", Data: cancelView{page("/portal/licenses/lic_1/cancel", ada), sub("lic_1", sampleInk, standings["active"])}},
		{Name: "cancel-ending", Page: "cancel", Data: cancelView{page("/portal/licenses/lic_1/cancel", ada), sub("lic_1", sampleInk, standings["winding_down"])}},
		{Name: "refund", Page: "refund", Data: p.refundOf(page("/portal/licenses/lic_1/refund", ada), contractSince(sampleNow.Add(-20*time.Hour)))},
		{Name: "refund-late", Page: "refund", Data: p.refundOf(page("/portal/licenses/lic_1/refund", ada), contractSince(sampleNow.AddDate(0, -1, 0)))},
		{Name: "refund-usage", Page: "refund", Data: p.refundOf(page("/portal/licenses/lic_1/refund", ada), license.License{ID: "lic_1", ProductCode: sampleMetric, Customer: "111122223333", Standing: standings["active"]})},
		{Name: "code-passkey", Page: "code", Data: codeView{Page: page(codePath, nil), Fields: []webui.Field{codeField("Code", "Six digits from your program, or one of your recovery codes.", "")},
			Passkey: samplePasskey(webui.Passkey{Action: codePasskeyPath, Label: "Use a passkey instead"})}},
		{Name: "code", Page: "code", Data: codeView{Page: page(codePath, nil), Fields: []webui.Field{codeField("Code", "Six digits from your program, or one of your recovery codes.", "")},
			Notice: webui.Notice{Tone: webui.Error, Text: "This code is not right, or was used before. Enter the one that your program shows now."}}},
		{Name: "factor", Page: "factor", Data: factorView{Page: page(factorPath, ada), Key: sampleKey(), Sealed: "x", Fields: []webui.Field{codeField("The code that it shows", "", "")}}},
		{Name: "factor-added", Page: "factor", Data: factorView{Page: page(factorPath, ada), Has: true, Recovery: []string{"abcd-efgh-ijkl-mnop", "bcde-fghi-jklm-nopq", "cdef-ghij-klmn-opqr", "defg-hijk-lmno-pqrs"}}},
		{Name: "factor-there", Page: "factor", Data: factorView{Page: page(factorPath, ada), Has: true, Fields: presentField("This is not your password.")}},
		{Name: "self", Page: "self", Data: selfView{Page: mailing(page(selfPath, ada)), Browsers: sampleBrowsers(), HasPasskeys: true, Passkeys: samplePasskeys(), Notice: webui.Notice{Tone: webui.Success, Text: selfNotices["name"]}}},
		{Name: "self-asked", Page: "self", Data: selfView{Page: mailing(page(selfPath, ada)), Factor: true, HasPasskeys: true, Browsers: alone, Asked: &account.AddressChange{Email: "ada.king@example.com", Expires: sampleNow.AddDate(0, 0, 7)}}},
		{Name: "self-no-mails", Page: "self", Data: selfView{Page: page(selfPath, ada), Browsers: alone}},
		{Name: "change-name", Page: "change", Data: changing(page(namePath, ada), nameChange("Ada Lovelace", nil))},
		{Name: "change-email", Page: "change", Data: changing(mailing(page(emailPath, ada)), emailChange("", nil), confirmFields(false, nil)...)},
		{Name: "passkey", Page: "passkey", Data: passkeyView{page(newPasskeyPath, ada), "My telephone", samplePasskey(webui.Passkey{Class: "card form", Action: passkeysPath, New: true, Label: "Make the passkey"})}},
		{Name: "change-passkey", Page: "change", Data: changing(page(newPasskeyPath, ada), newPasskey("", account.FieldErrors{account.FieldKeyName: "Give it a name by which you know it again."}.OrNil()), confirmFields(true, nil)...)},
		{Name: "change-passkey-removed", Page: "change", Data: changing(page(passkeysPath+"/pky_1", ada), passkeyRemoval(samplePasskeys()[0]), confirmFields(false, nil)...)},
		{Name: "change-browser", Page: "change", Data: changing(page(browsersPath+"ses_1", ada), browserChange(credential.Session{Hash: "x", Browser: "Firefox on Windows", CreatedAt: sampleNow}), confirmFields(true, nil)...)},
		{Name: "change-browsers", Page: "change", Data: changing(page(browsersPath+credential.OtherSessions, ada), browserChange(credential.Session{}), confirmFields(false, nil)...)},
		{Name: "change-password", Page: "change", Data: func() changeView {
			bad := account.FieldErrors{account.FieldPassword: "Use 12 characters or more. A few words in a row are good.", account.FieldPresent: "This is not your password.", account.FieldCode: "This code is not right, or was used before."}
			v := changing(page(passwordPath, ada), passwordChange(bad), confirmFields(true, bad)...)
			v.Notice = wrong.Notice
			return v
		}()},
		{Name: "address", Page: "address", Data: addressView{Page: page("/address", nil), Email: "ada.king@example.com", Proof: "x"}},
		{Name: "address-mine", Page: "address", Data: addressView{Page: page("/address", ada), Email: "ada.king@example.com", Proof: "x", Mine: true}},
		{Name: "address-other", Page: "address", Data: addressView{Page: page("/address", &account.Who{Person: grace, Account: ada.Account}), Email: "ada.king@example.com", Proof: "x"}},
		{Name: "people", Page: "people", Data: peopleView{Page: mailing(page(peoplePath, ada)), Members: []account.Member{
			{Person: ada.Person, Role: account.RoleOwner, Since: sampleNow.AddDate(0, -2, 0)}, {Person: grace, Role: account.RoleOwner, Since: sampleNow.AddDate(0, -1, 0)}, {Person: mary, Role: account.RoleMember, Since: sampleNow.AddDate(0, 0, -3)}},
			Invitations: []account.Invitation{{ID: "inv_1", Email: "charles@example.com", Role: account.RoleMember, Expires: sampleNow.AddDate(0, 0, 6)}}, Fields: inviteFields(nil, nil),
			Seats: []account.Who{*ada, {Person: ada.Person, Account: account.Account{ID: "acc_2", Company: "Difference Engines"}, Role: account.RoleMember}}}},
		{Name: "people-wrong", Page: "people", Data: peopleView{Page: mailing(page(peoplePath, ada)), Notice: wrong.Notice, Members: []account.Member{{Person: ada.Person, Role: account.RoleOwner, Since: sampleNow.AddDate(0, -2, 0)}},
			Fields: inviteFields(url.Values{"email": {"charles@"}}, account.FieldErrors{account.FieldEmail: "Enter an e-mail address, like name@example.com."})}},
		{Name: "people-member", Page: "people", Data: peopleView{Page: mailing(page(peoplePath, &account.Who{Person: mary, Account: ada.Account, Role: account.RoleMember})), Members: []account.Member{
			{Person: ada.Person, Role: account.RoleOwner, Since: sampleNow.AddDate(0, -2, 0)}, {Person: mary, Role: account.RoleMember, Since: sampleNow.AddDate(0, 0, -3)}},
			Invitations: []account.Invitation{{ID: "inv_1", Email: "charles@example.com", Role: account.RoleMember, Expires: sampleNow.AddDate(0, 0, 6)}}}},
		{Name: "people-no-mails", Page: "people", Data: peopleView{Page: page(peoplePath, ada), Notice: webui.Notice{Tone: webui.Success, Text: peopleNotices["removed"]}, Members: []account.Member{{Person: ada.Person, Role: account.RoleOwner, Since: sampleNow.AddDate(0, -2, 0)}}}},
		{Name: "join", Page: "join", Data: joinView{Page: page("/join", nil), Invited: asked, Proof: "x", Fields: joinFields("", nil)}},
		{Name: "join-wrong", Page: "join", Data: joinView{Page: page("/join", nil), Invited: asked, Proof: "x", Notice: wrong.Notice, Fields: joinFields("Charles Babbage", account.FieldErrors{account.FieldPassword: "Use 12 characters or more. A few words in a row are good."})}},
		{Name: "join-known", Page: "join", Data: joinView{Page: page("/join", nil), Invited: askedKnown, Proof: "x"}},
		{Name: "join-other", Page: "join", Data: joinView{Page: page("/join", ada), Invited: askedKnown, Proof: "x"}},
		{Name: "join-mine", Page: "join", Data: joinView{Page: page("/join", &account.Who{Person: mary, Account: ada.Account}), Invited: askedKnown, Proof: "x"}},
		{Name: "problem", Page: "problem", Data: problemView{page("/portal/x", ada), webui.NotFound()}},
	}
	for name, ends := range map[string]bool{"": false, "-ends": true} {
		v := subscriptionView{Page: page("/portal/licenses/lic_1", ada), subscription: sub("lic_1", sampleInk, standings["active"]), Trial: &agreement.Trial{Until: sampleNow.AddDate(0, 0, 21), Ends: ends}}
		all = append(all, webui.Story{Name: "subscription-trial" + name, Page: "subscription", Data: v})
	}
	for name, by := range map[string]time.Time{"": sampleNow.Add(46 * time.Hour), "-late": sampleNow.Add(-time.Hour)} {
		v := subscriptionView{Page: mailing(page("/portal/licenses/lic_1", ada)), subscription: sub("lic_1", sampleInk, standings["active"]), Welcome: name == ""}
		v.Setup, v.Words, v.AppURL = &setup{"Our team makes your workspace.\nThen we call you, and show you around.", by}, beingSetUp, ""
		all = append(all, webui.Story{Name: "subscription-setting-up" + name, Page: "subscription", Data: v})
	}
	lines := []budgetLine{{"pages", "Pages typeset", "12,480", "15,000 pages", threshold.Gauge{Limit: threshold.Limit{Dimension: "pages", Most: usage.Whole(15000)}, Used: usage.Whole(12480)}},
		{"", "What usage costs", "$310.20", "$300.00", threshold.Gauge{Limit: threshold.Limit{Most: usage.Whole(300)}, Used: usage.Whole(310), Currency: "USD"}}}
	choices := []webui.Choice{{Value: "pages", Label: "Pages typeset, in pages"}, {Value: money, Label: "Money: what usage costs, in USD"}}
	amount := webui.Field{Name: "amount", Label: "How much a month", Required: true, MaxLength: 20, Autocomplete: "off"}
	wrongAmount := amount
	wrongAmount.Value, wrongAmount.Error = "much", "Enter how much a month, a number above 0 such as 250 or 12.50."
	budget := budgetView{Page: page("/portal/licenses/lic_1/budget", ada), subscription: sub("lic_1", sampleInk, standings["active"]), Lines: lines, Choices: choices, Amount: amount}
	unpriced := budget
	unpriced.Lines, unpriced.Choices, unpriced.Chosen, unpriced.Amount, unpriced.NoPrice = nil, choices[:1], "pages", wrongAmount, "What your usage costs cannot be told here: your agreement has no single price for each unit. Set a budget in units."
	member := *ada
	member.Role = account.RoleMember
	watching := budget
	watching.Page = page("/portal/licenses/lic_1/budget", &member)
	all = append(all, webui.Story{Name: "budget", Page: "budget", Data: budget}, webui.Story{Name: "budget-wrong", Page: "budget", Data: unpriced}, webui.Story{Name: "budget-member", Page: "budget", Data: watching})
	for _, state := range slices.Sorted(maps.Keys(standings)) {
		v := subscriptionView{Page: page("/portal/licenses/lic_1", ada), subscription: sub("lic_1", sampleInk, standings[state]), Welcome: state == "pending",
			HasUsage: true, Month: "November 2026"}
		if state != "pending" {
			v.Usage = []usageLine{p.usageLine(sampleInk, DimensionUsage{"pages", "12480", sampleDays}, sampleNow), p.usageLine(sampleInk, DimensionUsage{Dimension: "storage_gb", Quantity: "3.25"}, sampleNow)}
			v.Months = monthsOf(standings[state], sampleNow)
		}
		if v.Words.Title != "" && !v.Ending() {
			v.Notice = webui.Notice{Tone: v.Words.Tone, Title: v.Words.Title, Text: v.Words.Text}
		}
		if state == "active" {
			v.HasBudgets, v.Budgets = true, lines
			v.Bought, v.BoughtAsOf = []boughtLine{{"Seats", "25 users", sampleNow.AddDate(1, 0, 0)}, {"Single sign-on", "Included", time.Time{}}}, sampleNow.Add(-5*time.Minute)
		}
		all = append(all, webui.Story{Name: "subscription-" + strings.ReplaceAll(state, "_", "-"), Page: "subscription", Data: v})
	}
	for _, code := range slices.Sorted(maps.Keys(landingProblems)) {
		all = append(all, webui.Story{Name: "landing-" + strings.ReplaceAll(code, "_", "-"), Page: "landing", Data: landingView{page("/register", nil), landingProblems[code]}})
	}
	return append(all, webui.Story{Name: "landing-later", Page: "landing", Data: landingView{page("/register", nil), landingLater}},
		webui.Story{Name: "landing-internal", Page: "landing", Data: landingView{page("/register", nil), landingInternal}})
}
