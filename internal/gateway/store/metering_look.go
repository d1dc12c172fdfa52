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
	err = s.db.Read().QueryRowContext(ctx, `select exists (select 1 from metering_record where part = $1 and state = 'parked' and product = $2 and reason = $3)
		or exists (select 1 from metering_record where part = $1 and state = 'sending' and product = $2 and reason = $3)`, s.part, product, reason).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("look for records that AWS refuses: %w", err)
	}
	return yes, nil
}

// Overdue implements [metering.Store].
func (s Metering) Overdue(ctx context.Context, before time.Time, tries int) (yes bool, err error) {
	err = s.db.Read().QueryRowContext(ctx, `select exists (select 1 from metering_record where part = $1 and state in ('waiting', 'parked') and deadline_us < $2 and tries >= $3)
		or exists (select 1 from metering_record where part = $1 and state = 'sending' and deadline_us < $2 and tries >= $3)`, s.part, us(before), tries).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("look for records that are overdue: %w", err)
	}
	return yes, nil
}

// LastOutcome implements [metering.Store].
func (s Metering) LastOutcome(ctx context.Context) (outcome string, err error) {
	err = s.db.Read().QueryRowContext(ctx, `select outcome from metering_attempt where part = $1 and outcome <> '' order by id desc limit 1`, s.part).Scan(&outcome)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("find the newest answer: %w", err)
	}
	return outcome, nil
}
