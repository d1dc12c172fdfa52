package account

import (
	"errors"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
)

func TestFormIsStrictAndKind(t *testing.T) {
	good := SignUp{Email: " ada.lovelace+aws@gmail.com ", Name: "Ada  Lovelace", Password: "correct horse"}
	if err := good.tidy().check(); err != nil {
		t.Errorf("refused: %v", err)
	}
	for _, email := range []string{"a@b.co", "o'brien@example.ie", "grüße@bücher.example", "x_y-z@sub.domain.example", "1@example.museum"} {
		f := good
		f.Email = email
		if err := f.tidy().check(); err != nil {
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
			err := f.tidy().check()
			says, ok := errors.AsType[FieldErrors](err)
			if !ok || !fail.Is(err, fail.Invalid) || len(says) != 1 || says[field] == "" {
				t.Errorf("%s %q: %v", field, b, err)
			}
			if err != nil && b.Password != "" && strings.Contains(err.Error(), b.Password) {
				t.Error("the error quotes the password")
			}
		}
	}
	if err := (SignUp{Email: "a@b.co", Name: "x", Password: "пароль длинный"}).check(); err != nil {
		t.Errorf("a password in another script: %v", err)
	}
}

func TestBrakesTightenAndLetGo(t *testing.T) {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	l := limit{free: 3, first: 30 * time.Second, most: 5 * time.Minute, forget: time.Hour}
	var a Attempts
	var waits []time.Duration
	for range 9 {
		a = l.next(a, at)
		wait := time.Duration(0)
		if a.BlockedUntil.After(at) {
			wait = a.BlockedUntil.Sub(at)
		}
		waits = append(waits, wait)
	}
	want := []time.Duration{0, 0, 30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute, 5 * time.Minute}
	for i := range want {
		if waits[i] != want[i] {
			t.Errorf("attempt %d waits %s, want %s", i+1, waits[i], want[i])
		}
	}
	if a = l.next(a, at.Add(time.Hour)); a.Count != 1 || a.BlockedUntil.After(at.Add(time.Hour)) {
		t.Errorf("after an hour of rest: %+v", a)
	}
}

func TestWaitsInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{time.Second: "half a minute", 30 * time.Second: "half a minute", 31 * time.Second: "a minute", 61 * time.Second: "2 minutes", 15 * time.Minute: "15 minutes"} {
		if got := inWords(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
