package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// Refuses implements [metering.Store]. A record that is being tried again keeps its reason meanwhile.
func (s Metering) Refuses(ctx context.Context, product core.ProductCode, reason string) (yes bool, err error) {
	err = s.db.Read().QueryRowContext(ctx, `select exists (select 1 from metering_record where state = 'parked' and product = $1 and reason = $2)
		or exists (select 1 from metering_record where state = 'sending' and product = $1 and reason = $2)`, product, reason).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("look for records that AWS refuses: %w", err)
	}
	return yes, nil
}

// Overdue implements [metering.Store].
func (s Metering) Overdue(ctx context.Context, before time.Time, tries int) (yes bool, err error) {
	err = s.db.Read().QueryRowContext(ctx, `select exists (select 1 from metering_record where state in ('waiting', 'parked') and deadline_us < $1 and tries >= $2)
		or exists (select 1 from metering_record where state = 'sending' and deadline_us < $1 and tries >= $2)`, us(before), tries).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("look for records that are overdue: %w", err)
	}
	return yes, nil
}

// LastOutcome implements [metering.Store].
func (s Metering) LastOutcome(ctx context.Context) (outcome string, err error) {
	err = s.db.Read().QueryRowContext(ctx, `select outcome from metering_attempt where outcome <> '' order by id desc limit 1`).Scan(&outcome)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("find the newest answer: %w", err)
	}
	return outcome, nil
}
