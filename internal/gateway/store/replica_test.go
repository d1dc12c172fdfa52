package store_test

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/replica"
	"souk.dev/souk/internal/gateway/store"
)

func commit(t *testing.T, db *store.DB, c license.Change) {
	t.Helper()
	if err := db.Licenses().CommitChange(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func changesSince(t *testing.T, r *store.Replica, mark int64) replica.Changes {
	t.Helper()
	c, err := r.Changes(t.Context(), mark)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAReplicaHearsWhatChanges(t *testing.T) {
	db := openPostgres(t)
	join(t, db, "owner")
	owned(t, db)
	r := db.Replica()
	defer r.Close()
	first := changesSince(t, r, math.MaxInt64)
	if first.Epoch != 1 || len(first.Licenses) > 0 {
		t.Fatalf("at first %+v", first)
	}
	commit(t, db, license.Change{Licenses: []license.License{{ID: "a", ProductCode: "p"}, {ID: "b", ProductCode: "p"}}, ARNs: []license.ARNOf{{ARN: "arn:a", License: "a"}}})
	second := changesSince(t, r, first.Next)
	if slices.Sort(second.Licenses); !slices.Equal(second.Licenses, []core.LicenseID{"a", "b"}) {
		t.Errorf("then %+v", second)
	}
	at := time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC)
	err := db.Entitlements().KeepEntitlements(t.Context(), entitlement.Knowledge{License: "a", ChangedAt: at,
		Answer: entitlement.Answer{At: at, Entitlements: []entitlement.Entitlement{{Dimension: "users", Value: entitlement.Integer(5)}}}}, true)
	if err != nil {
		t.Fatal(err)
	}
	third := changesSince(t, r, second.Next)
	if !slices.Equal(third.Licenses, []core.LicenseID{"a"}) {
		t.Errorf("after an answer of AWS's %+v", third)
	}
	k, err := r.Known(t.Context(), "a")
	if err != nil || len(k.Licenses) != 1 || k.Licenses[0].ID != "a" || len(k.ARNs) != 1 || len(k.Entitlements) != 1 || len(k.Entitlements[0].Entitlements) != 1 {
		t.Errorf("of one is known %+v, %v", k, err)
	}
	commit(t, db, license.Change{Merges: []license.Merge{{From: "b", Into: "a"}}})
	if last := changesSince(t, r, third.Next); !slices.Contains(last.Licenses, "b") {
		t.Errorf("after a merge %+v", last)
	}
	if k, err = r.Known(t.Context(), "b"); err != nil || len(k.Licenses) > 0 {
		t.Errorf("of one that is another's is known %+v, %v", k, err)
	}
	if k, err = r.Known(t.Context(), ""); err != nil || len(k.Licenses) != 1 || len(k.Entitlements) != 1 {
		t.Errorf("of all is known %+v, %v", k, err)
	}
}

// Transactions end in another order than they began. One that ends late must not be passed over.
func TestAReplicaHearsOfATransactionThatEndsLate(t *testing.T) {
	db := openPostgres(t)
	join(t, db, "owner")
	owned(t, db)
	r := db.Replica()
	defer r.Close()
	begun, finish, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- db.Tx(t.Context(), func(tx *sql.Tx) error {
			err := db.NoteChange(t.Context(), tx, "late")
			close(begun)
			<-finish
			return err
		})
	}()
	<-begun
	commit(t, db, license.Change{Licenses: []license.License{{ID: "soon"}}})
	c := changesSince(t, r, 0)
	if !slices.Equal(c.Licenses, []core.LicenseID{"soon"}) {
		t.Errorf("before it has ended %+v", c)
	}
	close(finish)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if c = changesSince(t, r, c.Next); !slices.Contains(c.Licenses, "late") {
		t.Errorf("after it has ended %+v", c)
	}
}

func TestAReplicaIsTold(t *testing.T) {
	db := openPostgres(t)
	join(t, db, "owner")
	owned(t, db)
	r := db.Replica()
	defer r.Close()
	patient, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	r.Await(patient, time.Hour) // it begins to listen
	commit(t, db, license.Change{Licenses: []license.License{{ID: "a"}}})
	if r.Await(patient, time.Hour); patient.Err() != nil {
		t.Error("nobody was told")
	}
}
