package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// Licenses keeps the licences' book. It fulfils license.Store.
type Licenses struct{ db *DB }

// Licenses is the licences' part of the database.
func (db *DB) Licenses() Licenses { return Licenses{db} }

var _ license.Store = Licenses{}

// LoadBook implements [license.Store].
func (s Licenses) LoadBook(ctx context.Context) (p license.Pages, err error) {
	// One transaction, so that the tables fit each other whoever else may be writing.
	r, release, err := s.db.oneState(ctx)
	if err != nil {
		return p, err
	}
	defer release()

	if err := eachLicense(ctx, r, ` order by created_us, id`, func(l license.License, into core.LicenseID) {
		if into != "" {
			p.Merged = append(p.Merged, license.Merge{From: l.ID, Into: into})
		} else {
			p.Licenses = append(p.Licenses, l)
		}
	}); err != nil {
		return p, err
	}
	if p.ARNs, err = licenseARNs(ctx, r, ` order by arn`); err != nil {
		return p, err
	}
	err = each(ctx, r, `select id, follows, first_at_us from agreement order by id`, func(scan func(...any) error) error {
		var a license.Agreement
		err := scan(&a.ID, &a.Follows, instant{&a.FirstAt})
		p.Agreements = append(p.Agreements, a)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("agreements: %w", err)
	}
	err = each(ctx, r, `select agreement_id, license_id from license_agreement order by agreement_id, license_id`, func(scan func(...any) error) error {
		var l license.Link
		err := scan(&l.Agreement, &l.License)
		p.Links = append(p.Links, l)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("agreements of licences: %w", err)
	}
	err = each(ctx, r, `select license_id, agreement_id, id, kind, at_us, reason from license_fact order by license_id, agreement_id, id`, func(scan func(...any) error) error {
		var f license.FactOf
		err := scan(&f.License, &f.Agreement, &f.Fact.ID, &f.Fact.Kind, instant{&f.Fact.At}, &f.Fact.Reason)
		p.Facts = append(p.Facts, f)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("facts: %w", err)
	}
	return p, nil
}

// eachLicense reads licences: all, or those that rest says. into is the one that a licence was merged into.
func eachLicense(ctx context.Context, r Reads, rest string, row func(l license.License, into core.LicenseID), args ...any) error {
	err := each(ctx, r, `select id, product_code, arn, customer, customer_identifier, offer, offer_at_us, legacy, account, setting_up, created_us,
		state, why, since_us, next, by_us, activated_us, opens_us, closes_us, merged_into from license`+rest, func(scan func(...any) error) error {
		var l license.License
		var into core.LicenseID
		st := &l.Standing
		err := scan(&l.ID, &l.ProductCode, &l.ARN, &l.Customer, &l.CustomerIdentifier, &l.Offer, instant{&l.OfferAt}, &l.Legacy, &l.Account, &l.SettingUp, instant{&l.CreatedAt},
			&st.State, &st.Why, instant{&st.Since}, &st.Next, instant{&st.By}, instant{&st.ActivatedAt}, instant{&st.OpensAt}, instant{&st.ClosesAt}, &into)
		if err == nil {
			row(l, into)
		}
		return err
	}, args...)
	if err != nil {
		return fmt.Errorf("licences: %w", err)
	}
	return nil
}

// licenseARNs reads the names that AWS has for licences: all, or those that rest says.
func licenseARNs(ctx context.Context, r Reads, rest string, args ...any) (all []license.ARNOf, err error) {
	err = each(ctx, r, `select arn, license_id from license_arn`+rest, func(scan func(...any) error) error {
		var a license.ARNOf
		err := scan(&a.ARN, &a.License)
		all = append(all, a)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("license ARNs: %w", err)
	}
	return all, nil
}

const putLicense = `insert into license (id, product_code, arn, customer, customer_identifier, offer, offer_at_us, legacy, account, setting_up, created_us,
	state, why, since_us, next, by_us, activated_us, opens_us, closes_us)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
	on conflict (id) do update set product_code = excluded.product_code, arn = excluded.arn, customer = excluded.customer,
		customer_identifier = excluded.customer_identifier, offer = excluded.offer, offer_at_us = excluded.offer_at_us, legacy = excluded.legacy,
		account = excluded.account, setting_up = excluded.setting_up, created_us = excluded.created_us, state = excluded.state, why = excluded.why, since_us = excluded.since_us,
		next = excluded.next, by_us = excluded.by_us, activated_us = excluded.activated_us, opens_us = excluded.opens_us, closes_us = excluded.closes_us`

// The steps by which all that is $1's becomes $2's. A fact or link that $2 has already is left out, then dropped.
var mergeSteps = []string{
	`insert into license_fact (license_id, agreement_id, id, kind, at_us, reason) select $2, agreement_id, id, kind, at_us, reason from license_fact where license_id = $1 on conflict do nothing`,
	`delete from license_fact where license_id = $1 and $2 <> ''`,
	`insert into license_agreement (license_id, agreement_id) select $2, agreement_id from license_agreement where license_id = $1 on conflict do nothing`,
	`delete from license_agreement where license_id = $1 and $2 <> ''`,
	`insert into customer_budget (license_id, dimension, most, currency, set_by, at_us)
		select $2, dimension, most, currency, set_by, at_us from customer_budget where license_id = $1 on conflict do nothing`,
	`delete from customer_budget where license_id = $1 and $2 <> ''`,
	`update license_arn set license_id = $2 where license_id = $1`,
	`update notice set license_id = $2 where license_id = $1`,
	`update license set merged_into = $2 where id = $1`,
}

// bit is a truth as both engines keep it.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// CommitChange implements [license.Store].
func (s Licenses) CommitChange(ctx context.Context, c license.Change) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, l := range c.Licenses {
			st := l.Standing
			if err := exec(ctx, tx, "put licence", putLicense, l.ID, l.ProductCode, l.ARN, l.Customer, l.CustomerIdentifier, l.Offer, us(l.OfferAt), bit(l.Legacy),
				l.Account, bit(l.SettingUp), us(l.CreatedAt), st.State, st.Why, us(st.Since), st.Next, us(st.By), us(st.ActivatedAt), us(st.OpensAt), us(st.ClosesAt)); err != nil {
				return err
			}
		}
		for _, a := range c.ARNs {
			if err := exec(ctx, tx, "put ARN", `insert into license_arn (arn, license_id) values ($1, $2) on conflict (arn) do update set license_id = excluded.license_id`,
				a.ARN, a.License); err != nil {
				return err
			}
		}
		for _, a := range c.Agreements {
			if err := exec(ctx, tx, "put agreement", `insert into agreement (id, follows, first_at_us) values ($1, $2, $3)
				on conflict (id) do update set follows = excluded.follows, first_at_us = excluded.first_at_us`, a.ID, a.Follows, us(a.FirstAt)); err != nil {
				return err
			}
		}
		for _, l := range c.Links {
			if err := exec(ctx, tx, "link agreement", `insert into license_agreement (license_id, agreement_id) values ($1, $2) on conflict do nothing`,
				l.License, l.Agreement); err != nil {
				return err
			}
		}
		for _, f := range c.Facts {
			if err := exec(ctx, tx, "add fact", `insert into license_fact (license_id, agreement_id, id, kind, at_us, reason) values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
				f.License, f.Agreement, f.Fact.ID, f.Fact.Kind, us(f.Fact.At), f.Fact.Reason); err != nil {
				return err
			}
		}
		for _, m := range c.Merges {
			for _, q := range mergeSteps {
				if err := exec(ctx, tx, "merge licences", q, m.From, m.Into); err != nil {
					return err
				}
			}
		}
		for _, v := range c.Verdicts {
			if err := exec(ctx, tx, "settle notice", `update notice set outcome = $2, why = $3, license_id = $4 where key = $1`,
				v.Note, v.Outcome, v.Why, v.License); err != nil {
				return err
			}
		}
		if err := raise(ctx, tx, c.Found...); err != nil {
			return err
		}
		if err := putEvents(ctx, tx, c.Tell...); err != nil {
			return err
		}
		return s.db.noteChange(ctx, tx, touched(c)...)
	})
}

// touched are the licences that c changes.
func touched(c license.Change) (ids []core.LicenseID) {
	for _, l := range c.Licenses {
		ids = append(ids, l.ID)
	}
	for _, a := range c.ARNs {
		ids = append(ids, a.License)
	}
	for _, m := range c.Merges {
		ids = append(ids, m.From, m.Into)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// instant scans a column of microseconds.
type instant struct{ t *time.Time }

// Scan implements [sql.Scanner].
func (i instant) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("an instant is kept as a %T", v)
	}
	*i.t = fromUS(n)
	return nil
}
