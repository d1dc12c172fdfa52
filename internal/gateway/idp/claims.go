package idp

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/operator"
)

// claims are what a provider says of somebody, as they are in JSON.
type claims map[string]any

// text is the claim called name, if it is text.
func (c claims) text(name string) string {
	s, _ := c[name].(string)
	return s
}

// truth is the claim called name: some providers write "true".
func (c claims) truth(name string) bool { return c[name] == true || c[name] == "true" }

// at is the claim called path or, where there is none, the member of a member that its dots lead to; nil if there is none.
// Names of claims may be URLs, which have dots of their own.
func (c claims) at(path string) any {
	if v, ok := c[path]; ok {
		return v
	}
	for i, r := range path {
		if r != '.' {
			continue
		}
		if inner, ok := c[path[:i]].(map[string]any); ok {
			if v := claims(inner).at(path[i+1:]); v != nil {
				return v
			}
		}
	}
	return nil
}

// list is the claim at path as a list: text is a list of one, and of an object the names of its members count.
func (c claims) list(path string) (all []string) {
	switch v := c.at(path).(type) {
	case string:
		all = []string{v}
	case []any:
		for _, e := range v {
			if s, ok := e.(string); ok {
				all = append(all, s)
			}
		}
	case map[string]any:
		all = slices.Sorted(maps.Keys(v))
	}
	return all
}

// identity is who said speaks of.
func (p *Provider) identity(said claims, subject string) operator.Identity {
	id := operator.Identity{Issuer: p.Issuer, Subject: subject, Email: strings.TrimSpace(said.text("email")), EmailVerified: said.truth("email_verified")}
	if credential.CheckEmail(id.Email) != "" {
		id.Email, id.EmailVerified = "", false
	}
	for _, name := range []string{said.text("name"), strings.TrimSpace(said.text("given_name") + " " + said.text("family_name")), said.text("preferred_username"), id.Email} {
		if id.Name = line(name); id.Name != "" {
			break
		}
	}
	proven := ""
	if id.EmailVerified {
		proven = id.Email
	}
	id.Role = p.Rules.role(said.list(p.Claim), proven)
	return id
}

// line is s as one line that can be shown, of at most [credential.MaxName] characters.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	runes := []rune(strings.Join(strings.Fields(s), " "))
	return strings.TrimSpace(string(runes[:min(len(runes), credential.MaxName)]))
}
