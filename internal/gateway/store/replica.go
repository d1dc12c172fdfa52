package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/replica"
)

// The statements by which nodes that stand by hear what the owner changes. They are PostgreSQL's alone.
const (
	noteChange = `insert into license_change (license_id, xact) values ($1, pg_current_xact_id()::text::bigint)
		on conflict (license_id) do update set xact = excluded.xact`

	// readChanges sees one moment. Transactions end in another order than that of their numbers: all before the snapshot's xmin have
	// ended, so that from there on is looked the next time. Numbers beyond its xmax are of another server, from which a copy was restored.
	readChanges = `select l.epoch, pg_snapshot_xmin(pg_current_snapshot())::text::bigint, coalesce(c.license_id, '')
		from lease l left join license_change c on c.xact >= $1 and c.xact < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
		where l.name = 'books'`

	// changesChannel is notified when a licence has changed.
	changesChannel = "souk_changes"
)

// noteChange writes down, in the transaction that changes these licences or what is known of their entitlements, that it does.
func (db *DB) noteChange(ctx context.Context, tx *sql.Tx, ids ...core.LicenseID) error {
	if db.node == nil || len(ids) == 0 { // nobody stands by
		return nil
	}
	for _, id := range ids {
		if err := exec(ctx, tx, "note a change", noteChange, id); err != nil {
			return err
		}
	}
	return exec(ctx, tx, "tell of a change", `select pg_notify($1, '')`, changesChannel)
}

// Replica reads what a node that stands by remembers. It fulfils replica.Source, on PostgreSQL; close it in the end.
type Replica struct {
	db   *DB
	conn *pgx.Conn // that listens; nil: none does
}

// Replica is what a node that stands by reads of the database.
func (db *DB) Replica() *Replica { return &Replica{db: db} }

var _ replica.Source = (*Replica)(nil)

// Changes implements [replica.Source].
func (s *Replica) Changes(ctx context.Context, since int64) (c replica.Changes, err error) {
	err = each(ctx, s.db.Read(), readChanges, func(scan func(...any) error) error {
		var id core.LicenseID
		err := scan(&c.Epoch, &c.Next, &id)
		if id != "" {
			c.Licenses = append(c.Licenses, id)
		}
		return err
	}, since)
	if err != nil {
		return c, fmt.Errorf("ask which licences have changed: %w", err)
	}
	return c, nil
}

// Known implements [replica.Source].
func (s *Replica) Known(ctx context.Context, id core.LicenseID) (k replica.Known, err error) {
	r, release, err := s.db.oneState(ctx)
	if err != nil {
		return k, err
	}
	defer release()
	ofLicense, ofARN, args := ``, ``, []any(nil)
	if id != "" {
		ofLicense, ofARN, args = ` where id = $1`, ` where license_id = $1`, []any{id}
	}
	err = eachLicense(ctx, r, ofLicense, func(l license.License, into core.LicenseID) {
		if into == "" {
			k.Licenses = append(k.Licenses, l)
		}
	}, args...)
	if err != nil {
		return k, err
	}
	if k.ARNs, err = licenseARNs(ctx, r, ofARN, args...); err != nil {
		return k, err
	}
	k.Entitlements, err = knowledge(ctx, r, id)
	return k, err
}

// Await implements [replica.Source].
func (s *Replica) Await(ctx context.Context, most time.Duration) {
	if s.conn == nil {
		if err := s.listen(ctx); err != nil {
			_ = clock.Sleep(ctx, most)
		}
		return // what was told before somebody listened is to be looked for
	}
	wait, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	if _, err := s.conn.WaitForNotification(wait); err != nil && wait.Err() == nil {
		s.Close() // the session has ended
	}
}

func (s *Replica) listen(ctx context.Context) error {
	soon, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	c := s.db.node.config.Copy()
	c.RuntimeParams["application_name"] = "souk standby"
	conn, err := pgx.ConnectConfig(soon, c)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(soon, `listen `+changesChannel); err != nil {
		return errors.Join(err, conn.Close(soon))
	}
	s.conn = conn
	return nil
}

// Close ends the listening.
func (s *Replica) Close() {
	if s.conn == nil {
		return
	}
	soon, cancel := context.WithTimeout(context.Background(), lookAgain)
	defer cancel()
	_ = s.conn.Close(soon)
	s.conn = nil
}
