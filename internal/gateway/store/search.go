package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"souk.dev/souk/internal/gateway/search"
)

// Search finds what an identifier names. It fulfils search.Finder.
type Search struct{ db *DB }

// Search is that look at the database.
func (db *DB) Search() Search { return Search{db} }

var _ search.Finder = Search{}

// named asks, one after the other, each place where something may be called $1. Every line has an index to go by.
const named = `select 'record' as kind, id from metering_record where id = $1
	union all select 'record', id from metering_record where receipt = $1 and receipt <> ''
	union all select 'request', records from metering_attempt where id = $1
	union all select 'request', records from metering_attempt where aws_request = $1 and aws_request <> ''
	union all select 'notice', key from notice where key in ($1, 'event:' || $1, 'sns:' || $1, 'sqs:' || $1)
	union all select 'notice', key from notice where key > 'event:' || $1 || ':' and key < 'event:' || $1 || ';'
	union all select 'notice', key from notice where message_id = $1 and message_id <> ''
	union all select 'notice', key from notice where event_id = $1 and event_id <> ''
	union all select 'delivery', id from delivery where id = $1
	union all select 'delivery', id from delivery where event_id = $1
	union all select 'alert', id from alert where id = $1
	union all select 'correction', id from correction where id = $1
	union all select 'correction', id from correction where aws_id = $1 and aws_id <> ''
	union all select 'cancellation', id from cancellation where id = $1
	union all select 'cancellation', id from cancellation where aws_id = $1 and aws_id <> ''
	union all select 'payment', id from payment where id = $1
	union all select 'payment', id from payment where aws_id = $1 and aws_id <> ''
	union all select 'payment', id from payment where charge_id = $1 and charge_id <> ''
	union all select 'agreement', id from aws_agreement where id = $1
	union all select 'agreement', id from aws_agreement where offer = $1 and offer <> ''
	union all select 'account', id from account where id = $1
	union all select 'account', id from account where key = ':' || $1
	union all select 'account', account from member where person = $1
	union all select 'registration', id from registration where id = $1
	union all select 'API key', id from api_key where id = $1
	union all select 'operator', id from operator where id = $1
	limit $2`

// Named implements [search.Finder].
func (s Search) Named(ctx context.Context, name string, limit int) (hits []search.Hit, err error) {
	add := func(h search.Hit) {
		if len(hits) < limit && !slices.Contains(hits, h) {
			hits = append(hits, h)
		}
	}
	err = each(ctx, s.db.Read(), named, func(scan func(...any) error) error {
		var kind, id string
		if err := scan(&kind, &id); err != nil {
			return err
		}
		if kind != "request" {
			add(search.Hit{Kind: search.Kind(kind), ID: id})
			return nil
		}
		var records []string // a request has no page of its own: its records show it
		if err := json.Unmarshal([]byte(id), &records); err != nil {
			return fmt.Errorf("read the records of a request: %w", err)
		}
		for _, r := range records {
			add(search.Hit{Kind: search.Record, ID: r})
		}
		return nil
	}, text(name), limit)
	if err != nil {
		return nil, fmt.Errorf("look for what is called %.80q: %w", name, err)
	}
	return hits, nil
}
