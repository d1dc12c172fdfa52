package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"souk.dev/souk/internal/gateway/core"
)

// asked are the seller's questions: of all products, and of one.
func asked(c *Config) {
	c.FormFields = []core.FormField{
		{Name: "size", Label: "How many people are you?", Help: "So that we set up enough room.", Type: core.ChoiceField, Required: true, Choices: []string{"1–10", "11–100", "more"}},
		{Name: "email", Label: "Address for incidents", Type: core.EmailField}, // a name that a field of ours has, too
	}
	products := append(core.Catalogue{}, c.Products...)
	products[0].FormFields = []core.FormField{
		{Name: "purpose", Label: "What will you typeset?", Type: core.LongTextField},
		{Name: "terms", Label: "I have read the Inkwell terms", Type: core.CheckboxField, Required: true},
	}
	c.Products = products
}

var answered = map[string]string{"answer-size": "11–100", "answer-email": "", "answer-purpose": "Novels,\r\nand letters.", "answer-terms": "yes"}

func TestTheSellersQuestionsAreAskedCheckedAndKept(t *testing.T) {
	s := newSite(t, asked)
	s.sells("tok-1", buyer(1))
	b := s.browser()
	b.land("tok-1")
	page := b.get("/register/account")
	if !page.Page.Has("p#answer-size-hint", "enough room") || !page.Page.Has("option", "11–100") || !page.Page.Has("label", "Inkwell terms") {
		t.Fatalf("%s", page.Page.Text())
	}
	form := b.fill(page, "/register/signup", ada)
	with := func(changes ...string) url.Values {
		f := url.Values{}
		for k, v := range form {
			f[k] = v
		}
		for k, v := range answered {
			f.Set(k, v)
		}
		for i := 0; i < len(changes); i += 2 {
			f.Set(changes[i], changes[i+1])
		}
		return f
	}
	for field, bad := range map[string]string{"answer-size": "12", "answer-email": "soc@", "answer-purpose": strings.Repeat("x", core.MaxLongText+1), "answer-terms": ""} {
		a := b.post("/register/signup", with(field, bad))
		if a.Code != http.StatusUnprocessableEntity || !a.Page.Has("p#"+field+"-error", "") || len(a.Page.All("p.field-error")) != 1 {
			t.Errorf("%s: %d, %d fields are marked", field, a.Code, len(a.Page.All("p.field-error")))
			continue
		}
		if kept := a.Page.Form(t, "/register/signup").Fields(); kept.Get("name") != ada["name"] || field != "answer-size" && kept.Get("answer-size") != "11–100" || field != "answer-terms" && kept.Get("answer-terms") == "" {
			t.Errorf("%s: what was entered is lost: %v", field, kept)
		}
	}
	if a := b.post("/register/signup", with("answer-size", "", "email", "ada@", "password", "short")); len(a.Page.All("p.field-error")) != 3 || a.Page.Has("p#answer-email-error", "") {
		t.Errorf("not all that is wrong is said at once: %s", a.Page.Text())
	}
	if all, _ := s.accounts.Accounts(t.Context(), "", 10); len(all) != 0 {
		t.Errorf("%d accounts were made of forms that are not answered", len(all))
	}
	b.goes(b.post("/register/signup", with()), "/portal/licenses/"+b.license()+"?new")
	got := s.registrations()[0].Answers
	if len(got) != 3 || got[0].Value != "11–100" || got[1].Value != "Novels,\nand letters." || got[2].Value != "true" || got[2].Label != "I have read the Inkwell terms" {
		t.Errorf("kept %+v", got)
	}
	if strings.Contains(s.log.String(), "Novels") {
		t.Errorf("the log has an answer:\n%s", s.log)
	}
}

// Who has an account is asked, too, before another licence is theirs.
func TestTheQuestionsAreAskedOfWhoIsKnown(t *testing.T) {
	s := newSite(t, asked)
	for i, token := range []string{"tok-1", "tok-2", "tok-3"} {
		s.sells(token, buyer(i+1))
	}
	b := s.browser()
	b.land("tok-1")
	form := b.fill(b.get("/register/account"), "/register/signup", ada)
	for k, v := range answered {
		form.Set(k, v)
	}
	b.goes(b.post("/register/signup", form), "/portal/licenses/"+b.license()+"?new")

	for i, signedIn := range []bool{true, false} {
		if !signedIn {
			b = s.browser()
		}
		b.land([]string{"tok-2", "tok-3"}[i])
		page := b.get("/register/account")
		if !signedIn {
			b.goes(b.post("/register/signin", b.fill(page, "/register/signin", map[string]string{knownEmail: ada["email"], knownPassword: ada["password"]})), "/register/account")
			page = b.get("/register/account")
		}
		link := b.fill(page, "/register/link", nil)
		again := b.post("/register/link", link)
		if again.Code != http.StatusUnprocessableEntity || !again.Page.Has("h1", "Add this subscription") || !again.Page.Has("p#answer-size-error", "Choose one") || !again.Page.Has("p#answer-terms-error", "") {
			t.Fatalf("%d %s", again.Code, again.Page.Text())
		}
		if reg := s.registrations()[i+1]; reg.Account != "" {
			t.Error("the licence was given without an answer")
		}
		for k, v := range answered {
			link.Set(k, v)
		}
		b.goes(b.post("/register/link", link), "/portal/licenses/"+b.license()+"?new")
		if got := s.registrations()[i+1].Answers; len(got) != 3 {
			t.Errorf("kept %+v", got)
		}
	}
	if all, _ := s.accounts.Accounts(t.Context(), "", 10); len(all) != 1 {
		t.Errorf("%d accounts", len(all))
	}
}

// As many answers as can be asked, as long as they can be, fit into the form.
func TestTheLongestFormIsTaken(t *testing.T) {
	s := newSite(t, func(c *Config) {
		for i := range core.MaxFormFields {
			c.FormFields = append(c.FormFields, core.FormField{Name: "q" + string(rune('a'+i)), Label: "Question " + string(rune('a'+i)), Type: core.LongTextField, Required: true})
		}
	})
	s.sells("tok-1", buyer(1))
	b := s.browser()
	b.land("tok-1")
	form := b.fill(b.get("/register/account"), "/register/signup", ada)
	for _, q := range s.portal.FormFields {
		form.Set(answerPrefix+q.Name, strings.Repeat("𝕊", core.MaxLongText))
	}
	b.goes(b.post("/register/signup", form), "/portal/licenses/"+b.license()+"?new")
	if got := s.registrations()[0].Answers; len(got) != core.MaxFormFields || len(got[0].Value) != 4*core.MaxLongText {
		t.Errorf("%d answers", len(got))
	}
	form.Set("answer-qa", strings.Repeat("x", maxRegistrationForm))
	if a := s.browser().post("/register/signup", form); a.Code != http.StatusBadRequest {
		t.Errorf("a form without bounds: %d", a.Code)
	}
}
