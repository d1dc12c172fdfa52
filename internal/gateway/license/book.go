package license

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/job"
)

// Book is the [Directory] of all licences, and the only writer of what is known of them. It is safe for concurrent use.
//
// It keeps everything in memory, and every change is kept by its [Store] before it is seen. A licence's standing follows
// from the facts that are told of it and of the agreements that lead to it; since all of it is worked out anew when
// anything is learnt, a fact may come before what tells whose it is, in any order.
type Book struct {
	store    Store
	clk      clock.Clock
	products core.Catalogue

	writing sync.Mutex // held while a change is worked out, kept and announced
	heed    []func(License)

	mu         sync.RWMutex // guards what follows; entries and agreements are never changed, only replaced
	entries    map[core.LicenseID]*entry
	merged     map[core.LicenseID]core.LicenseID
	arns       map[core.LicenseARN]core.LicenseID
	buyers     map[buyerKey][]core.LicenseID
	winding    map[core.LicenseID]time.Time // when the licence's final window closes
	agreements map[core.AgreementID]*agreement
	order      []core.LicenseID // by creation, then id
}

// entry is one licence and the facts told of it by name.
type entry struct {
	License
	own   []core.AgreementID // those that AWS named together with it
	facts []Fact
}

// agreement is one agreement and the facts that name only it.
type agreement struct {
	Agreement
	owners    []core.LicenseID   // licences that AWS named together with it
	followers []core.AgreementID // agreements that renew or replace it
	facts     []Fact
}

type buyerKey struct {
	buyer   string
	product core.ProductCode
}

// OpenBook reads what store keeps. products are those that are served here.
func OpenBook(ctx context.Context, store Store, clk clock.Clock, products core.Catalogue) (*Book, error) {
	b, d, err := readBook(ctx, store, clk, products)
	if err != nil {
		return nil, err
	}
	if err := b.renew(ctx, d); err != nil {
		return nil, err
	}
	b.install(d)
	return b, nil
}

// ReadBook is [OpenBook] for a program that only looks, perhaps beside a gateway and by another clock than it has: the
// standings are worked out and nothing is kept.
func ReadBook(ctx context.Context, store Store, clk clock.Clock) (*Book, error) {
	b, d, err := readBook(ctx, store, clk, nil)
	if err != nil {
		return nil, err
	}
	now := clk.Now()
	for _, e := range d.entries {
		d.work(e, now)
	}
	b.install(d)
	return b, nil
}

func readBook(ctx context.Context, store Store, clk clock.Clock, products core.Catalogue) (*Book, *draft, error) {
	p, err := store.LoadBook(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read the licences: %w", err)
	}
	b := &Book{store: store, clk: clk, products: products,
		entries: map[core.LicenseID]*entry{}, merged: map[core.LicenseID]core.LicenseID{}, arns: map[core.LicenseARN]core.LicenseID{},
		buyers: map[buyerKey][]core.LicenseID{}, winding: map[core.LicenseID]time.Time{}, agreements: map[core.AgreementID]*agreement{}}
	d := newDraft(b)
	for _, l := range p.Licenses {
		d.entries[l.ID] = &entry{License: l}
	}
	for _, a := range p.Agreements {
		d.agreement(a.ID).Agreement = a
	}
	for _, a := range p.Agreements {
		if a.Follows != "" {
			f := d.agreement(a.Follows)
			f.followers = append(f.followers, a.ID)
		}
	}
	for _, n := range p.Links {
		a, e := d.agreement(n.Agreement), d.entry(n.License)
		if e == nil {
			return nil, nil, fmt.Errorf("read the licences: agreement %s leads to licence %s, which is not there", n.Agreement, n.License)
		}
		a.owners, e.own = append(a.owners, n.License), append(e.own, n.Agreement)
	}
	for _, f := range p.Facts {
		if f.License == "" {
			a := d.agreement(f.Agreement)
			a.facts = append(a.facts, f.Fact)
		} else if e := d.entry(f.License); e != nil {
			e.facts = append(e.facts, f.Fact)
		} else {
			return nil, nil, fmt.Errorf("read the licences: fact %s is about licence %s, which is not there", f.Fact.ID, f.License)
		}
	}
	for _, a := range p.ARNs {
		b.arns[a.ARN] = a.License
	}
	for _, m := range p.Merged {
		b.merged[m.From] = m.Into
	}
	return b, d, nil
}

// renew works out every standing. One whose final window has closed since it was kept stays as it is until the job
// keeps and announces the end; one that the rules of an older version gave is kept anew.
func (b *Book) renew(ctx context.Context, d *draft) error {
	var c Change
	now := b.clk.Now()
	for _, e := range d.entries {
		kept := e.License
		d.work(e, now)
		// These follow from the facts alone, and are not kept.
		kept.Standing.AdvisedAt, kept.Standing.EndReason = e.Standing.AdvisedAt, e.Standing.EndReason
		s, k := e.Standing, kept.Standing
		if k.State == WindingDown && s.State == Ended && s.Since.Equal(k.ClosesAt) {
			d.work(e, k.Since)
		} else if s.State != k.State || s.Why != k.Why || !s.Since.Equal(k.Since) || !s.ClosesAt.Equal(k.ClosesAt) {
			c.Licenses = append(c.Licenses, e.License)
			c.Tell = append(c.Tell, tidings(kept, e.License, len(d.factsOf(e)), now)...)
		}
	}
	if len(c.Licenses) == 0 {
		return nil
	}
	if err := b.store.CommitChange(ctx, c); err != nil {
		return fmt.Errorf("keep the licences' standing by this version's rules: %w", err)
	}
	return nil
}

// Arrive records that buyer came to the landing page at the instant at, and returns the licence, which is made if it
// is not known yet. It may be repeated: there is one licence, and one arrival, however often a buyer comes.
//
// Errors: fail.Invalid if the product is not one that is served here, or buyer names nobody.
func (b *Book) Arrive(ctx context.Context, buyer Buyer, at time.Time) (License, error) {
	if !b.products.Serves(buyer.ProductCode) || buyer.ProductCode == "" {
		return License{}, fail.New(fail.Invalid, "unknown_product", "The product %q is not served here; ask the seller.", buyer.ProductCode)
	}
	if buyer.ARN == "" && buyer.CustomerIdentifier == "" {
		return License{}, fail.New(fail.Invalid, "unnamed_buyer", "AWS Marketplace named neither a license nor a customer; press Set up your account there once more.")
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	d := newDraft(b)
	e := d.arriving(buyer)
	d.fact(e.ID, "", Fact{ID: string(Arrived), Kind: Arrived, At: at})
	if err := b.finish(ctx, d); err != nil {
		return License{}, fmt.Errorf("record an arrival at licence %s: %w", e.ID, err)
	}
	l, _ := b.ByID(e.ID)
	return l, nil
}

// Note records what a notice says and reports what became of it. It may be repeated. What it says of a licence that is
// not known yet is kept until the licence is.
func (b *Book) Note(ctx context.Context, n Note) (Verdict, error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	d := newDraft(b)
	var v Verdict
	verdict := d.note(n)
	if err := b.finish(ctx, d, func() Verdict { v = verdict(); return v }); err != nil {
		return Verdict{}, fmt.Errorf("apply notice %s: %w", n.ID, err)
	}
	return v, nil
}

// Refused records that AWS answered CustomerNotSubscribed for the licence at the instant at. In the last hour that ends
// it; a licence that AWS has called active and not called ended stays as it is, and the refusal is shown with it.
// Refusals of one minute count once.
//
// Errors: fail.NotFound if there is no such licence.
func (b *Book) Refused(ctx context.Context, id core.LicenseID, at time.Time) error {
	return b.change(ctx, id, func(d *draft, e *entry) error {
		d.fact(e.ID, "", Fact{ID: "refused " + at.UTC().Format("2006-01-02T15:04Z"), Kind: Refused, At: at})
		return nil
	})
}

// AttachAccount says that the licence belongs to an account, which the seller's people may have to set up first. Attaching the
// same again changes nothing, but for the end of the setting up: that does not begin again.
//
// Errors: fail.NotFound if there is no such licence, fail.Conflict if it belongs to another account.
func (b *Book) AttachAccount(ctx context.Context, id core.LicenseID, account core.AccountID, settingUp bool) error {
	return b.change(ctx, id, func(d *draft, e *entry) error {
		if e.Account != "" && e.Account != account {
			return fail.New(fail.Conflict, "license_taken", "This subscription already belongs to another account; sign in to that one.")
		}
		if e.Account != account || e.SettingUp && !settingUp {
			e.Account, e.SettingUp = account, settingUp
			d.touch(e)
		}
		return nil
	})
}

func (b *Book) change(ctx context.Context, id core.LicenseID, f func(*draft, *entry) error) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	d := newDraft(b)
	e := d.entry(id)
	if e == nil {
		return fail.New(fail.NotFound, "unknown_license", "There is no license %q here.", id)
	}
	if err := f(d, e); err != nil {
		return err
	}
	if err := b.finish(ctx, d); err != nil {
		return fmt.Errorf("change licence %s: %w", e.ID, err)
	}
	return nil
}

// finish works out d's consequences, keeps them, makes them seen, and announces them. verdicts are asked when all
// standings are known.
func (b *Book) finish(ctx context.Context, d *draft, verdicts ...func() Verdict) error {
	d.settle(b.clk.Now())
	for _, v := range verdicts {
		d.out.Verdicts = append(d.out.Verdicts, v())
	}
	if d.empty() {
		return nil
	}
	if err := b.store.CommitChange(ctx, d.out); err != nil {
		return err
	}
	b.mu.Lock()
	b.install(d)
	b.mu.Unlock()
	for _, l := range d.changed {
		for _, f := range b.heed {
			f(l)
		}
	}
	return nil
}

// install makes a draft what is known.
func (b *Book) install(d *draft) {
	for _, m := range d.out.Merges {
		b.forget(m.From)
		b.merged[m.From] = m.Into
	}
	for _, a := range d.out.ARNs {
		b.arns[a.ARN] = a.License
	}
	maps.Copy(b.agreements, d.agreements)
	for id, e := range d.entries {
		b.forget(id)
		b.entries[id] = e
		for _, k := range e.buyerKeys() {
			b.buyers[k] = append(slices.Clip(b.buyers[k]), id)
		}
		if e.Standing.State == WindingDown {
			b.winding[id] = e.Standing.ClosesAt
		}
		at, _ := slices.BinarySearchFunc(b.order, id, b.byCreation)
		b.order = slices.Insert(b.order, at, id)
	}
}

func (b *Book) forget(id core.LicenseID) {
	e := b.entries[id]
	if e == nil {
		return
	}
	if at, ok := slices.BinarySearchFunc(b.order, id, b.byCreation); ok {
		b.order = slices.Delete(b.order, at, at+1)
	}
	for _, k := range e.buyerKeys() {
		b.buyers[k] = slices.DeleteFunc(slices.Clone(b.buyers[k]), func(o core.LicenseID) bool { return o == id })
	}
	delete(b.winding, id)
	delete(b.entries, id)
}

func (b *Book) byCreation(x, y core.LicenseID) int {
	return cmp.Or(b.entries[x].CreatedAt.Compare(b.entries[y].CreatedAt), cmp.Compare(x, y))
}

func (l License) buyerKeys() (ks []buyerKey) {
	for _, s := range []string{string(l.Customer), string(l.CustomerIdentifier), string(l.Account)} {
		k := buyerKey{s, l.ProductCode}
		if s != "" && !slices.Contains(ks, k) {
			ks = append(ks, k)
		}
	}
	return ks
}

// Job ends licences whose final window has closed. Time itself ends them; the job keeps and announces that it did.
func (b *Book) Job() job.Job {
	return job.Job{Name: "licences", Due: b.due, Run: b.run}
}

func (b *Book) due(context.Context) (at time.Time, ok bool, err error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, closes := range b.winding {
		if !ok || closes.Before(at) {
			at, ok = closes, true
		}
	}
	return at, ok, nil
}

func (b *Book) run(ctx context.Context) (did bool, err error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	now := b.clk.Now()
	d := newDraft(b)
	for id, closes := range b.winding {
		if !now.Before(closes) {
			d.touch(d.entry(id))
		}
	}
	if err := b.finish(ctx, d); err != nil {
		return false, fmt.Errorf("end licences whose last hour is over: %w", err)
	}
	return len(d.changed) > 0, nil
}

// same reports whether two states of a licence look the same from outside.
func same(a, b License) bool { return reflect.DeepEqual(a, b) }
