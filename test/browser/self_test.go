package browser

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/test/chromium"
	"souk.dev/souk/test/harness"
)

// mailTo waits for a mail to an address whose subject begins so, and returns its text.
func mailTo(t *testing.T, s *harness.Sandbox, to, subject string) string {
	t.Helper()
	type mail struct {
		To            []string
		Subject, Text string
	}
	deadline := time.Now().Add(chromium.Patience)
	for {
		all := harness.All[mail](&s.API, "/_sandbox/inbox")
		for _, m := range all {
			if strings.HasPrefix(m.Subject, subject) && len(m.To) == 1 && strings.Contains(m.To[0], to) {
				return m.Text
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no mail %q to %s among %+v", subject, to, all)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// linkIn finds the address of a page in a mail's text.
func linkIn(t *testing.T, text, page string) string {
	t.Helper()
	for word := range strings.FieldsSeq(text) {
		if u, err := url.Parse(word); err == nil && u.Path == page && u.Host != "" {
			return word
		}
	}
	t.Fatalf("the mail leads to no %s: %s", page, text)
	return ""
}

// TestPeopleChangeTheirSignIn is a person who gets another name, password and address, with the mails that an address takes.
func TestPeopleChangeTheirSignIn(t *testing.T) {
	const next, chosen = "ada.king@example.com", "a few other words in a row"
	up := harness.StartUp(t, "--ephemeral")
	bought := up.Sandbox.Buy(up.Sandbox.Buyers()[0], up.Sandbox.Product("license"))
	v := newVisitor(t, true)
	v.post(up, token(up.Sandbox.Token(bought.AgreementID)))
	signUp(v)

	v.open(up.Gateway.URL + "/portal/sign-in")
	v.sees("Your sign-in", email, "Ada Lovelace")
	v.press("Change your name")
	v.fill("Full name", "Ada King")
	v.press("Change my name")
	v.sees("Your name is changed", "Ada King")

	v.press("Change your password")
	v.fill("New password", chosen)
	v.fill("Your present password", "not the password at all")
	v.press("Change my password")
	v.sees("This is not your password")
	v.fill("New password", chosen)
	v.fill("Your present password", password)
	v.press("Change my password")
	v.sees("Your password is changed")
	mailTo(t, up.Sandbox, email, "Your password for")

	v.press("Change your e-mail address")
	v.fill("New e-mail address", next)
	v.fill("Your present password", chosen)
	v.press("Send me the mail")
	v.sees(next+" is not yours yet", email)
	link := linkIn(t, mailTo(t, up.Sandbox, next, "Confirm your new e-mail address"), "/address")

	elsewhere := newVisitor(t, false) // a telephone, on which they have not signed in
	elsewhere.open(link)
	elsewhere.sees("Is this your new address?", next)
	elsewhere.seesNot(email)
	elsewhere.press("Sign in")
	elsewhere.fill("E-mail address", email)
	elsewhere.fill("Password", chosen)
	elsewhere.press("Sign in")
	elsewhere.press("Yes, change it")
	elsewhere.sees("This is your address from now on", next)
	if told := mailTo(t, up.Sandbox, email, "Your e-mail address for"); strings.Contains(told, next) {
		t.Errorf("the address before is told the new one: %s", told)
	}

	v.open(up.Gateway.URL + "/portal") // signed out by it
	v.fill("E-mail address", next)
	v.fill("Password", chosen)
	v.press("Sign in")
	v.sees("Your subscriptions")
	v.open(link)
	v.sees("This link does not work any more")
}
