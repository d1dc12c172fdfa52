package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/outbox"
)

// Entitlements keeps what is known of entitlements. It fulfils entitlement.Store.
type Entitlements struct{ db *DB }

// Entitlements is the entitlements' part of the database.
func (db *DB) Entitlements() Entitlements { return Entitlements{db} }

var _ entitlement.Store = Entitlements{}

const linesOf = `select l.license_id, l.at_us, l.dimension, l.kind, l.value, l.expires_us from entitlement_line l`

// LoadEntitlements implements [entitlement.Store].
func (s Entitlements) LoadEntitlements(ctx context.Context) (all []entitlement.Knowledge, err error) {
	// One transaction, so that the tables fit each other whoever else may be writing.
	r, release, err := s.db.oneState(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return knowledge(ctx, r, "")
}

// knowledge reads what is known of a licence; of every one, if id is empty.
func knowledge(ctx context.Context, r Reads, id core.LicenseID) (all []entitlement.Knowledge, err error) {
	at := map[core.LicenseID]int{}
	one, args := "", []any(nil)
	if id != "" {
		one, args = ` where e.license_id = $1`, []any{id}
	}
	err = each(ctx, r, `select e.license_id, e.product_code, e.arn, e.customer_identifier, e.activated_us, e.at_us, e.changed_us, e.listed_us, e.told_us, e.due_us, e.failures, e.failure
		from entitlement e`+one+` order by e.license_id`, func(scan func(...any) error) error {
		var k entitlement.Knowledge
		err := scan(&k.License, &k.Subject.ProductCode, &k.Subject.ARN, &k.Subject.CustomerIdentifier, instant{&k.ActivatedAt}, instant{&k.At}, instant{&k.ChangedAt},
			instant{&k.ListedAt}, instant{&k.ToldAt}, instant{&k.DueAt}, &k.Failures, &k.Failure)
		at[k.License] = len(all)
		all = append(all, k)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("entitlements: %w", err)
	}
	err = eachLine(ctx, r, linesOf+` join entitlement e on e.license_id = l.license_id and e.changed_us = l.at_us`+one+` order by l.license_id, l.line`,
		func(id core.LicenseID, _ time.Time, e entitlement.Entitlement) {
			k := &all[at[id]]
			k.Entitlements = append(k.Entitlements, e)
		}, args...)
	if err != nil {
		return nil, fmt.Errorf("lines of entitlements: %w", err)
	}
	return all, nil
}

func eachLine(ctx context.Context, q queryer, query string, line func(core.LicenseID, time.Time, entitlement.Entitlement), args ...any) error {
	return each(ctx, q, query, func(scan func(...any) error) error {
		var id core.LicenseID
		var at time.Time
		var e entitlement.Entitlement
		var kind entitlement.Kind
		var text string
		err := scan(&id, instant{&at}, &e.Dimension, &kind, &text, instant{&e.ExpiresAt})
		if err != nil {
			return err
		}
		if e.Value, err = entitlement.ParseValue(kind, text); err != nil {
			return fmt.Errorf("dimension %s of licence %s: %w", e.Dimension, id, err)
		}
		line(id, at, e)
		return nil
	}, args...)
}

// LastNotices implements [entitlement.Store].
func (s Entitlements) LastNotices(ctx context.Context, kinds []string) (map[core.LicenseID]time.Time, error) {
	last := map[core.LicenseID]time.Time{}
	err := each(ctx, s.db.Read(), `select license_id, kind, max(received_us) from notice where license_id <> '' group by license_id, kind`, func(scan func(...any) error) error {
		var id core.LicenseID
		var kind string
		var at time.Time
		err := scan(&id, &kind, instant{&at})
		if slices.Contains(kinds, kind) && at.After(last[id]) {
			last[id] = at
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("last notices: %w", err)
	}
	return last, nil
}

const putEntitlement = `insert into entitlement (license_id, product_code, arn, customer_identifier, activated_us, at_us, changed_us, listed_us, told_us, due_us, failures, failure)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
	on conflict (license_id) do update set product_code = excluded.product_code, arn = excluded.arn, customer_identifier = excluded.customer_identifier,
		activated_us = excluded.activated_us, at_us = excluded.at_us, changed_us = excluded.changed_us, listed_us = excluded.listed_us,
		told_us = excluded.told_us, due_us = excluded.due_us, failures = excluded.failures, failure = excluded.failure`

// KeepEntitlements implements [entitlement.Store].
func (s Entitlements) KeepEntitlements(ctx context.Context, k entitlement.Knowledge, changed bool, tell ...outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if changed {
			if err := putAnswer(ctx, tx, k.License, k.Answer); err != nil {
				return err
			}
		}
		if err := putEvents(ctx, tx, tell...); err != nil {
			return err
		}
		err := exec(ctx, tx, "put entitlements", putEntitlement, k.License, k.Subject.ProductCode, k.Subject.ARN, k.Subject.CustomerIdentifier, us(k.ActivatedAt),
			us(k.At), us(k.ChangedAt), us(k.ListedAt), us(k.ToldAt), us(k.DueAt), k.Failures, k.Failure)
		if err != nil {
			return err
		}
		return s.db.noteChange(ctx, tx, k.License)
	})
}

// putAnswer keeps an answer. Another of the same instant (a clock that stands still) takes the earlier one's place.
func putAnswer(ctx context.Context, tx *sql.Tx, id core.LicenseID, a entitlement.Answer) error {
	if err := exec(ctx, tx, "forget an answer of the same instant", `delete from entitlement_line where license_id = $1 and at_us = $2`, id, us(a.At)); err != nil {
		return err
	}
	if err := exec(ctx, tx, "add answer", `insert into entitlement_answer (license_id, at_us) values ($1, $2) on conflict do nothing`, id, us(a.At)); err != nil {
		return err
	}
	for i, e := range a.Entitlements {
		if err := exec(ctx, tx, "add line", `insert into entitlement_line (license_id, at_us, line, dimension, kind, value, expires_us) values ($1, $2, $3, $4, $5, $6, $7)`,
			id, us(a.At), i, e.Dimension, e.Value.Kind(), e.Value.Text(), us(e.ExpiresAt)); err != nil {
			return err
		}
	}
	return nil
}

// Raise implements [entitlement.Store].
func (s Entitlements) Raise(ctx context.Context, f alert.Finding) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error { return raise(ctx, tx, f) })
}

// EntitlementHistory implements [entitlement.Store].
func (s Entitlements) EntitlementHistory(ctx context.Context, id core.LicenseID) (history []entitlement.Answer, err error) {
	r, release, err := s.db.oneState(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	at := map[int64]int{}
	err = each(ctx, r, `select at_us from entitlement_answer where license_id = $1 order by at_us`, func(scan func(...any) error) error {
		var a entitlement.Answer
		err := scan(instant{&a.At})
		at[us(a.At)] = len(history)
		history = append(history, a)
		return err
	}, id)
	if err != nil {
		return nil, fmt.Errorf("answers of licence %s: %w", id, err)
	}
	err = eachLine(ctx, r, linesOf+` where l.license_id = $1 order by l.at_us, l.line`, func(_ core.LicenseID, t time.Time, e entitlement.Entitlement) {
		a := &history[at[us(t)]]
		a.Entitlements = append(a.Entitlements, e)
	}, id)
	if err != nil {
		return nil, fmt.Errorf("lines of licence %s: %w", id, err)
	}
	return history, nil
}
