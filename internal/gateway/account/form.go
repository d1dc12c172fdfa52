package account

import (
	"slices"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/credential"
)

// Bounds of what people may enter, in characters.
const (
	MinPassword = credential.MinPassword
	MaxPassword = credential.MaxPassword
	MaxEmail    = credential.MaxEmail
	MaxName     = credential.MaxName
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

// OrNil is the failure that e travels in; nil where nothing is to be changed.
func (e FieldErrors) OrNil() error {
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

func (e FieldErrors) put(field, say string) {
	if say != "" {
		e[field] = say
	}
}

// Check says what is to be changed before an account can be made of f.
//
// Errors: fail.Invalid with [FieldErrors].
func (f SignUp) Check() error {
	f = f.tidy()
	bad := FieldErrors{}
	bad.put(FieldEmail, credential.CheckEmail(f.Email))
	bad.put(FieldName, checkName(f.Name))
	bad.put(FieldCompany, credential.CheckText(f.Company, MaxName))
	bad.put(FieldPassword, credential.CheckPassword(f.Password, f.Email))
	return bad.OrNil()
}
