package account

import (
	"errors"
	"strings"
	"testing"

	"souk.dev/souk/internal/fail"
)

func TestFormIsStrictAndKind(t *testing.T) {
	good := SignUp{Email: " ada.lovelace+aws@gmail.com ", Name: "Ada  Lovelace", Password: "correct horse"}
	if err := good.Check(); err != nil {
		t.Errorf("refused: %v", err)
	}
	for _, email := range []string{"a@b.co", "o'brien@example.ie", "grüße@bücher.example", "x_y-z@sub.domain.example", "1@example.museum"} {
		f := good
		f.Email = email
		if err := f.Check(); err != nil {
			t.Errorf("%s refused: %v", email, err)
		}
	}
	for field, bad := range map[string][]SignUp{
		FieldEmail: {{Email: ""}, {Email: "ada"}, {Email: "ada@"}, {Email: "ada@localhost"}, {Email: "Ada <ada@example.com>"}, {Email: "a@b@example.com"},
			{Email: "ada@example.com, eve@example.com"}, {Email: "ada@example.com\r\nBcc: x@y.z"}, {Email: "ada@[127.0.0.1]"}, {Email: "ada@example."}, {Email: strings.Repeat("a", 250) + "@example.com"}},
		FieldName:    {{Name: ""}, {Name: "Ada\x00"}, {Name: strings.Repeat("é", MaxName+1)}, {Name: "\xff"}},
		FieldCompany: {{Company: strings.Repeat("x", MaxName+1)}, {Company: "a\u202eb"}},
		FieldPassword: {{Password: ""}, {Password: "ninechars"}, {Password: strings.Repeat("x", MaxPassword+1)}, {Password: "aaaaaaaaaaaa"},
			{Password: "ADA.lovelace+aws@gmail.com"}, {Password: "\xff\xfe0123456789"}},
	} {
		for _, b := range bad {
			f := good
			switch field {
			case FieldEmail:
				f.Email = b.Email
			case FieldName:
				f.Name = b.Name
			case FieldCompany:
				f.Company = b.Company
			case FieldPassword:
				f.Password = b.Password
			}
			err := f.Check()
			says, ok := errors.AsType[FieldErrors](err)
			if !ok || !fail.Is(err, fail.Invalid) || len(says) != 1 || says[field] == "" {
				t.Errorf("%s %q: %v", field, b, err)
			}
			if err != nil && b.Password != "" && strings.Contains(err.Error(), b.Password) {
				t.Error("the error quotes the password")
			}
		}
	}
	if err := (SignUp{Email: "a@b.co", Name: "x", Password: "пароль длинный"}).Check(); err != nil {
		t.Errorf("a password in another script: %v", err)
	}
}
