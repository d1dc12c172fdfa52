package passkey_test

import (
	"strings"
	"testing"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/passkey"
	"souk.dev/souk/internal/gateway/passkey/passkeytest"
)

const origin, rpID = "https://buy.example.com", "buy.example.com"

func party(t *testing.T) *passkey.Party {
	t.Helper()
	p, err := passkey.New(origin+"/", "Inkwell")
	if err != nil || p == nil {
		t.Fatal(p, err)
	}
	return p
}

// added is a key that the person has, and what is kept of it.
func added(t *testing.T, p *passkey.Party, id string) (*passkeytest.Key, passkey.Owner) {
	t.Helper()
	o := passkey.Owner{ID: id, Name: id + "@example.com"}
	k := passkeytest.New(t, origin, rpID)
	q, err := p.AskNew(o)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := p.TakeNew(o, q.Kept, k.Create(q.Options))
	if err != nil || kept.Owner != id || kept.SignCount != 1 || len(kept.PublicKey) == 0 || kept.Credential == "" || kept.Synced {
		t.Fatalf("%+v, %v", kept, err)
	}
	o.Keys = []credential.Passkey{kept}
	return k, o
}

func only(o passkey.Owner) func(string) (passkey.Owner, error) {
	return func(id string) (passkey.Owner, error) {
		if id != o.ID {
			return passkey.Owner{}, fail.New(fail.NotFound, "no_such_person", "nobody")
		}
		return o, nil
	}
}

func ask(t *testing.T, p *passkey.Party, o *passkey.Owner) passkey.Question {
	t.Helper()
	q, err := p.Ask(o)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestAPasskeyProvesItsOwner(t *testing.T) {
	p := party(t)
	k, ada := added(t, p, "per_ada")
	for _, of := range []*passkey.Owner{nil, &ada} {
		q := ask(t, p, of)
		if !strings.Contains(q.Options, `"userVerification":"required"`) || !strings.Contains(q.Options, rpID) || (strings.Contains(q.Options, "allowCredentials") != (of != nil)) {
			t.Errorf("asked %s", q.Options)
		}
		a, err := p.Take(q.Kept, k.Get(q.Options), only(ada))
		if err != nil || a.Passkey.Credential != ada.Keys[0].Credential || a.Passkey.Owner != "per_ada" || a.Count != int64(k.Count) || a.Challenge == "" {
			t.Fatalf("%+v, %v", a, err)
		}
		ada.Keys[0].SignCount = a.Count
	}
	// A program that keeps no count, and has copies, says so each time.
	k.Counts, k.Count = false, 0
	o := passkey.Owner{ID: "per_eve", Name: "eve@example.com"}
	phone := passkeytest.New(t, origin, rpID)
	phone.Counts, phone.Synced = false, true
	q, err := p.AskNew(o)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := p.TakeNew(o, q.Kept, phone.Create(q.Options))
	if err != nil || !kept.Synced || kept.SignCount != 0 {
		t.Fatalf("%+v, %v", kept, err)
	}
	o.Keys = []credential.Passkey{kept}
	for range 2 {
		q := ask(t, p, nil)
		if a, err := p.Take(q.Kept, phone.Get(q.Options), only(o)); err != nil || a.Count != 0 {
			t.Errorf("%+v, %v", a, err)
		}
	}
}

func TestWhatIsNoAnswer(t *testing.T) {
	p := party(t)
	other, eve := added(t, p, "per_eve")
	everybody := func(ada passkey.Owner) func(string) (passkey.Owner, error) {
		return func(id string) (passkey.Owner, error) {
			if id == eve.ID {
				return eve, nil
			}
			return only(ada)(id)
		}
	}
	for name, c := range map[string]struct {
		change func(k *passkeytest.Key)          // what the program says wrongly
		answer func(options, good string) string // in the place of a good answer
		code   string
	}{
		"another origin":      {change: func(k *passkeytest.Key) { k.Origin = "https://buy.example.com.evil.example" }},
		"another scheme":      {change: func(k *passkeytest.Key) { k.Origin = "http://buy.example.com" }},
		"another port":        {change: func(k *passkeytest.Key) { k.Origin = origin + ":8443" }},
		"for another party":   {change: func(k *passkeytest.Key) { k.RPID = "example.com" }},
		"nobody was verified": {change: func(k *passkeytest.Key) { k.Unverified = true }},
		"another's handle":    {change: func(k *passkeytest.Key) { k.Handle = []byte("per_eve") }},
		"nobody's handle":     {change: func(k *passkeytest.Key) { k.Handle = []byte("per_nobody") }},
		"another's key":       {change: func(k *passkeytest.Key) { k.ID = other.ID }},
		"a copy with fewer":   {change: func(k *passkeytest.Key) { k.Count = 3 }, code: "copied_passkey"},
		"a copy with as many": {change: func(k *passkeytest.Key) { k.Count = 6 }, code: "copied_passkey"},
		"it has copies now":   {change: func(k *passkeytest.Key) { k.Synced = true }},
		"another's answer":    {answer: func(options, _ string) string { other.Handle = []byte("per_ada"); return other.Get(options) }},
		"a signature of less": {answer: func(_, good string) string { return strings.Replace(good, `"signature":"`, `"signature":"AAAA`, 1) }},
		"no signature": {answer: func(_, good string) string {
			return strings.Replace(good, `"signature":"`, `"signature":"","was":"`, 1)
		}},
		"nothing":  {answer: func(string, string) string { return "" }},
		"no JSON":  {answer: func(string, string) string { return "{" }},
		"too much": {answer: func(_, good string) string { return good + strings.Repeat(" ", passkey.MaxAnswer) }},
	} {
		k, ada := added(t, p, "per_ada")
		ada.Keys[0].SignCount, k.Count = 7, 7
		if c.change != nil {
			c.change(k)
		}
		if c.code == "" {
			c.code = "wrong_passkey"
		}
		q := ask(t, p, nil)
		answer := k.Get(q.Options)
		if c.answer != nil {
			answer = c.answer(q.Options, answer)
		}
		if a, err := p.Take(q.Kept, answer, everybody(ada)); !fail.Is(err, fail.Denied) || fail.CodeOf(err) != c.code {
			t.Errorf("%s: %+v, %v; want %s", name, a, err, c.code)
		}
	}
	// What was answered to another question is no answer to this one, and what one person was asked no other answers.
	k, ada := added(t, p, "per_ada")
	first, second := ask(t, p, nil), ask(t, p, nil)
	if _, err := p.Take(second.Kept, k.Get(first.Options), only(ada)); fail.CodeOf(err) != "wrong_passkey" {
		t.Errorf("another challenge: %v", err)
	}
	of := ask(t, p, &eve)
	if _, err := p.Take(of.Kept, k.Get(of.Options), everybody(ada)); fail.CodeOf(err) != "wrong_passkey" {
		t.Errorf("Ada answers for Eve: %v", err)
	}
}

func TestWhatIsNoNewPasskey(t *testing.T) {
	p := party(t)
	o := passkey.Owner{ID: "per_ada", Name: "ada@example.com"}
	for name, change := range map[string]func(k *passkeytest.Key){
		"another origin":      func(k *passkeytest.Key) { k.Origin = "https://evil.example" },
		"for another party":   func(k *passkeytest.Key) { k.RPID = "evil.example" },
		"nobody was verified": func(k *passkeytest.Key) { k.Unverified = true },
	} {
		k := passkeytest.New(t, origin, rpID)
		change(k)
		q, err := p.AskNew(o)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.TakeNew(o, q.Kept, k.Create(q.Options)); !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	k := passkeytest.New(t, origin, rpID)
	first, _ := p.AskNew(o)
	second, _ := p.AskNew(o)
	said := k.Create(first.Options)
	if _, err := p.TakeNew(o, second.Kept, said); !fail.Is(err, fail.Invalid) {
		t.Errorf("another challenge: %v", err)
	}
	if _, err := p.TakeNew(passkey.Owner{ID: "per_eve"}, first.Kept, said); !fail.Is(err, fail.Invalid) {
		t.Errorf("another person: %v", err)
	}
	if _, err := p.TakeNew(o, first.Kept, said+strings.Repeat(" ", passkey.MaxAnswer)); !fail.Is(err, fail.Invalid) {
		t.Errorf("too much: %v", err)
	}
	if _, err := p.TakeNew(o, first.Kept, k.Get(first.Options)); !fail.Is(err, fail.Invalid) {
		t.Errorf("an answer of another kind: %v", err)
	}
}

// Browsers make no passkeys for addresses without a name, and none without https but on one's own machine.
func TestWhereThereAreNone(t *testing.T) {
	for base, want := range map[string]bool{origin: true, "https://buy.example.com:8443": true, "http://localhost:4710": true, "http://127.0.0.1:4710": false, "https://[::1]:4710": false, "http://buy.example.com": false} {
		if p, err := passkey.New(base, "Inkwell"); err != nil || (p != nil) != want {
			t.Errorf("%s: %v, %v", base, p != nil, err)
		}
	}
}

// Whatever a browser sends, it is refused as such and nothing worse.
func FuzzTake(f *testing.F) {
	p, err := passkey.New(origin, "Inkwell")
	if err != nil {
		f.Fatal(err)
	}
	o := passkey.Owner{ID: "per_ada", Name: "ada@example.com"}
	k := passkeytest.New(f, origin, rpID)
	q, err := p.AskNew(o)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(k.Create(q.Options))
	login, err := p.Ask(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(k.Get(login.Options))
	f.Add("{}")
	f.Fuzz(func(t *testing.T, answer string) {
		if _, err := p.Take(login.Kept, answer, only(o)); !fail.Is(err, fail.Denied) {
			t.Errorf("taken, or worse: %v", err)
		}
		if _, err := p.TakeNew(o, login.Kept, answer); err == nil || fail.KindOf(err) != fail.Invalid {
			t.Errorf("a new one, or worse: %v", err)
		}
	})
}
