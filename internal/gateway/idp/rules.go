package idp

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/operator"
)

// Rules say who has which role: a value of the claim, such as a group's name; one person's e-mail address; or *@ and a domain,
// for all whose address is there. Addresses count only where the provider vouches for them (email_verified). Who is named for
// several roles has the one that may most.
type Rules map[operator.Role][]string

// ParseRules reads rules in JSON, such as {"admin":["ada@example.com"],"viewer":["staff"]}.
//
// Errors: fail.Invalid.
func ParseRules(text string) (Rules, error) {
	var r Rules
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	if err := dec.Decode(&r); err != nil || dec.More() {
		return nil, fail.New(fail.Invalid, "oidc_roles", `Roles are a JSON object of lists, such as {"admin":["ada@example.com"],"viewer":["staff"]}.`)
	}
	return r, r.check()
}

// String is r as [ParseRules] reads it.
func (r Rules) String() string {
	if len(r) == 0 {
		return ""
	}
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // lists of text: cannot fail
	}
	return string(text)
}

func (r Rules) check() error {
	for role, names := range r {
		if !slices.Contains(operator.Roles, role) {
			return fail.New(fail.Invalid, "oidc_roles", "oidc-roles speaks of the role %.40q; the roles are viewer, operator and admin.", role)
		}
		for _, name := range names {
			bad := strings.TrimSpace(name) == ""
			if domain, all := strings.CutPrefix(name, "*@"); all {
				bad = credential.CheckEmail("a@"+domain) != ""
			}
			if bad {
				return fail.New(fail.Invalid, "oidc_roles", "oidc-roles names %.80q for the role %s; give a group, an e-mail address, or *@ and a domain.", name, role)
			}
		}
	}
	return nil
}

// role is the highest that somebody has of whom the claim lists values, and whose address is email ("": none is proven).
func (r Rules) role(values []string, email string) operator.Role {
	key := credential.EmailKey(email)
	_, domain, _ := strings.Cut(key, "@")
	for _, role := range slices.Backward(operator.Roles) {
		if len(r) == 0 && slices.Contains(values, string(role)) {
			return role
		}
		for _, name := range r[role] {
			address := credential.EmailKey(name)
			if slices.Contains(values, name) || (key != "" && (address == key || address == "*@"+domain)) {
				return role
			}
		}
	}
	return ""
}
