package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/intake"
)

// Notices keeps what AWS told. It fulfils intake.Store.
type Notices struct{ db *DB }

// Notices is the notices' part of the database.
func (db *DB) Notices() Notices { return Notices{db} }

var _ intake.Store = Notices{}

const noticeColumns = `key, way, channel, kind, role, product_code, message_id, at_us, sent_us, received_us, last_us, deliveries, body, outcome, why, license_id, event_id`

func scanNotice(scan func(...any) error) (n intake.Notice, err error) {
	err = scan(&n.Key, &n.Way, &n.Channel, &n.Kind, &n.Role, &n.ProductCode, &n.MessageID, instant{&n.At}, instant{&n.SentAt}, instant{&n.ReceivedAt}, instant{&n.LastAt},
		&n.Deliveries, &n.Body, &n.Outcome, &n.Why, &n.License, &n.EventID)
	return n, err
}

// text is s as a text column takes it on either engine: what is no UTF-8, and zero bytes, become U+FFFD.
func text[T ~string](s T) T {
	return T(strings.ReplaceAll(strings.ToValidUTF8(string(s), "\uFFFD"), "\x00", "\uFFFD"))
}

// KeepNotice implements [intake.Store]. Whatever came is kept, were it nonsense: else it would come for ever.
func (s Notices) KeepNotice(ctx context.Context, n intake.Notice) (kept intake.Notice, err error) {
	n.Key, n.Kind, n.Role, n.ProductCode, n.MessageID, n.EventID, n.Body, n.Why = text(n.Key), text(n.Kind), text(n.Role), text(n.ProductCode), text(n.MessageID), text(n.EventID), text(n.Body), text(n.Why)
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := exec(ctx, tx, "keep notice", `insert into notice (`+noticeColumns+`)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $13, $14, $15, $16)
			on conflict (key) do update set deliveries = notice.deliveries + 1, last_us = excluded.last_us`,
			n.Key, n.Way, n.Channel, n.Kind, n.Role, n.ProductCode, n.MessageID, us(n.At), us(n.SentAt), us(n.ReceivedAt), us(n.ReceivedAt), n.Body, n.Outcome, n.Why, n.License, n.EventID); err != nil {
			return err
		}
		if kept, err = scanNotice(tx.QueryRowContext(ctx, `select `+noticeColumns+` from notice where key = $1`, n.Key).Scan); err != nil || kept.Deliveries > 1 {
			return err
		}
		return raise(ctx, tx, kept.NeedsLook()...)
	})
	return kept, err
}

// Raise implements intake.Store.
func (s Notices) Raise(ctx context.Context, f alert.Finding) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error { return raise(ctx, tx, f) })
}

// WaitingNotices implements [intake.Store].
func (s Notices) WaitingNotices(ctx context.Context, after string, limit int) (ns []intake.Notice, err error) {
	err = each(ctx, s.db.Read(), `select `+noticeColumns+` from notice where outcome = $1 and key > $2 order by key limit $3`, func(scan func(...any) error) error {
		n, err := scanNotice(scan)
		ns = append(ns, n)
		return err
	}, intake.Received, after, limit)
	return ns, err
}

// NoticeByKey implements [intake.Store].
func (s Notices) NoticeByKey(ctx context.Context, key string) (intake.Notice, error) {
	n, err := scanNotice(s.db.Read().QueryRowContext(ctx, `select `+noticeColumns+` from notice where key = $1`, key).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return n, fail.New(fail.NotFound, "unknown_notification", "There is no notification %q here.", key)
	}
	return n, err
}

// Notices implements [intake.Store].
func (s Notices) Notices(ctx context.Context, q intake.Query) (ns []intake.Notice, err error) {
	err = each(ctx, s.db.Read(), `select `+noticeColumns+` from notice
		where ($1 = '' or outcome = $1) and ($2 = '' or kind = $2) and ($3 = '' or license_id = $3) and ($4 = '' or way = $4)
			and (received_us < $5 or (received_us = $5 and key < $6) or $5 = 0)
		order by received_us desc, key desc limit $7`, func(scan func(...any) error) error {
		n, err := scanNotice(scan)
		ns = append(ns, n)
		return err
	}, q.Outcome, q.Kind, q.License, q.Way, us(q.Before), q.BeforeKey, q.Limit)
	return ns, err
}

// UnservedProducts implements [intake.Store].
func (s Notices) UnservedProducts(ctx context.Context) (codes []core.ProductCode, err error) {
	err = each(ctx, s.db.Read(), `select distinct product_code from notice where outcome = $1`, func(scan func(...any) error) error {
		var c core.ProductCode
		err := scan(&c)
		codes = append(codes, c)
		return err
	}, intake.Unserved)
	return codes, err
}

// RereadNotice implements [intake.Store].
func (s Notices) RereadNotice(ctx context.Context, n intake.Notice) error {
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "reread", `update notice set channel = $2, kind = $3, role = $4, product_code = $5, at_us = $6, outcome = $7, why = $8, event_id = $9 where key = $1`,
			n.Key, n.Channel, n.Kind, n.Role, n.ProductCode, us(n.At), n.Outcome, n.Why, text(n.EventID))
	})
	if err != nil {
		return fmt.Errorf("keep what notice %s says by now: %w", n.Key, err)
	}
	return nil
}

// ReconsiderProduct implements [intake.Store].
func (s Notices) ReconsiderProduct(ctx context.Context, code core.ProductCode) error {
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "reconsider", `update notice set outcome = $1, why = '' where outcome = $2 and product_code = $3`, intake.Received, intake.Unserved, code)
	})
	if err != nil {
		return fmt.Errorf("look again at the notices of product %s: %w", code, err)
	}
	return nil
}
