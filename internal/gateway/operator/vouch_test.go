package operator_test

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/store"
)

const (
	issuer   = "https://id.example.com"
	password = "correct horse battery"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

var ada = operator.Identity{Issuer: issuer, Subject: "1", Email: "Ada@Inkwell.example", EmailVerified: true, Name: "Ada", Role: operator.Operator}

// people is the service with an empty database, to which both ways are open.
func people(t *testing.T) (*operator.Service, *audit.Log) {
	t.Helper()
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "souk.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	clk := clock.NewVirtual(noon)
	log := audit.New(db.Audit(), clk)
	s := operator.New(db.Operators(), log, clk, slog.New(slog.DiscardHandler))
	s.Open(operator.Ways{Passwords: true, Issuer: issuer})
	return s, log
}

// newest is the audit log's last entry, in short.
func newest(t *testing.T, log *audit.Log) string {
	t.Helper()
	es, err := log.Entries(t.Context(), 0, 1)
	if err != nil || len(es) != 1 {
		t.Fatal(es, err)
	}
	return strings.Join([]string{es[0].By.ID, string(es[0].Action), es[0].Detail}, " ")
}

func TestAnOperatorIsMadeAndKeptUp(t *testing.T) {
	s, log := people(t)
	admit := func(id operator.Identity, says string) operator.Person {
		t.Helper()
		p, err := s.Admit(t.Context(), id, "203.0.113.7")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Find(t.Context(), id.Email); err != nil || got != p || got.Role != id.Role || got.Name != id.Name || got.Email != id.Email {
			t.Errorf("kept %+v, %v; want %+v", got, err, p)
		}
		if got := newest(t, log); got != says {
			t.Errorf("the log says %q, want %q", got, says)
		}
		return p
	}
	first := admit(ada, "provider operator.add Ada@Inkwell.example, operator")
	again := admit(ada, "provider operator.add Ada@Inkwell.example, operator")
	more := ada
	more.Role = operator.Admin
	admit(more, "provider operator.role Ada@Inkwell.example, admin")
	more.Role, more.Name, more.Email, more.EmailVerified = operator.Viewer, "Ada King", "king@inkwell.example", false
	renamed := admit(more, "provider operator.role king@inkwell.example, viewer") // the last admin: the provider can name another
	more.Name = "Ada Lovelace"
	admit(more, "provider operator.update king@inkwell.example, viewer")
	if first.ID != again.ID || first.ID != renamed.ID {
		t.Errorf("one person is %s, %s, %s", first.ID, again.ID, renamed.ID)
	}
	if all, err := s.Operators(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
}

// An operator is the provider's or has a password: never both.
func TestWhoIsVouchedForHasNoPassword(t *testing.T) {
	s, log := people(t)
	by := operator.Shell("test")
	was, err := s.Add(t.Context(), by, operator.Person{Email: "ada@inkwell.example", Name: "Ada", Role: operator.Admin}, password)
	if err != nil {
		t.Fatal(err)
	}
	old, err := s.StartSession(t.Context(), was, "", "", "")
	if err != nil {
		t.Fatal(err)
	}
	unproven := ada
	unproven.EmailVerified = false
	if _, err := s.Admit(t.Context(), unproven, ""); fail.CodeOf(err) != "address_unproven" {
		t.Fatalf("an address that anybody can claim: %v", err)
	}
	now, err := s.Admit(t.Context(), ada, "")
	if err != nil || now.ID != was.ID || now.Role != operator.Operator || newest(t, log) != "provider operator.vouch Ada@Inkwell.example, operator" {
		t.Fatalf("%+v, %v, %s", now, err, newest(t, log))
	}
	if _, err := s.SignIn(t.Context(), ada.Email, password, ""); !fail.Is(err, fail.Denied) {
		t.Errorf("the old password: %v", err)
	}
	if _, err := s.SignedIn(t.Context(), old, true); !fail.Is(err, fail.Denied) {
		t.Errorf("the session that it opened: %v", err)
	}
	if err := s.ChangePassword(t.Context(), by, now.ID, "another horse battery"); fail.CodeOf(err) != "vouched_for" {
		t.Errorf("a new password: %v", err)
	}
	if err := s.ChangeRole(t.Context(), by, now.ID, operator.Admin); fail.CodeOf(err) != "vouched_for" {
		t.Errorf("another role: %v", err)
	}
	if err := s.Remove(t.Context(), by, now.ID); fail.CodeOf(err) != "last_admin" { // here nobody is left who may change all this
		t.Errorf("the only one is removed: %v", err)
	}
}

func TestWhoIsNotLetIn(t *testing.T) {
	s, _ := people(t)
	in, err := s.Admit(t.Context(), ada, "")
	if err != nil {
		t.Fatal(err)
	}
	session, err := s.StartSession(t.Context(), in, "", "", "")
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.Admit(t.Context(), operator.Identity{Issuer: issuer, Subject: "2", Email: "bob@inkwell.example", Name: "Bob", Role: operator.Viewer}, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		id   operator.Identity
		code string
	}{
		"another person with the address of one": {operator.Identity{Issuer: issuer, Subject: "3", Email: ada.Email, EmailVerified: true, Name: "Eve", Role: operator.Admin}, "address_taken"},
		"one who moves to another's address":     {operator.Identity{Issuer: issuer, Subject: "2", Email: ada.Email, EmailVerified: true, Name: "Bob", Role: operator.Viewer}, "address_taken"},
		"a stranger without a role":              {operator.Identity{Issuer: issuer, Subject: "4", Email: "eve@inkwell.example", EmailVerified: true, Name: "Eve"}, "no_role"},
		"an operator's address without a role":   {operator.Identity{Issuer: issuer, Subject: "5", Email: ada.Email, EmailVerified: true, Name: "Eve"}, "address_taken"},
		"nobody by name":                         {operator.Identity{Issuer: issuer, Subject: "6", Name: "Eve", Role: operator.Viewer}, "no_address"},
	} {
		if p, err := s.Admit(t.Context(), c.id, ""); !fail.Is(err, fail.Denied) || fail.CodeOf(err) != c.code {
			t.Errorf("%s: %+v, %v; want %s", name, p, err, c.code)
		}
	}
	for _, p := range []operator.Person{in, other} {
		if got, err := s.Find(t.Context(), string(p.ID)); err != nil || got != p {
			t.Errorf("%+v became %+v, %v", p, got, err)
		}
	}
	gone := ada
	gone.Role = ""
	if _, err := s.Admit(t.Context(), gone, ""); fail.CodeOf(err) != "no_role" {
		t.Errorf("whose role was taken away: %v", err)
	}
	if _, err := s.SignedIn(t.Context(), session, true); !fail.Is(err, fail.Denied) {
		t.Errorf("they are still signed in: %v", err)
	}
	if _, err := s.Find(t.Context(), string(in.ID)); !fail.Is(err, fail.NotFound) {
		t.Errorf("they are still an operator: %v", err)
	}
}

// A way in that is closed is closed at once, for those who came by it before, too.
func TestAClosedWayEndsItsSessions(t *testing.T) {
	s, _ := people(t)
	own, err := s.Add(t.Context(), operator.Shell("test"), operator.Person{Email: "ida@inkwell.example", Name: "Ida", Role: operator.Admin}, password)
	if err != nil {
		t.Fatal(err)
	}
	vouched, err := s.Admit(t.Context(), ada, "")
	if err != nil {
		t.Fatal(err)
	}
	sessions := map[string]operator.Person{}
	for _, p := range []operator.Person{own, vouched} {
		secret, err := s.StartSession(t.Context(), p, "", "", "")
		if err != nil {
			t.Fatal(err)
		}
		sessions[secret] = p
	}
	for _, w := range []operator.Ways{{Passwords: true, Issuer: issuer}, {Passwords: true}, {Issuer: issuer}, {Passwords: true, Issuer: "https://other.example.com"}} {
		s.Open(w)
		for secret, p := range sessions {
			open := w.Passwords
			if p.Vouched() {
				open = w.Issuer == issuer
			}
			if _, err := s.SignedIn(t.Context(), secret, true); (err == nil) != open || err != nil && !fail.Is(err, fail.Denied) {
				t.Errorf("%+v, %s: %v", w, p.Email, err)
			}
		}
		_, err := s.SignIn(t.Context(), own.Email, password, "")
		if (err == nil) != w.Passwords {
			t.Errorf("%+v, with the password: %v", w, err)
		}
	}
}
