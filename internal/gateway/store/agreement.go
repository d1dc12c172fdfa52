package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// Agreements keeps what AWS says of agreements, and the runs that compared licences with it. It fulfils agreement.Store.
type Agreements struct{ db *DB }

// Agreements is the agreements' part of the database.
func (db *DB) Agreements() Agreements { return Agreements{db} }

var _ agreement.Store = Agreements{}

const agreementColumns = `id, status, customer, offer, product_id, initial_id, accepted_us, starts_us, ends_us, updated_us, at_end, at_end_why, seen_us`

func scanAgreement(scan func(...any) error) (a agreement.Agreement, err error) {
	err = scan(&a.ID, &a.Status, &a.Customer, &a.Offer, &a.ProductID, &a.Initial, instant{&a.AcceptedAt}, instant{&a.StartsAt}, instant{&a.EndsAt}, instant{&a.UpdatedAt},
		&a.AtEnd, &a.AtEndWhy, instant{&a.SeenAt})
	return a, err
}

// KeepAgreements implements [agreement.Store].
func (s Agreements) KeepAgreements(ctx context.Context, page []agreement.Agreement) (changed []core.AgreementID, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		changed = nil
		for _, a := range page {
			var status agreement.Status
			var updated time.Time
			err := tx.QueryRowContext(ctx, `select status, updated_us from aws_agreement where id = $1`, a.ID).Scan(&status, instant{&updated})
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return fmt.Errorf("read agreement %s: %w", a.ID, err)
			}
			if err != nil || status != a.Status || updated.UnixMicro() != a.UpdatedAt.UnixMicro() {
				changed = append(changed, a.ID)
			}
			if err := putAgreement(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	return changed, err
}

func putAgreement(ctx context.Context, tx *sql.Tx, a agreement.Agreement) error {
	if err := exec(ctx, tx, "put agreement", `insert into aws_agreement (`+agreementColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		on conflict (id) do update set status = excluded.status, customer = excluded.customer, offer = excluded.offer, product_id = excluded.product_id,
			initial_id = excluded.initial_id, accepted_us = excluded.accepted_us, starts_us = excluded.starts_us, ends_us = excluded.ends_us,
			updated_us = excluded.updated_us, at_end = excluded.at_end, at_end_why = excluded.at_end_why, seen_us = excluded.seen_us`,
		a.ID, a.Status, a.Customer, a.Offer, a.ProductID, a.Initial, us(a.AcceptedAt), us(a.StartsAt), us(a.EndsAt), us(a.UpdatedAt), a.AtEnd, a.AtEndWhy, us(a.SeenAt)); err != nil {
		return err
	}
	if err := exec(ctx, tx, "forget an agreement's licenses", `delete from aws_agreement_license where agreement_id = $1`, a.ID); err != nil {
		return err
	}
	for _, arn := range a.Licenses {
		if err := exec(ctx, tx, "put an agreement's license", `insert into aws_agreement_license (agreement_id, arn) values ($1, $2) on conflict do nothing`, a.ID, arn); err != nil {
			return err
		}
	}
	return nil
}

// Agreement implements [agreement.Store].
func (s Agreements) Agreement(ctx context.Context, id core.AgreementID) (agreement.Agreement, error) {
	a, err := scanAgreement(s.db.Read().QueryRowContext(ctx, `select `+agreementColumns+` from aws_agreement where id = $1`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return a, fail.New(fail.NotFound, "unknown_agreement", "There is no agreement %.80q here; a re-sync asks AWS for all of them.", id)
	}
	if err != nil {
		return a, fmt.Errorf("read agreement %s: %w", id, err)
	}
	all := []agreement.Agreement{a}
	err = s.addLicenses(ctx, all)
	return all[0], err
}

// Agreements implements [agreement.Store].
func (s Agreements) Agreements(ctx context.Context, q agreement.Query) (all []agreement.Agreement, err error) {
	err = each(ctx, s.db.Read(), `select `+agreementColumns+` from aws_agreement
		where ($1 = '' or status = $1) and ($2 = '' or customer = $2) and ($3 = '' or offer = $3) and ($4 = '' or initial_id = $4) and ($5 = '' or product_id = $5)
			and ($6 = '' or id in (select agreement_id from aws_agreement_license where arn = $6)) and id > $7
		order by id limit $8`, func(scan func(...any) error) error {
		a, err := scanAgreement(scan)
		all = append(all, a)
		return err
	}, q.Status, q.Customer, q.Offer, q.Initial, q.Product, q.ARN, q.After, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("list agreements: %w", err)
	}
	return all, s.addLicenses(ctx, all)
}

func (s Agreements) addLicenses(ctx context.Context, all []agreement.Agreement) error {
	for i := range all {
		a := &all[i]
		err := each(ctx, s.db.Read(), `select arn from aws_agreement_license where agreement_id = $1 order by arn`, func(scan func(...any) error) error {
			var arn core.LicenseARN
			err := scan(&arn)
			a.Licenses = append(a.Licenses, arn)
			return err
		}, a.ID)
		if err != nil {
			return fmt.Errorf("read the licenses of agreement %s: %w", a.ID, err)
		}
	}
	return nil
}

// ProductCodes implements [agreement.Store].
func (s Agreements) ProductCodes(ctx context.Context) (map[string]core.ProductCode, error) {
	codes := map[string]core.ProductCode{}
	err := each(ctx, s.db.Read(), `select distinct a.product_id, l.product_code from aws_agreement a
		join aws_agreement_license n on n.agreement_id = a.id join license_arn x on x.arn = n.arn join license l on l.id = x.license_id
		where a.product_id <> '' and l.product_code <> ''`, func(scan func(...any) error) error {
		var id string
		var code core.ProductCode
		err := scan(&id, &code)
		codes[id] = code
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the codes of products: %w", err)
	}
	return codes, nil
}

// KeepTerms implements [agreement.Store].
func (s Agreements) KeepTerms(ctx context.Context, a agreement.Agreement, t agreement.Terms, tell ...outbox.Event) error {
	accepted, err := json.Marshal(t.Accepted)
	if err != nil {
		return fmt.Errorf("write the terms of agreement %s: %w", a.ID, err)
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		err := exec(ctx, tx, "put terms", `insert into aws_agreement_terms (agreement_id, status, updated_us, asked_us, failure, amount, currency, accepted)
			values ($1, $2, $3, $4, $5, $6, $7, $8)
			on conflict (agreement_id) do update set status = excluded.status, updated_us = excluded.updated_us, asked_us = excluded.asked_us, failure = excluded.failure,
				amount = excluded.amount, currency = excluded.currency, accepted = excluded.accepted`,
			a.ID, a.Status, us(a.UpdatedAt), us(t.At), t.Failure, t.Value, t.CurrencyCode, string(accepted))
		if err != nil {
			return err
		}
		return putEvents(ctx, tx, tell...)
	})
}

// TermsOf implements [agreement.Store].
func (s Agreements) TermsOf(ctx context.Context, id core.AgreementID) (t agreement.Terms, err error) {
	var accepted string
	err = s.db.Read().QueryRowContext(ctx, `select asked_us, failure, amount, currency, accepted from aws_agreement_terms where agreement_id = $1`, id).
		Scan(instant{&t.At}, &t.Failure, &t.Value, &t.CurrencyCode, &accepted)
	if errors.Is(err, sql.ErrNoRows) {
		return t, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(accepted), &t.Accepted)
	}
	if err != nil {
		return t, fmt.Errorf("read the terms of agreement %s: %w", id, err)
	}
	return t, nil
}

// Unasked implements [agreement.Store].
func (s Agreements) Unasked(ctx context.Context, limit int) (all []agreement.Agreement, err error) {
	err = each(ctx, s.db.Read(), `select `+agreementColumns+` from aws_agreement a
		where not exists (select 1 from aws_agreement_terms t where t.agreement_id = a.id and t.status = a.status and t.updated_us = a.updated_us)
		order by id limit $1`, func(scan func(...any) error) error {
		a, err := scanAgreement(scan)
		all = append(all, a)
		return err
	}, limit)
	if err != nil {
		return nil, fmt.Errorf("find agreements whose terms were not asked for: %w", err)
	}
	return all, s.addLicenses(ctx, all)
}

// KeepRun implements [agreement.Store].
func (s Agreements) KeepRun(ctx context.Context, r agreement.Run, found []agreement.Finding) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		dry := 0
		if r.DryRun {
			dry = 1
		}
		if err := exec(ctx, tx, "put run", `insert into resync_run (`+runColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			on conflict (id) do update set since_us = excluded.since_us, ended_us = excluded.ended_us, failure = excluded.failure, agreements = excluded.agreements,
				repairs = excluded.repairs, links = excluded.links, unsettled = excluded.unsettled`,
			r.ID, r.Trigger, r.By, r.License, dry, us(r.Since), us(r.StartedAt), us(r.EndedAt), r.Failure, r.Agreements, r.Repairs, r.Links, r.Unsettled); err != nil {
			return err
		}
		for _, f := range found {
			if err := exec(ctx, tx, "put finding", `insert into resync_finding (run_id, seq, agreement_id, license_id, arn, outcome, fact, fact_us, what, at_us)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing`,
				r.ID, f.Seq, f.Agreement, f.License, f.ARN, f.Outcome, f.Fact, us(f.FactAt), f.What, us(f.At)); err != nil {
				return err
			}
		}
		return nil
	})
}

const runColumns = `id, cause, asked_by, license_id, dry, since_us, started_us, ended_us, failure, agreements, repairs, links, unsettled`

func scanRun(scan func(...any) error) (r agreement.Run, err error) {
	var dry int
	err = scan(&r.ID, &r.Trigger, &r.By, &r.License, &dry, instant{&r.Since}, instant{&r.StartedAt}, instant{&r.EndedAt}, &r.Failure, &r.Agreements, &r.Repairs, &r.Links, &r.Unsettled)
	r.DryRun = dry == 1
	return r, err
}

// Runs implements [agreement.Store].
func (s Agreements) Runs(ctx context.Context, before agreement.Run, limit int) (rs []agreement.Run, err error) {
	err = each(ctx, s.db.Read(), `select `+runColumns+` from resync_run where $2 = '' or started_us < $1 or (started_us = $1 and id < $2)
		order by started_us desc, id desc limit $3`, func(scan func(...any) error) error {
		r, err := scanRun(scan)
		rs = append(rs, r)
		return err
	}, us(before.StartedAt), before.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("list runs of the re-sync: %w", err)
	}
	return rs, nil
}

// RunByID implements [agreement.Store].
func (s Agreements) RunByID(ctx context.Context, id agreement.RunID) (agreement.Run, []agreement.Finding, error) {
	r, err := scanRun(s.db.Read().QueryRowContext(ctx, `select `+runColumns+` from resync_run where id = $1`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return r, nil, fail.New(fail.NotFound, "unknown_resync", "There is no re-sync %.80q here.", id)
	}
	if err != nil {
		return r, nil, fmt.Errorf("read run %s of the re-sync: %w", id, err)
	}
	var found []agreement.Finding
	err = each(ctx, s.db.Read(), `select seq, agreement_id, license_id, arn, outcome, fact, fact_us, what, at_us from resync_finding where run_id = $1 order by seq`,
		func(scan func(...any) error) error {
			var f agreement.Finding
			err := scan(&f.Seq, &f.Agreement, &f.License, &f.ARN, &f.Outcome, &f.Fact, instant{&f.FactAt}, &f.What, instant{&f.At})
			found = append(found, f)
			return err
		}, id)
	if err != nil {
		return r, nil, fmt.Errorf("read what run %s of the re-sync found: %w", id, err)
	}
	return r, found, nil
}

// LastRuns implements [agreement.Store].
func (s Agreements) LastRuns(ctx context.Context) (last, whole time.Time, err error) {
	err = s.db.Read().QueryRowContext(ctx, `select coalesce(max(started_us), 0), coalesce(max(case when since_us = 0 then started_us else 0 end), 0)
		from resync_run where cause = $1 and ended_us <> 0 and failure = ''`, agreement.Scheduled).Scan(instant{&last}, instant{&whole})
	return last, whole, err
}

// EndRuns implements [agreement.Store].
func (s Agreements) EndRuns(ctx context.Context, now time.Time, failure string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		return exec(ctx, tx, "end runs", `update resync_run set ended_us = $1, failure = $2 where ended_us = 0`, us(now), failure)
	})
}
