package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/operator"
)

// Operators is what every engine must do for package operator.
func Operators(t *testing.T, open func(t *testing.T) operator.Store) {
	t.Run("AddressIsOneOperators", func(t *testing.T) { addressIsOneOperators(t, open(t)) })
	t.Run("NewPasswordSignsOut", func(t *testing.T) { newPasswordSignsOut(t, open(t)) })
	t.Run("RoleChangesInSightOfTheOthers", func(t *testing.T) { roleChanges(t, open(t)) })
	t.Run("RemovedIsSignedOut", func(t *testing.T) { removedIsSignedOut(t, open(t)) })
	t.Run("VouchedHaveNoPassword", func(t *testing.T) { vouchedHaveNoPassword(t, open(t)) })
	t.Run("IdentityIsOneOperators", func(t *testing.T) { identityIsOneOperators(t, open(t)) })
	t.Run("SessionsOfAnOperator", func(t *testing.T) {
		s := open(t)
		addOperator(t, s, "op_1", operator.Viewer, noon)
		addOperator(t, s, "op_2", operator.Viewer, noon)
		theirSessions(t, s, "op_1", "op_2")
	})
	t.Run("FactorIsUsedOnce", func(t *testing.T) { operatorsFactor(t, open(t)) })
	t.Run("OldSessionsAreForgotten", func(t *testing.T) { oldSessionsAreForgotten(t, open(t)) })
}

func addOperator(t *testing.T, s operator.Store, id operator.ID, role operator.Role, at time.Time) operator.Person {
	t.Helper()
	p := operator.Person{ID: id, Email: string(id) + "@Example.com", Name: "Ida", Role: role, CreatedAt: at}
	if err := s.CreateOperator(t.Context(), p, string(id)+"@example.com", "hash"); err != nil {
		t.Fatal(err)
	}
	return p
}

func addressIsOneOperators(t *testing.T, s operator.Store) {
	b, a := addOperator(t, s, "op_b", operator.Admin, noon), addOperator(t, s, "op_a", operator.Viewer, noon.Add(time.Second))
	if err := s.CreateOperator(t.Context(), operator.Person{ID: "op_c"}, "op_a@example.com", "other"); !fail.Is(err, fail.Conflict) {
		t.Errorf("the same address: %v", err)
	}
	if got, err := s.Operator(t.Context(), "op_b"); err != nil || got != b {
		t.Errorf("got %+v, %v; want %+v", got, err, b)
	}
	if got, hash, err := s.OperatorCredentials(t.Context(), "op_a@example.com"); err != nil || got != a || hash != "hash" {
		t.Errorf("got %+v %q, %v", got, hash, err)
	}
	if all, err := s.Operators(t.Context()); err != nil || !slices.Equal(all, []operator.Person{b, a}) {
		t.Errorf("listed %+v, %v", all, err)
	}
	_, err1 := s.Operator(t.Context(), "op_c")
	_, _, err2 := s.OperatorCredentials(t.Context(), "nobody@example.com")
	if !fail.Is(err1, fail.NotFound) || !fail.Is(err2, fail.NotFound) {
		t.Errorf("nobody: %v, %v", err1, err2)
	}
}

func startSession(t *testing.T, s operator.Store, hash string, owner operator.ID, expires time.Time) {
	t.Helper()
	if err := s.CreateSession(t.Context(), credential.Session{Hash: hash, Owner: string(owner), CreatedAt: noon, SeenAt: noon, Expires: expires}, ""); err != nil {
		t.Fatal(err)
	}
}

// signedIn tells which of the sessions are there.
func signedIn(t *testing.T, s operator.Store, hashes ...string) (there []string) {
	t.Helper()
	for _, h := range hashes {
		switch _, err := s.Session(t.Context(), h); {
		case err == nil:
			there = append(there, h)
		case !fail.Is(err, fail.NotFound):
			t.Fatal(err)
		}
	}
	return there
}

func newPasswordSignsOut(t *testing.T, s operator.Store) {
	addOperator(t, s, "op_1", operator.Viewer, noon)
	addOperator(t, s, "op_2", operator.Viewer, noon)
	startSession(t, s, "one", "op_1", noon.Add(time.Hour))
	startSession(t, s, "two", "op_2", noon.Add(time.Hour))
	if err := errors.Join(s.RehashOperator(t.Context(), "op_1", "wrong", "x"), s.RehashOperator(t.Context(), "op_1", "hash", "rehashed")); err != nil {
		t.Fatal(err)
	}
	if _, hash, _ := s.OperatorCredentials(t.Context(), "op_1@example.com"); hash != "rehashed" || len(signedIn(t, s, "one", "two")) != 2 {
		t.Errorf("hashed anew: %q, signed in %v", hash, signedIn(t, s, "one", "two"))
	}
	if err := s.ReplaceOperatorPassword(t.Context(), "op_1", "new"); err != nil {
		t.Fatal(err)
	}
	if _, hash, _ := s.OperatorCredentials(t.Context(), "op_1@example.com"); hash != "new" {
		t.Errorf("hash %q", hash)
	}
	if got := signedIn(t, s, "one", "two"); !slices.Equal(got, []string{"two"}) {
		t.Errorf("signed in are %v", got)
	}
	if err := s.ReplaceOperatorPassword(t.Context(), "op_9", "new"); !fail.Is(err, fail.NotFound) {
		t.Errorf("nobody's password: %v", err)
	}
}

func roleChanges(t *testing.T, s operator.Store) {
	addOperator(t, s, "op_1", operator.Admin, noon)
	two := addOperator(t, s, "op_2", operator.Viewer, noon)
	refusal := errors.New("no")
	err := s.ChangeRole(t.Context(), "op_1", operator.Viewer, func(others []operator.Person) error {
		if !slices.Equal(others, []operator.Person{two}) {
			t.Errorf("the others are %+v", others)
		}
		return refusal
	})
	if !errors.Is(err, refusal) {
		t.Errorf("the refusal is lost: %v", err)
	}
	fine := func([]operator.Person) error { return nil }
	if err := s.ChangeRole(t.Context(), "op_2", operator.Operator, fine); err != nil {
		t.Fatal(err)
	}
	one, _ := s.Operator(t.Context(), "op_1")
	if two, _ = s.Operator(t.Context(), "op_2"); one.Role != operator.Admin || two.Role != operator.Operator {
		t.Errorf("roles are %s and %s", one.Role, two.Role)
	}
	if err := s.ChangeRole(t.Context(), "op_9", operator.Admin, fine); !fail.Is(err, fail.NotFound) {
		t.Errorf("nobody's role: %v", err)
	}
}

func removedIsSignedOut(t *testing.T, s operator.Store) {
	addOperator(t, s, "op_1", operator.Admin, noon)
	addOperator(t, s, "op_2", operator.Viewer, noon)
	startSession(t, s, "one", "op_1", noon.Add(time.Hour))
	startSession(t, s, "two", "op_2", noon.Add(time.Hour))
	if err := s.ChangeRole(t.Context(), "op_2", "", func([]operator.Person) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Operator(t.Context(), "op_2"); !fail.Is(err, fail.NotFound) {
		t.Errorf("still there: %v", err)
	}
	if got := signedIn(t, s, "one", "two"); !slices.Equal(got, []string{"one"}) {
		t.Errorf("signed in are %v", got)
	}
}

func vouchedHaveNoPassword(t *testing.T, s operator.Store) {
	p := addOperator(t, s, "op_1", operator.Admin, noon)
	startSession(t, s, "before", "op_1", noon.Add(time.Hour))
	p.Email, p.Name, p.Role, p.Issuer, p.Subject = "New@example.com", "Ada", operator.Viewer, "https://id.example.com", "7"
	if err := s.KeepVouched(t.Context(), p, "new@example.com"); err != nil {
		t.Fatal(err)
	}
	if got, hash, err := s.OperatorCredentials(t.Context(), "new@example.com"); err != nil || got != p || hash != "" {
		t.Errorf("by its address: %+v %q, %v; want %+v", got, hash, err, p)
	}
	if got, err := s.VouchedOperator(t.Context(), "https://id.example.com", "7"); err != nil || got != p {
		t.Errorf("as it is vouched for: %+v, %v; want %+v", got, err, p)
	}
	if got := signedIn(t, s, "before"); len(got) != 0 {
		t.Error("it is signed in by the password that it had")
	}
	if err := s.ReplaceOperatorPassword(t.Context(), "op_1", "new"); !fail.Is(err, fail.NotFound) {
		t.Errorf("it is given a password: %v", err)
	}
	startSession(t, s, "after", "op_1", noon.Add(time.Hour))
	p.Name = "Ada King"
	if err := s.KeepVouched(t.Context(), p, "new@example.com"); err != nil || len(signedIn(t, s, "after")) != 1 {
		t.Errorf("another name: %v, signed in %v", err, signedIn(t, s, "after"))
	}
	if _, _, err := s.OperatorCredentials(t.Context(), "op_1@example.com"); !fail.Is(err, fail.NotFound) {
		t.Errorf("by its old address: %v", err)
	}
}

func identityIsOneOperators(t *testing.T, s operator.Store) {
	addOperator(t, s, "op_1", operator.Admin, noon)
	addOperator(t, s, "op_2", operator.Admin, noon)
	if _, err := s.VouchedOperator(t.Context(), "", ""); !fail.Is(err, fail.NotFound) {
		t.Errorf("who is vouched for by nobody: %v", err)
	}
	keep := func(id operator.ID, email, subject string) error {
		return s.KeepVouched(t.Context(), operator.Person{ID: id, Email: email, Name: "X", Role: operator.Viewer, CreatedAt: noon, Issuer: "https://id.example.com", Subject: subject}, email)
	}
	if err := keep("op_3", "three@example.com", "3"); err != nil {
		t.Fatal(err)
	}
	if err := keep("op_4", "four@example.com", "3"); !fail.Is(err, fail.Conflict) {
		t.Errorf("the same identity: %v", err)
	}
	if err := keep("op_4", "op_1@example.com", "4"); !fail.Is(err, fail.Conflict) {
		t.Errorf("another's address: %v", err)
	}
	if err := keep("op_3", "op_1@example.com", "3"); !fail.Is(err, fail.Conflict) {
		t.Errorf("moved to another's address: %v", err)
	}
	if all, err := s.Operators(t.Context()); err != nil || len(all) != 3 {
		t.Errorf("%+v, %v", all, err)
	}
}

func oldSessionsAreForgotten(t *testing.T, s operator.Store) {
	addOperator(t, s, "op_1", operator.Admin, noon)
	startSession(t, s, "old", "op_1", noon)
	startSession(t, s, "new", "op_1", noon.Add(time.Microsecond))
	if err := s.ForgetSessions(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	if got := signedIn(t, s, "old", "new"); !slices.Equal(got, []string{"new"}) {
		t.Errorf("signed in are %v", got)
	}
}

// Audit is what every engine must do for package audit.
func Audit(t *testing.T, open func(t *testing.T) audit.Store) {
	t.Run("EntriesFollowEachOther", func(t *testing.T) { entriesFollow(t, open(t)) })
	t.Run("TwentyWritersOneChain", func(t *testing.T) { twentyWritersOneChain(t, open(t)) })
}

func appendEntry(t *testing.T, s audit.Store, subject string) {
	t.Helper()
	err := s.AppendEntry(t.Context(), func(newest audit.Entry) audit.Entry {
		return audit.Entry{Seq: newest.Seq + 1, At: noon, By: audit.Actor{ID: "op_1", Name: "ida@example.com", From: "::1"}, Action: audit.KeyMade, Subject: subject, Detail: "more",
			Before: newest.Hash, Hash: fmt.Sprint("h", newest.Seq+1)}
	})
	if err != nil {
		t.Error(err)
	}
}

func entriesFollow(t *testing.T, s audit.Store) {
	for _, subject := range []string{"a", "b", "c"} {
		appendEntry(t, s, subject)
	}
	got, err := s.Entries(t.Context(), 3, 1)
	want := audit.Entry{Seq: 2, At: noon, By: audit.Actor{ID: "op_1", Name: "ida@example.com", From: "::1"}, Action: audit.KeyMade, Subject: "b", Detail: "more", Before: "h1", Hash: "h2"}
	if err != nil || !slices.Equal(got, []audit.Entry{want}) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if got, err := s.Entries(t.Context(), 0, 10); err != nil || len(got) != 3 || got[0].Subject != "c" {
		t.Errorf("from the newest: %+v, %v", got, err)
	}
	var order string
	stop := errors.New("stop")
	err = s.EachEntry(t.Context(), func(e audit.Entry) error {
		if order += e.Subject; len(order) == 2 {
			return stop
		}
		return nil
	})
	if order != "ab" || !errors.Is(err, stop) {
		t.Errorf("went through %q, %v", order, err)
	}
}

func twentyWritersOneChain(t *testing.T, s audit.Store) {
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() { appendEntry(t, s, fmt.Sprint(i)) })
	}
	wg.Wait()
	var n int64
	before := ""
	err := s.EachEntry(t.Context(), func(e audit.Entry) error {
		if n++; e.Seq != n || e.Before != before {
			t.Errorf("entry %d at place %d follows %q, want %q", e.Seq, n, e.Before, before)
		}
		before = e.Hash
		return nil
	})
	if err != nil || n != 20 {
		t.Errorf("%d entries, %v", n, err)
	}
}
