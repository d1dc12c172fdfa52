package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/outbox"
)

// Unreminded implements [agreement.Store]. A shorter reminder stands for the longer ones.
func (s Agreements) Unreminded(ctx context.Context, after time.Time, lead time.Duration, limit int) (all []agreement.Agreement, err error) {
	err = each(ctx, s.db.Read(), `select `+agreementColumns+` from aws_agreement a where a.status = $1 and a.ends_us > $2
			and not exists (select 1 from agreement_reminder r where r.agreement_id = a.id and r.ends_us = a.ends_us and r.lead_us <= $3)
		order by a.ends_us, a.id limit $4`, func(scan func(...any) error) error {
		a, err := scanAgreement(scan)
		all = append(all, a)
		return err
	}, agreement.Active, us(after), lead.Microseconds(), limit)
	if err != nil {
		return nil, fmt.Errorf("find agreements near their end: %w", err)
	}
	return all, s.addLicenses(ctx, all)
}

// KeepReminder implements [agreement.Store].
func (s Agreements) KeepReminder(ctx context.Context, a agreement.Agreement, lead time.Duration, at time.Time, tell ...outbox.Event) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := exec(ctx, tx, "put reminder", `insert into agreement_reminder (agreement_id, ends_us, lead_us, at_us) values ($1, $2, $3, $4) on conflict do nothing`,
			a.ID, us(a.EndsAt), lead.Microseconds(), us(at)); err != nil {
			return err
		}
		return putEvents(ctx, tx, tell...)
	})
}
