package credential

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what people may enter, in characters.
// Source of a password's: OWASP ASVS 4.0.3, 2.1.1 and 2.1.2.
const (
	MinPassword = 12
	MaxPassword = 128
	MaxEmail    = 254 // RFC 5321, a path without its brackets
	MaxName     = 120
)

// CheckEmail takes any address that mail can be sent to over the internet, of whatever provider, and says what is wrong
// with any other; "" if nothing is. What looks odd but is allowed is allowed; only a mail that arrives proves an address.
func CheckEmail(s string) string {
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
	return CheckText(s, MaxEmail)
}

// CheckText says what is wrong with a line of text of at most longest characters; "" if nothing is.
func CheckText(s string, longest int) string {
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "This has characters that cannot be shown; type it again."
	case utf8.RuneCountInString(s) > longest:
		return fmt.Sprintf("This is too long; use %d characters or fewer.", longest)
	}
	return ""
}

// MaxTyped is how long, in bytes, what is typed for a password can be that is looked at: once, 200 characters were taken.
const MaxTyped = 800

// CheckPassword says what is wrong with a new password of whoever has the e-mail address; "" if nothing is.
func CheckPassword(p, email string) string {
	switch n := utf8.RuneCountInString(p); {
	case p == "":
		return "Choose a password."
	case !utf8.ValidString(p):
		return "This password has characters that cannot be typed again; choose another."
	case n < MinPassword:
		return "Use 12 characters or more. A few words in a row are good."
	case n > MaxPassword:
		return "Use 128 characters or fewer."
	case strings.EqualFold(p, email):
		return "Choose a password that is not your e-mail address."
	case strings.Count(p, p[:1]) == len(p):
		return "Choose a password that is more than one letter repeated."
	case common(p):
		return "This password is among those that everybody tries. A few words in a row are better."
	}
	return ""
}

// EmailKey is what makes two addresses the same: they differ in letters' case at most. (The part before the @ may by
// RFC 5321 tell cases apart; no provider does, and people do not.)
func EmailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
