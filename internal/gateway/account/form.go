package account

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"souk.dev/souk/internal/fail"
)

// Bounds of what people may enter, in characters.
const (
	MinPassword = 10
	MaxPassword = 200
	MaxEmail    = 254 // RFC 5321, a path without its brackets
	MaxName     = 120
)

// Names of the fields of a [SignUp], as in [FieldErrors].
const (
	FieldEmail    = "email"
	FieldName     = "name"
	FieldCompany  = "company"
	FieldPassword = "password"
)

// FieldErrors says what is to be changed in which field. It travels inside a fail.Invalid with code "invalid_fields".
type FieldErrors map[string]string

// Error names the fields, not what was entered.
func (e FieldErrors) Error() string {
	var names []string
	for name := range e {
		names = append(names, name)
	}
	slices.Sort(names)
	return "fields: " + strings.Join(names, ", ")
}

func (e FieldErrors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	return fail.Wrap(fail.Invalid, e, "invalid_fields", "Please look at the marked fields again.")
}

// SignUp is what a person enters to get an account.
type SignUp struct {
	Email, Name, Company, Password string
}

// tidy takes away the space around what was entered; a password stays as it is.
func (f SignUp) tidy() SignUp {
	f.Email, f.Name, f.Company = strings.TrimSpace(f.Email), strings.Join(strings.Fields(f.Name), " "), strings.Join(strings.Fields(f.Company), " ")
	return f
}

func (f SignUp) check() error {
	bad := FieldErrors{}
	put := func(field, say string) {
		if say != "" {
			bad[field] = say
		}
	}
	put(FieldEmail, checkEmail(f.Email))
	if f.Name == "" {
		put(FieldName, "Enter your name.")
	} else {
		put(FieldName, checkText(f.Name, MaxName))
	}
	put(FieldCompany, checkText(f.Company, MaxName))
	put(FieldPassword, checkPassword(f.Password, f.Email))
	return bad.orNil()
}

// checkEmail takes any address that mail can be sent to over the internet, of whatever provider. What looks odd but
// is allowed is allowed; only a mail that arrives proves an address.
func checkEmail(s string) string {
	const say = "Enter an e-mail address, like name@example.com."
	if s == "" {
		return "Enter your e-mail address."
	}
	if len(s) > MaxEmail {
		return "This e-mail address is too long."
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" { // "Name <address>", comments, quoting
		return say
	}
	_, domain, _ := strings.Cut(s, "@")
	if strings.Count(s, "@") != 1 || !strings.Contains(strings.Trim(domain, "."), ".") || strings.HasSuffix(domain, ".") || strings.HasPrefix(domain, "[") {
		return say
	}
	return checkText(s, MaxEmail)
}

func checkText(s string, longest int) string {
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "This has characters that cannot be shown; type it again."
	case utf8.RuneCountInString(s) > longest:
		return fmt.Sprintf("This is too long; use %d characters or fewer.", longest)
	}
	return ""
}

func checkPassword(p, email string) string {
	switch n := utf8.RuneCountInString(p); {
	case p == "":
		return "Choose a password."
	case !utf8.ValidString(p):
		return "This password has characters that cannot be typed again; choose another."
	case n < MinPassword:
		return "Use 10 characters or more. A few words in a row are good."
	case n > MaxPassword:
		return "Use 200 characters or fewer."
	case strings.EqualFold(p, email):
		return "Choose a password that is not your e-mail address."
	case strings.Count(p, p[:1]) == len(p):
		return "Choose a password that is more than one letter repeated."
	}
	return ""
}

// emailKey is what makes two addresses the same: they differ in letters' case at most. (The part before the @ may by
// RFC 5321 tell cases apart; no provider does, and people do not.)
func emailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
