package store_test

import (
	"testing"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/store"
)

// Who had an account before accounts had members owns it afterwards, and comes in by all that let them in before.
func TestAnAccountOfOnePersonBecomesOneWithAnOwner(t *testing.T) {
	for engine, open := range map[string]func(*testing.T) *store.DB{"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(engine, func(t *testing.T) {
			db := open(t)
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			must(db.MigrateDown(t.Context(), 239))
			for _, q := range []string{
				`insert into account (id, email, email_key, name, company, password_hash, created_us, verified_us, quiet_us) values ('acc_1', 'Ada@x.example', 'ada@x.example', 'Ada', 'Engines', 'hash', 1000, 2000, 3000)`,
				`insert into account (id, email, email_key, name, company, password_hash, created_us, reference) values ('acc_2', 'b@x.example', ':cust', 'Ben', '', '', 1000, 'cust')`,
				`insert into account (id, email, email_key, name, company, password_hash, created_us, erased_us) values ('acc_3', '', ':acc_3', '', '', '', 1000, 5000)`,
				`insert into session (hash, account, created_us, seen_us, expires_us) values ('s', 'acc_1', 1, 2, 3)`,
				`insert into signin_handle (hash, account, product, expires_us) values ('h', 'acc_1', 'ink', 3)`,
				`insert into account_proof (hash, account, purpose, expires_us) values ('p', 'acc_1', 'reset', 3)`,
				`insert into account_factor (account, secret, step, added_us) values ('acc_1', 'JBSWY3DP', 7, 1)`,
				`insert into account_recovery (hash, account) values ('r', 'acc_1')`,
			} {
				_, err := store.Raw(db).ExecContext(t.Context(), q)
				must(err)
			}
			_, err := db.Migrate(t.Context())
			must(err)

			s := db.Accounts()
			p, hash, err := s.Credentials(t.Context(), "ada@x.example")
			if err != nil || hash != "hash" || p.ID != "acc_1" || p.Email != "Ada@x.example" || p.Name != "Ada" || p.CreatedAt.UnixMicro() != 1000 || p.VerifiedAt.UnixMicro() != 2000 || p.QuietAt.UnixMicro() != 3000 {
				t.Errorf("person %+v %s, %v", p, hash, err)
			}
			seats, err := s.Seats(t.Context(), p.ID, "s")
			if err != nil || len(seats) != 1 || seats[0].Role != account.RoleOwner || seats[0].Account.Company != "Engines" || seats[0].Account.Email != "Ada@x.example" || seats[0].Account.VerifiedAt != p.VerifiedAt {
				t.Errorf("seats %+v, %v", seats, err)
			}
			if ses, err := s.Session(t.Context(), "s"); err != nil || ses.Owner != "acc_1" {
				t.Errorf("session %+v, %v", ses, err)
			}
			if h, err := s.TakeHandle(t.Context(), "h"); err != nil || h.Account != "acc_1" || h.Person != p.ID {
				t.Errorf("handle %+v, %v", h, err)
			}
			if proof, err := s.Proof(t.Context(), "p"); err != nil || proof.Person != p.ID {
				t.Errorf("proof %+v, %v", proof, err)
			}
			if f, err := s.Factor(t.Context(), string(p.ID)); err != nil || f.Secret != "JBSWY3DP" || f.Step != 7 {
				t.Errorf("factor %+v, %v", f, err)
			}
			if used, _, err := s.UseRecovery(t.Context(), string(p.ID), "r"); err != nil || !used {
				t.Errorf("recovery code: %v, %v", used, err)
			}
			kept, err := s.ReferAccount(t.Context(), account.Account{ID: "acc_4", Reference: "cust"})
			if err != nil || kept.ID != "acc_2" || kept.Name != "Ben" || kept.Email != "b@x.example" {
				t.Errorf("the account that the seller keeps: %+v, %v", kept, err)
			}
			for _, id := range []core.PersonID{"acc_2", "acc_3"} {
				if _, err := s.Person(t.Context(), id); !fail.Is(err, fail.NotFound) {
					t.Errorf("%s has a person: %v", id, err)
				}
			}
			must(db.MigrateDown(t.Context(), 239))
			var text string
			if err := store.Raw(db).QueryRowContext(t.Context(), `select email || ' ' || email_key || ' ' || name || ' ' || password_hash from account where id = 'acc_1'`).Scan(&text); err != nil || text != "Ada@x.example ada@x.example Ada hash" {
				t.Errorf("and back: %s, %v", text, err)
			}
		})
	}
}
