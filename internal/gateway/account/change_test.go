package account_test

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/outbox"
)

const another = "another long password"

// signedIn is a session of a's.
func signedIn(t *testing.T, s *account.Service, a account.Who) (secret string) {
	t.Helper()
	secret, err := s.StartSession(t.Context(), a.ID, "", "")
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// over reports whether a session is.
func over(t *testing.T, s *account.Service, secret string) bool {
	t.Helper()
	_, err := s.SignedIn(t.Context(), secret)
	if err != nil && !fail.Is(err, fail.Denied) {
		t.Fatal(err)
	}
	return err != nil
}

// fieldsOf are the fields that err marks, in order.
func fieldsOf(err error) (names []string) {
	bad, _ := errors.AsType[account.FieldErrors](err)
	for name := range bad {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Who knows the present password changes it, signed in: every other browser is signed out, and mails for another one are void.
func TestAPasswordIsChangedByWhoKnowsIt(t *testing.T) {
	s, h, a := proven(t)
	here, there, reset := signedIn(t, s, a), signedIn(t, s, a), issue(t, s, a, account.ToReset)
	change := func(password, present string) error {
		return s.ChangePassword(t.Context(), a.ID, password, account.Confirmation{Password: present, Address: "home"}, here)
	}
	for _, c := range []struct{ password, present, want string }{
		{"short", ada.Password, account.FieldPassword}, {ada.Email, ada.Password, account.FieldPassword}, {another, "not the password", account.FieldPresent}, {another, "", account.FieldPresent},
	} {
		if err := change(c.password, c.present); !fail.Is(err, fail.Invalid) || !slices.Equal(fieldsOf(err), []string{c.want}) {
			t.Errorf("%q by %q: %v", c.password, c.present, err)
		}
	}
	if over(t, s, there) || over(t, s, here) {
		t.Fatal("what was refused has signed out")
	}
	if kinds, _ := asked(t, h.db); kinds[outbox.PasswordChanged] != 0 {
		t.Errorf("told: %v", kinds)
	}
	if err := change(another, ada.Password); err != nil {
		t.Fatal(err)
	}
	if over(t, s, here) || !over(t, s, there) {
		t.Error("the wrong browsers are signed out")
	}
	if _, err := s.Proves(t.Context(), account.ToReset, reset); !fail.Is(err, fail.NotFound) {
		t.Errorf("a mail for another password: %v", err)
	}
	if kinds, about := asked(t, h.db); kinds[outbox.PasswordChanged] != 1 || about[outbox.PasswordChanged] != 1 {
		t.Errorf("told: %v", kinds)
	}
	if _, err := s.SignIn(t.Context(), ada.Email, ada.Password, "home"); !fail.Is(err, fail.Denied) {
		t.Errorf("with the old one: %v", err)
	}
	if _, err := s.SignIn(t.Context(), ada.Email, another, "home"); err != nil {
		t.Errorf("with the new one: %v", err)
	}
}

// An open browser is no place for guessing the password.
func TestGuessingThePresentPasswordIsSlowedDown(t *testing.T) {
	s, _, a := proven(t)
	here := signedIn(t, s, a)
	var err error
	n := 0
	for ; n < 20 && !fail.Is(err, fail.TooMuch); n++ {
		err = s.ChangePassword(t.Context(), a.ID, another, account.Confirmation{Password: "a guess", Address: "home"}, here)
	}
	if n != 6 {
		t.Errorf("%d guesses were looked at: %v", n-1, err)
	}
	if err := s.AskAddress(t.Context(), a.Person, "king@example.com", account.Confirmation{Password: ada.Password, Address: "home"}); !fail.Is(err, fail.TooMuch) {
		t.Errorf("by another form: %v", err)
	}
}

// Who has a second factor shows it, too; a code is not used up by a form that would not do.
func TestWhatIsSignedInWithIsChangedWithTheSecondFactor(t *testing.T) {
	s, _, a := proven(t)
	here, secret := signedIn(t, s, a), credential.NewFactorSecret()
	code, err := totp.GenerateCode(secret, (clock.System{}).Now())
	if err != nil {
		t.Fatal(err)
	}
	recovery, err := s.AddFactor(t.Context(), a.ID, secret, code)
	if err != nil {
		t.Fatal(err)
	}
	with := func(code string) account.Confirmation {
		return account.Confirmation{Password: ada.Password, Code: code, Address: "home"}
	}
	for _, code := range []string{"", "000000"} {
		if err := s.ChangePassword(t.Context(), a.ID, another, with(code), here); !slices.Equal(fieldsOf(err), []string{account.FieldCode}) {
			t.Errorf("with the code %q: %v", code, err)
		}
		if err := s.AskAddress(t.Context(), a.Person, "king@example.com", with(code)); !slices.Equal(fieldsOf(err), []string{account.FieldCode}) {
			t.Errorf("an address with the code %q: %v", code, err)
		}
	}
	if err := s.ChangePassword(t.Context(), a.ID, "short", with(recovery[0]), here); !slices.Equal(fieldsOf(err), []string{account.FieldPassword}) {
		t.Errorf("too short: %v", err)
	}
	if err := s.ChangePassword(t.Context(), a.ID, another, with(recovery[0]), here); err != nil {
		t.Errorf("with the same code: %v", err)
	}
	if err := s.AskAddress(t.Context(), a.Person, "king@example.com", account.Confirmation{Password: another, Code: recovery[0], Address: "home"}); !slices.Equal(fieldsOf(err), []string{account.FieldCode}) {
		t.Errorf("with a code that was used: %v", err)
	}
}

// An address counts once its mail was read by who is signed in and asked for it. Then the one before is told, and opens nothing.
func TestAnAddressIsChangedByItsMail(t *testing.T) {
	s, h, a := proven(t)
	here, there, reset := signedIn(t, s, a), signedIn(t, s, a), issue(t, s, a, account.ToReset)
	ask := func(email, present string) error {
		return s.AskAddress(t.Context(), a.Person, email, account.Confirmation{Password: present, Address: "home"})
	}
	for _, c := range []struct{ email, present, want string }{
		{"king", ada.Password, account.FieldEmail}, {strings.ToUpper(ada.Email), ada.Password, account.FieldEmail}, {"king@example.com", "not the password", account.FieldPresent},
	} {
		if err := ask(c.email, c.present); !slices.Equal(fieldsOf(err), []string{c.want}) {
			t.Errorf("%q by %q: %v", c.email, c.present, err)
		}
	}
	if err := ask(" King@Example.com ", ada.Password); err != nil {
		t.Fatal(err)
	}
	wish, ok, err := s.AskedAddress(t.Context(), a.ID)
	if err != nil || !ok || wish.Email != "King@Example.com" {
		t.Fatalf("%+v, %v, %v", wish, ok, err)
	}
	if _, err := s.SignIn(t.Context(), wish.Email, ada.Password, "home"); !fail.Is(err, fail.Denied) {
		t.Errorf("signed in with what is only asked for: %v", err)
	}
	link := func() string {
		t.Helper()
		secret, err := s.IssueAddressChange(t.Context(), wish.ID)
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	first, second := link(), link()
	if _, err := s.ProvesAddress(t.Context(), first); !fail.Is(err, fail.NotFound) {
		t.Errorf("by an older mail: %v", err)
	}
	stranger, err := s.SignUp(t.Context(), account.SignUp{Email: "eve@example.com", Name: "Eve", Password: another}, "there")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ChangeAddress(t.Context(), second, stranger.Person, ""); !fail.Is(err, fail.NotFound) {
		t.Errorf("by whose mailbox it is: %v", err)
	}
	h.Set(noon.Add(account.AddressLife - time.Second))
	if err := s.ChangeAddress(t.Context(), second, a.Person, here); err != nil {
		t.Fatal(err)
	}
	h.Set(noon)
	if over(t, s, here) || !over(t, s, there) {
		t.Error("the wrong browsers are signed out")
	}
	if _, err := s.Proves(t.Context(), account.ToReset, reset); !fail.Is(err, fail.NotFound) {
		t.Errorf("what was mailed to the address before: %v", err)
	}
	if _, err := s.SignIn(t.Context(), ada.Email, ada.Password, "home"); !fail.Is(err, fail.Denied) {
		t.Errorf("with the address before: %v", err)
	}
	if got, err := s.SignIn(t.Context(), "king@example.com", ada.Password, "home"); err != nil || got.ID != a.ID || got.VerifiedAt.IsZero() || got.Account.Email != "King@Example.com" {
		t.Errorf("%+v, %v", got, err)
	}
	if c, err := s.AddressChange(t.Context(), wish.ID); err != nil || c.Was != ada.Email || c.Waits() {
		t.Errorf("whom to tell: %+v, %v", c, err)
	}
	kinds, _ := asked(t, h.db)
	if kinds[outbox.AddressAsked] != 1 || kinds[outbox.AddressChanged] != 1 || kinds[outbox.AccountVerified] != 1 {
		t.Errorf("told: %v", kinds)
	}
	for name, secret := range map[string]string{"used": second, "made up": "x", "none": ""} {
		if err := s.ChangeAddress(t.Context(), secret, a.Person, here); !fail.Is(err, fail.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Nobody learns by asking whether an address has a sign-in: the same is answered, and done; who reads its mail learns it.
func TestAskingForAnAddressTellsNothingOfIt(t *testing.T) {
	_, h, a := proven(t)
	s := account.New(h.kept, h.Virtual, slog.New(slog.DiscardHandler))
	if _, err := s.SignUp(t.Context(), account.SignUp{Email: "eve@example.com", Name: "Eve", Password: another}, "there"); err != nil {
		t.Fatal(err)
	}
	before, _ := asked(t, h.db)
	for n, email := range []string{"nobody@example.com", "eve@example.com"} {
		if err := s.AskAddress(t.Context(), a.Person, email, account.Confirmation{Password: ada.Password, Address: "home"}); err != nil {
			t.Fatal(err)
		}
		now, _ := asked(t, h.db)
		if now[outbox.AddressAsked] != n+1 || len(now) != len(before)+1 {
			t.Errorf("%s: told %v, before %v", email, now, before)
		}
	}
	wish, _, err := s.AskedAddress(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := s.IssueAddressChange(t.Context(), wish.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ChangeAddress(t.Context(), secret, a.Person, ""); fail.CodeOf(err) != "email_taken" {
		t.Errorf("an address that is somebody's: %v", err)
	}
	for range 2 {
		if err := s.AskAddress(t.Context(), a.Person, "eve@example.com", account.Confirmation{Password: ada.Password, Address: "home"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AskAddress(t.Context(), a.Person, "eve@example.com", account.Confirmation{Password: ada.Password, Address: "home"}); !fail.Is(err, fail.TooMuch) {
		t.Errorf("a stranger's mailbox is filled: %v", err)
	}
	if err := s.DropAddress(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ProvesAddress(t.Context(), secret); !fail.Is(err, fail.NotFound) {
		t.Errorf("what was taken back: %v", err)
	}
}

func TestANameIsChanged(t *testing.T) {
	s, _, a := proven(t)
	if err := s.ChangeName(t.Context(), a.ID, "  Ada   King "); err != nil {
		t.Fatal(err)
	}
	if p, err := s.Person(t.Context(), a.ID); err != nil || p.Name != "Ada King" {
		t.Errorf("%+v, %v", p, err)
	}
	for _, name := range []string{"", "  ", strings.Repeat("a", account.MaxName+1), "a\x00b"} {
		if err := s.ChangeName(t.Context(), a.ID, name); !slices.Equal(fieldsOf(err), []string{account.FieldName}) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
