package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/usage"
)

// Metering keeps records, balances and requests of one partition of licences, the one whose log [Usage] keeps under the same number:
// all that one owner writes is on one shard of an engine that shards, see docs/scale.md.
type Metering struct {
	db   *DB
	part int // 0 while there is one
}

// NewMetering is the ledger in db.
func NewMetering(db *DB) Metering { return Metering{db: db} }

var _ metering.Store = Metering{}

const recordColumns = `id, license, dimension, hour, product, customer, license_arn, customer_identifier, stamp_s, quantity,
	state, reason, why, since_us, expires_us, deadline_us, retry_us, tries, most, unsure, attempt, receipt, per, allocations`

// Seal implements [metering.Store]. Nothing rests on it that is not stored after it, but what somebody is told at once.
func (s Metering) Seal(ctx context.Context, g metering.Sealing) error {
	transact := s.db.soon
	if len(g.Found) > 0 {
		transact = s.db.Tx
	}
	return s.repeated(ctx, transact, func(p *prepared) error {
		for _, t := range g.Totals {
			_, err := p.exec(`insert into metering_total (part, `+totalColumns+`)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
				s.part, t.Hour, t.License, t.Dimension, t.Reason, t.Sum.String(), t.Events, t.Late, t.CarriedIn.String(), t.CarriedOut.String(),
				t.Meter, t.Rounded.String(), t.Life.From, t.Life.To, t.Life.Before.At, t.Life.Before.Is.String(), t.Covered.String())
			if err != nil {
				return fmt.Errorf("total: %w", err)
			}
		}
		count := recordCount{}
		for _, r := range g.Records {
			if err := p.insertRecord(r); err != nil {
				return err
			}
			count[allRecords]++
			count.settled(r.State)
		}
		if err := p.putCount(count); err != nil {
			return err
		}
		for _, w := range g.WriteOffs {
			_, err := p.exec(`insert into metering_writeoff (part, license, dimension, at_us, hour, amount, reason, moved_to) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
				s.part, w.License, w.Dimension, us(w.At), w.Hour, w.Amount.String(), w.Reason, w.MovedTo)
			if err != nil {
				return fmt.Errorf("write-off: %w", err)
			}
		}
		if err := p.putBalances(g.Balances); err != nil {
			return err
		}
		return raise(ctx, p.tx, g.Found...)
	})
}

func (p *prepared) insertRecord(r metering.Record) error {
	n, err := p.exec(`insert into metering_record (part, `+recordColumns+`)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
		on conflict do nothing`,
		p.part, r.ID, r.License, r.Dimension, r.Hour, r.Product, r.Line.CustomerAWSAccount, r.Line.LicenseARN, r.Line.CustomerIdentifier,
		int64(r.Line.Timestamp), r.Line.Quantity, r.State, r.Reason, r.Why, us(r.Since), us(r.Expires), us(r.Deadline), us(r.RetryAt),
		r.Tries, r.Limit, r.Unsure, r.Attempt, r.Receipt, r.Per.String(), r.Line.UsageAllocations)
	if err != nil {
		return fmt.Errorf("record %s: %w", r.ID, err)
	}
	if n != 1 {
		return fail.New(fail.Conflict, "record_exists", "There is a record of %s, %s, %s already.", r.License, r.Dimension, r.Hour)
	}
	return nil
}

const balanceColumns = `license, dimension, amount, since_us, level_at_us, level, cover_period, cover_bought, cover_used, cover_waiting`

func (p *prepared) putBalances(bs []metering.Balance) error {
	for _, b := range bs {
		_, err := p.exec(`insert into metering_balance (part, `+balanceColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
			on conflict (part, license, dimension) do update set amount = excluded.amount, since_us = excluded.since_us,
				level_at_us = excluded.level_at_us, level = excluded.level, cover_period = excluded.cover_period,
				cover_bought = excluded.cover_bought, cover_used = excluded.cover_used, cover_waiting = excluded.cover_waiting`,
			p.part, b.License, b.Dimension, b.Amount.String(), us(b.Since), b.Level.At, b.Level.Is.String(),
			b.Cover.Period, b.Cover.Bought.String(), b.Cover.Used.String(), b.Cover.Waiting.String())
		if err != nil {
			return fmt.Errorf("balance: %w", err)
		}
	}
	return nil
}

// SealedKeys implements [metering.Store]. Ids of records begin with their hour.
func (s Metering) SealedKeys(ctx context.Context, scope core.LicenseID, hour core.Hour) (ks []usage.Key, err error) {
	err = scan(ctx, s.db.Read(), func(rows *sql.Rows) error {
		var k usage.Key
		if err := rows.Scan(&k.License, &k.Dimension, &k.Reason); err != nil {
			return err
		}
		ks = append(ks, k)
		return nil
	}, `select license, dimension, reason from metering_total where part = $1 and hour = $2 and ($3 = '' or license = $3)
		union
		select license, dimension, '' from metering_record where part = $1 and id >= $4 and id < $5 and hour = $2 and ($3 = '' or license = $3)`,
		s.part, hour, scope, metering.FirstID(hour), metering.FirstID(hour+1))
	return ks, err
}

// Balances implements [metering.Store].
func (s Metering) Balances(ctx context.Context) (bs []metering.Balance, err error) {
	err = scan(ctx, s.db.Read(), func(rows *sql.Rows) error {
		var b metering.Balance
		var since int64
		if err := rows.Scan(&b.License, &b.Dimension, amount{&b.Amount}, &since, &b.Level.At, amount{&b.Level.Is},
			&b.Cover.Period, amount{&b.Cover.Bought}, amount{&b.Cover.Used}, amount{&b.Cover.Waiting}); err != nil {
			return err
		}
		b.Since = fromUS(since)
		bs = append(bs, b)
		return nil
	}, `select `+balanceColumns+` from metering_balance where part = $1 order by license, dimension`, s.part)
	return bs, err
}

// amount scans a decimal column.
type amount struct{ q *usage.Quantity }

// Scan implements [sql.Scanner].
func (a amount) Scan(v any) error {
	switch v := v.(type) {
	case string:
		return a.q.UnmarshalText([]byte(v))
	case []byte:
		return a.q.UnmarshalText(v)
	}
	return fmt.Errorf("a quantity is text, not %T", v)
}

// Recover implements [metering.Store].
func (s Metering) Recover(ctx context.Context, now time.Time) (n int64, err error) {
	err = s.tx(ctx, func(p *prepared) error {
		n, err = p.exec(`update metering_record set state = 'waiting', reason = '', unsure = true, retry_us = $1, since_us = $1,
			why = 'The answer to its request was lost; the same record is sent again.' where part = $2 and state = 'sending'`, us(now), s.part)
		return err
	})
	return n, err
}

func scanRecord(rows *sql.Rows) (r metering.Record, err error) {
	var since, expires, by, retry int64
	err = rows.Scan(&r.ID, &r.License, &r.Dimension, &r.Hour, &r.Product, &r.Line.CustomerAWSAccount, &r.Line.LicenseARN, &r.Line.CustomerIdentifier,
		&r.Line.Timestamp, &r.Line.Quantity, &r.State, &r.Reason, &r.Why, &since, &expires, &by, &retry, &r.Tries, &r.Limit, &r.Unsure, &r.Attempt, &r.Receipt, amount{&r.Per}, &r.Line.UsageAllocations)
	r.Line.Dimension = r.Dimension
	r.Since, r.Expires, r.Deadline, r.RetryAt = fromUS(since), fromUS(expires), fromUS(by), fromUS(retry)
	return r, err
}

func (s Metering) records(ctx context.Context, where string, args ...any) (rs []metering.Record, err error) {
	err = scan(ctx, s.db.Read(), func(rows *sql.Rows) error {
		r, err := scanRecord(rows)
		rs = append(rs, r)
		return err
	}, `select `+recordColumns+` from metering_record `+where, args...)
	return rs, err
}

// Sendable implements [metering.Store].
func (s Metering) Sendable(ctx context.Context, now time.Time, limit int) ([]metering.Record, error) {
	return s.records(ctx, `where part = $1 and state in ('waiting', 'parked') and retry_us <= $2 order by deadline_us, id limit $3`, s.part, us(now), limit)
}

// Next implements [metering.Store].
func (s Metering) Next(ctx context.Context) (at time.Time, ok bool, err error) {
	var v sql.NullInt64
	err = s.db.Read().QueryRowContext(ctx, `select min(retry_us) from metering_record where part = $1 and state in ('waiting', 'parked')`, s.part).Scan(&v)
	return fromUS(v.Int64), v.Valid, err
}

// Begin implements [metering.Store].
func (s Metering) Begin(ctx context.Context, as []metering.Attempt) error {
	return s.tx(ctx, func(p *prepared) error {
		for _, a := range as {
			ids, err := json.Marshal(a.Records)
			if err != nil {
				return err
			}
			_, err = p.exec(`insert into metering_attempt (part, id, at_us, records, request, answered_us, outcome, code, answer) values ($1, $2, $3, $4, $5, 0, '', '', '')`,
				s.part, a.ID, us(a.At), string(ids), string(a.Request))
			if err != nil {
				return fmt.Errorf("request %s: %w", a.ID, err)
			}
			for _, id := range a.Records {
				n, err := p.exec(`update metering_record set state = 'sending', why = 'A request with it is on its way to AWS.', since_us = $1,
					attempt = $2, tries = tries + 1 where part = $3 and id = $4 and state in ('waiting', 'parked')`, us(a.At), a.ID, s.part, id)
				if err != nil {
					return fmt.Errorf("record %s: %w", id, err)
				}
				if n != 1 {
					return fail.New(fail.Conflict, "record_not_waiting", "The record %s is not waiting to be sent.", id)
				}
			}
		}
		return nil
	})
}

// Settle implements [metering.Store].
func (s Metering) Settle(ctx context.Context, as []metering.Attempt, rs []metering.Record, bs []metering.Balance, found ...alert.Finding) error {
	return s.tx(ctx, func(p *prepared) error {
		for _, a := range as {
			_, err := p.exec(`update metering_attempt set answered_us = $1, outcome = $2, code = $3, answer = $4, aws_request = $5 where part = $6 and id = $7`,
				us(a.Answered), a.Outcome, a.Code, string(a.Answer), text(a.AWSID), s.part, a.ID)
			if err != nil {
				return fmt.Errorf("request %s: %w", a.ID, err)
			}
		}
		count := recordCount{}
		for _, r := range rs {
			count.settled(r.State)
			n, err := p.exec(`update metering_record set state = $1, reason = $2, why = $3, since_us = $4, retry_us = $5, most = $6, unsure = $7, receipt = $8
				where part = $9 and id = $10 and state in ('waiting', 'parked', 'sending')`,
				r.State, r.Reason, r.Why, us(r.Since), us(r.RetryAt), r.Limit, r.Unsure, r.Receipt, s.part, r.ID)
			if err != nil {
				return fmt.Errorf("record %s: %w", r.ID, err)
			}
			if n != 1 {
				return fail.New(fail.Conflict, "record_final", "The record %s is settled already.", r.ID)
			}
		}
		if err := p.putCount(count); err != nil {
			return err
		}
		if err := p.putBalances(bs); err != nil {
			return err
		}
		return raise(ctx, p.tx, found...)
	})
}

// Hasten implements [metering.Store].
func (s Metering) Hasten(ctx context.Context, l core.LicenseID, by, now time.Time) error {
	return s.tx(ctx, func(p *prepared) error {
		const open = ` where part = $1 and license = $2 and state in ('waiting', 'parked', 'sending')`
		if by.IsZero() {
			_, err := p.exec(`update metering_record set deadline_us = expires_us, retry_us = $3`+open, s.part, l, us(now))
			return err
		}
		_, err := p.exec(`update metering_record set deadline_us = case when expires_us < $3 then expires_us else $3 end, retry_us = $4`+open, s.part, l, us(by), us(now))
		return err
	})
}

// Record implements [metering.Store].
func (s Metering) Record(ctx context.Context, id string) (metering.Record, error) {
	rs, err := s.records(ctx, `where part = $1 and id = $2`, s.part, id)
	if err == nil && len(rs) == 0 {
		err = fail.New(fail.NotFound, "unknown_record", "There is no record %.60q.", id)
	}
	if err != nil {
		return metering.Record{}, err
	}
	return rs[0], nil
}

const attemptColumns = `select id, at_us, records, request, answered_us, outcome, code, answer, aws_request from metering_attempt `

func scanAttempt(row interface{ Scan(...any) error }) (a metering.Attempt, err error) {
	var at, answered int64
	var ids string
	if err := row.Scan(&a.ID, &at, &ids, &a.Request, &answered, &a.Outcome, &a.Code, &a.Answer, &a.AWSID); err != nil {
		return a, err
	}
	a.At, a.Answered = fromUS(at), fromUS(answered)
	return a, json.Unmarshal([]byte(ids), &a.Records)
}

// Attempt implements [metering.Store].
func (s Metering) Attempt(ctx context.Context, id string) (metering.Attempt, error) {
	a, err := scanAttempt(s.db.Read().QueryRowContext(ctx, attemptColumns+`where part = $1 and id = $2`, s.part, id))
	if errors.Is(err, sql.ErrNoRows) {
		return a, fail.New(fail.NotFound, "unknown_request", "There is no request %.60q.", id)
	}
	return a, err
}

// Records implements [metering.Store].
func (s Metering) Records(ctx context.Context, q metering.Query) ([]metering.Record, error) {
	where, args := []string{`part = $1`}, []any{s.part}
	add := func(cond string, v any) {
		args = append(args, v)
		where = append(where, fmt.Sprintf(cond, len(args)))
	}
	if q.License != "" {
		add(`license = $%d`, q.License)
	}
	if q.State != "" {
		add(`state = $%d`, q.State)
	}
	if q.From != 0 {
		add(`id >= $%d`, metering.FirstID(q.From))
	}
	if q.To != 0 {
		add(`id < $%d`, metering.FirstID(q.To+1))
	}
	if q.Before != "" {
		add(`id < $%d`, q.Before)
	}
	args = append(args, q.Limit)
	return s.records(ctx, fmt.Sprintf(`where %s order by id desc limit $%d`, strings.Join(where, ` and `), len(args)), args...)
}

const totalColumns = `hour, license, dimension, reason, amount, events, late, carried_in, carried_out, meter, rounded, life_from_us, life_to_us, level_at_us, level, covered`

func scanTotal(rows *sql.Rows) (t metering.SealedTotal, err error) {
	err = rows.Scan(&t.Hour, &t.License, &t.Dimension, &t.Reason, amount{&t.Sum}, &t.Events, &t.Late, amount{&t.CarriedIn}, amount{&t.CarriedOut},
		&t.Meter, amount{&t.Rounded}, &t.Life.From, &t.Life.To, &t.Life.Before.At, amount{&t.Life.Before.Is}, amount{&t.Covered})
	return t, err
}

// Totals implements [metering.Store].
func (s Metering) Totals(ctx context.Context, l core.LicenseID, from, to core.Hour) (ts []metering.SealedTotal, err error) {
	err = scan(ctx, s.db.Read(), func(rows *sql.Rows) error {
		t, err := scanTotal(rows)
		ts = append(ts, t)
		return err
	}, `select `+totalColumns+` from metering_total where part = $1 and license = $2 and hour between $3 and $4 order by hour, dimension, reason`, s.part, l, from, to)
	return ts, err
}

// WriteOffs implements [metering.Store].
func (s Metering) WriteOffs(ctx context.Context, l core.LicenseID) (ws []metering.WriteOff, err error) {
	err = scan(ctx, s.db.Read(), func(rows *sql.Rows) error {
		var w metering.WriteOff
		var at int64
		if err := rows.Scan(&w.License, &w.Dimension, &at, &w.Hour, amount{&w.Amount}, &w.Reason, &w.MovedTo); err != nil {
			return err
		}
		w.At = fromUS(at)
		ws = append(ws, w)
		return nil
	}, `select license, dimension, at_us, hour, amount, reason, moved_to from metering_writeoff where part = $1 and ($2 = '' or license = $2) order by license, dimension, at_us`, s.part, l)
	return ws, err
}

// EachTotal implements [metering.Store].
func (s Metering) EachTotal(ctx context.Context, yield func(metering.SealedTotal) error) error {
	return scan(ctx, s.db.Read(), func(rows *sql.Rows) error {
		t, err := scanTotal(rows)
		if err != nil {
			return err
		}
		return yield(t)
	}, `select `+totalColumns+` from metering_total where part = $1 order by hour, license, dimension, reason`, s.part)
}

// EachRecord implements [metering.Store].
func (s Metering) EachRecord(ctx context.Context, yield func(metering.Record) error) error {
	return scan(ctx, s.db.Read(), func(rows *sql.Rows) error {
		r, err := scanRecord(rows)
		if err != nil {
			return err
		}
		return yield(r)
	}, `select `+recordColumns+` from metering_record where part = $1 order by id`, s.part)
}

// EachAttempt implements [metering.Store].
func (s Metering) EachAttempt(ctx context.Context, yield func(metering.Attempt) error) error {
	return scan(ctx, s.db.Read(), func(rows *sql.Rows) error {
		a, err := scanAttempt(rows)
		if err != nil {
			return err
		}
		return yield(a)
	}, attemptColumns+`where part = $1 order by id`, s.part)
}
