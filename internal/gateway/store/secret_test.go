package store_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/vault"
	"souk.dev/souk/internal/gateway/webhook"
)

func vaultOf(t testing.TB, keys ...string) *vault.Vault {
	t.Helper()
	v, err := vault.Read(strings.Join(keys, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// underVault seals the secrets of a database for a test, at whose end none may stand there as it is. So a statement that writes
// a secret past the vault fails the tests of its store. Settings that tests write by themselves are none.
func underVault(t testing.TB, db *store.DB) *store.DB {
	t.Helper()
	db.UseVault(vaultOf(t, vault.NewKey()))
	t.Cleanup(func() {
		list, err := db.Secrets(context.Background()) // the test's own is over
		if err != nil {
			return // the test's subject is a database that is away, or not ours
		}
		for _, s := range list {
			if s.Key == "" && s.What != "keys of the gateway" {
				t.Errorf("%d %s are written as they are", s.Number, s.What)
			}
		}
	})
	return db
}

// secretsOf fills a database with one secret of each kind, and is how to find what became of them.
type secretsOf struct{ db *store.DB }

var secretHash = credential.Unknowable()

const factorSecret, ringText = "JBSWY3DPEHPK3PXP", `[{"id":1}]`

func (s secretsOf) fill(t *testing.T) {
	t.Helper()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	who := account.Who{Account: account.Account{ID: "acc_1", CreatedAt: now}, Person: account.Person{ID: "per_1", Email: "a@b.example", Name: "A", CreatedAt: now}, Role: account.RoleOwner}
	hook := webhook.Endpoint{ID: "whk_1", URL: "https://a.example", Secret: webhook.NewSecret(), Old: webhook.NewSecret(), OldUntil: now, CreatedAt: now, ChangedAt: now}
	_, err := s.db.Settings().ChangeSetting(t.Context(), "seal.keys", func(string) (string, error) { return ringText, nil })
	for _, err := range []error{err,
		s.db.Accounts().CreateAccount(t.Context(), who, "a@b.example", secretHash),
		s.db.Accounts().KeepFactor(t.Context(), credential.Factor{Owner: "per_1", Secret: factorSecret, AddedAt: now}, nil),
		s.db.Operators().CreateOperator(t.Context(), operator.Person{ID: "opr_1", Email: "o@b.example", Role: operator.Admin, CreatedAt: now}, "o@b.example", secretHash),
		s.db.Operators().KeepFactor(t.Context(), credential.Factor{Owner: "opr_1", Secret: factorSecret, AddedAt: now}, nil),
		s.db.Webhooks().AddEndpoint(t.Context(), hook)} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// read reads them all, and gives the first error.
func (s secretsOf) read(t *testing.T) error {
	t.Helper()
	ring, err := s.db.Settings().ChangeSetting(t.Context(), "seal.keys", func(old string) (string, error) { return old, nil })
	if err != nil {
		return err
	}
	_, person, err := s.db.Accounts().Credentials(t.Context(), "a@b.example")
	if err != nil {
		return err
	}
	_, staff, err := s.db.Operators().OperatorCredentials(t.Context(), "o@b.example")
	if err != nil {
		return err
	}
	one, err := s.db.Accounts().Factor(t.Context(), "per_1")
	if err != nil {
		return err
	}
	other, err := s.db.Operators().Factor(t.Context(), "opr_1")
	if err != nil {
		return err
	}
	hook, err := s.db.Webhooks().Endpoint(t.Context(), "whk_1")
	if err != nil {
		return err
	}
	if ring != ringText || person != secretHash || staff != secretHash || one.Secret != factorSecret || other.Secret != factorSecret || !strings.HasPrefix(string(hook.Secret), "whsec_") || !strings.HasPrefix(string(hook.Old), "whsec_") {
		t.Errorf("%q, %q, %q, %q, %q, %q, %q", ring, person, staff, one.Secret, other.Secret, hook.Secret, hook.Old)
	}
	return nil
}

// under tells how many secrets there are by key: those that are written as they are first.
func (s secretsOf) under(t *testing.T) map[string]int {
	t.Helper()
	list, err := s.db.Secrets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, l := range list {
		n[l.Key] += l.Number
	}
	return n
}

const kinds = 7 // of secrets

// Secrets are sealed when a key is first given, sealed anew when another takes its place, and written as they are again when that
// is wanted; they stay what they are all along. Without their key nothing is read, and nothing lost.
func TestSecretsGoFromKeyToKey(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		s := secretsOf{open(t)}
		s.db.UseVault(nil)
		s.fill(t)
		first, second := vault.NewKey(), vault.NewKey()
		use := func(want int, keys ...string) {
			t.Helper()
			s.db.UseVault(vaultOf(t, keys...))
			if n, err := s.db.SealSecrets(t.Context()); err != nil || n != want {
				t.Fatalf("%d were sealed, want %d; %v", n, want, err)
			}
			if err := s.read(t); err != nil {
				t.Fatal(err)
			}
			if n, err := s.db.SealSecrets(t.Context()); err != nil || n != 0 {
				t.Errorf("sealed once more: %d, %v", n, err)
			}
		}
		if got := s.under(t); got[""] != kinds || len(got) != 1 {
			t.Fatalf("without a key: %v", got)
		}
		use(kinds, first)
		if got := s.under(t); got[""] != 0 || len(got) != 1 {
			t.Fatalf("with a key: %v", got)
		}
		use(kinds, second, first)
		use(0, second)

		for _, without := range []*vault.Vault{nil, vaultOf(t, first)} {
			s.db.UseVault(without)
			if err := s.read(t); fail.CodeOf(err) != "vault_key" || !strings.Contains(err.Error(), "SOUK_SECRETS_KEY_FILE") {
				t.Errorf("read without its key: %v", err)
			}
			if _, err := s.db.SealSecrets(t.Context()); without != nil && fail.CodeOf(err) != "vault_key" {
				t.Errorf("sealed without the key: %v", err)
			}
		}
		use(kinds, "plain", second)
		if got := s.under(t); got[""] != kinds || len(got) != 1 {
			t.Fatalf("plain again: %v", got)
		}
		use(kinds, second) // as underVault wants it
	})
}

// A secret that was put in another row's place is refused there.
func TestASecretOpensInItsRowAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		s := secretsOf{open(t)}
		s.fill(t)
		err := s.db.Tx(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), `update operator set password_hash = (select password_hash from person where id = 'per_1') where id = 'opr_1'`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.read(t); fail.CodeOf(err) != "vault_broken" {
			t.Errorf("read with another's secret: %v", err)
		}
	})
}

// Where the key is lost, what it sealed is given up, and each kind can be had anew.
func TestSecretsWhoseKeyIsLost(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		s := secretsOf{open(t)}
		s.fill(t)
		s.db.UseVault(vaultOf(t, vault.NewKey()))
		if n, err := s.db.ForgetSecrets(t.Context()); err != nil || n != kinds {
			t.Fatalf("%d were forgotten, %v", n, err)
		}
		if n, err := s.db.ForgetSecrets(t.Context()); err != nil || n != 0 {
			t.Fatalf("%d were forgotten again, %v", n, err)
		}
		ring, err := s.db.Settings().ChangeSetting(t.Context(), "seal.keys", func(old string) (string, error) { return old, nil })
		if err != nil || ring != "" {
			t.Errorf("keys: %q, %v", ring, err)
		}
		for name, find := range map[string]func() (string, error){
			"person": func() (string, error) {
				_, h, err := s.db.Accounts().Credentials(t.Context(), "a@b.example")
				return h, err
			},
			"operator": func() (string, error) {
				_, h, err := s.db.Operators().OperatorCredentials(t.Context(), "o@b.example")
				return h, err
			},
		} {
			hash, err := find()
			if err != nil || hash == secretHash {
				t.Fatalf("%s: %q, %v", name, hash, err)
			}
			if right, _, err := credential.NewHasher().Verify(t.Context(), "a guess of twelve", hash); err != nil || right {
				t.Errorf("%s signs in with a guess: %v, %v", name, right, err)
			}
		}
		if err := s.db.Accounts().KeepFactor(t.Context(), credential.Factor{Owner: "per_1", Secret: factorSecret}, nil); err != nil {
			t.Errorf("a factor anew: %v", err)
		}
		if err := s.db.Operators().KeepFactor(t.Context(), credential.Factor{Owner: "opr_1", Secret: factorSecret}, nil); err != nil {
			t.Errorf("a factor anew: %v", err)
		}
		hook, err := s.db.Webhooks().Endpoint(t.Context(), "whk_1")
		if err != nil || !hook.Disabled || !strings.Contains(hook.Why, "lost") || hook.Secret == "" || hook.Old != "" {
			t.Errorf("%+v, %v", hook, err)
		}
	})
}

// A password that is hashed anew replaces the one that it was made of, and no other.
func TestAPasswordHashedAnewIsComparedUnderTheVault(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		s := secretsOf{open(t)}
		s.fill(t)
		people, staff, other := s.db.Accounts(), s.db.Operators(), credential.Unknowable()
		for _, was := range []string{other, secretHash} {
			if err := people.ReplacePassword(t.Context(), "per_1", was, other); err != nil {
				t.Fatal(err)
			}
			if err := staff.RehashOperator(t.Context(), "opr_1", was, other); err != nil {
				t.Fatal(err)
			}
			want := secretHash
			if was == secretHash {
				want = other
			}
			_, person, err := people.Credentials(t.Context(), "a@b.example")
			if err != nil || person != want {
				t.Errorf("the person's is %q, want %q; %v", person, want, err)
			}
			_, op, err := staff.OperatorCredentials(t.Context(), "o@b.example")
			if err != nil || op != want {
				t.Errorf("the operator's is %q, want %q; %v", op, want, err)
			}
		}
		if err := people.ReplacePassword(t.Context(), "per_nobody", "a", "b"); err != nil {
			t.Errorf("of somebody who is gone meanwhile: %v", err)
		}
	})
}
