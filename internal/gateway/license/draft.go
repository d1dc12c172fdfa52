package license

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// draft is a change that is being worked out: copies of what it touches, over a book that stays as it is until the
// change is kept.
type draft struct {
	book       *Book
	entries    map[core.LicenseID]*entry
	agreements map[core.AgreementID]*agreement
	made       map[core.LicenseID]bool
	gone       map[core.LicenseID]core.LicenseID
	dirty      map[core.LicenseID]bool   // to be worked out anew
	stirred    map[core.AgreementID]bool // agreements of which something was learnt
	ownerless  map[core.AgreementID]bool // stirred ones that led to no licence before

	out     Change
	changed []License // to be announced
}

func newDraft(b *Book) *draft {
	return &draft{book: b, entries: map[core.LicenseID]*entry{}, agreements: map[core.AgreementID]*agreement{}, made: map[core.LicenseID]bool{},
		gone: map[core.LicenseID]core.LicenseID{}, dirty: map[core.LicenseID]bool{}, stirred: map[core.AgreementID]bool{}, ownerless: map[core.AgreementID]bool{}}
}

func (d *draft) empty() bool {
	c := d.out
	return len(c.Licenses)+len(c.ARNs)+len(c.Links)+len(c.Agreements)+len(c.Facts)+len(c.Merges)+len(c.Verdicts) == 0
}

// entry is the draft's copy of a licence, or nil.
func (d *draft) entry(id core.LicenseID) *entry {
	if into, ok := d.gone[id]; ok {
		return d.entry(into)
	}
	if e := d.entries[id]; e != nil {
		return e
	}
	known := d.book.find(id)
	if known == nil {
		return nil
	}
	if e := d.entries[known.ID]; e != nil {
		return e
	}
	e := *known
	e.own, e.facts = slices.Clip(e.own), slices.Clip(e.facts)
	d.entries[e.ID] = &e
	return &e
}

// agreement is the draft's copy of an agreement, which is made if nothing was known of it.
func (d *draft) agreement(id core.AgreementID) *agreement {
	if a := d.agreements[id]; a != nil {
		return a
	}
	a := agreement{Agreement: Agreement{ID: id}}
	if known := d.book.agreements[id]; known != nil {
		a = *known
		a.owners, a.followers, a.facts = slices.Clip(a.owners), slices.Clip(a.followers), slices.Clip(a.facts)
	}
	d.agreements[id] = &a
	return &a
}

func (d *draft) peekAgreement(id core.AgreementID) *agreement {
	if a := d.agreements[id]; a != nil {
		return a
	}
	return d.book.agreements[id]
}

func (d *draft) touch(e *entry) { d.dirty[e.ID] = true }

// stir marks an agreement, and those that follow it, as about to be changed.
func (d *draft) stir(id core.AgreementID) {
	if d.stirred[id] {
		return
	}
	d.stirred[id] = true
	d.ownerless[id] = len(d.leadsTo(id)) == 0
	if a := d.peekAgreement(id); a != nil {
		for _, f := range a.followers {
			d.stir(f)
		}
	}
}

// licenseID names a licence after what AWS calls it, so that making it twice makes it once.
func licenseID(parts ...string) core.LicenseID {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return core.LicenseID("lic_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:15])))
}

func (d *draft) make(id core.LicenseID, product core.ProductCode) *entry {
	e := &entry{License: License{ID: id, ProductCode: product, CreatedAt: whole(d.book.clk.Now())}}
	d.entries[id], d.made[id] = e, true
	d.touch(e)
	return e
}

func (d *draft) byARN(arn core.LicenseARN) *entry {
	if arn == "" {
		return nil
	}
	return d.entry(d.book.arns[arn])
}

// byCustomer finds the row of a customer of the legacy generation.
func (d *draft) byCustomer(c core.CustomerIdentifier, product core.ProductCode) *entry {
	for _, id := range d.book.buyers[buyerKey{string(c), product}] {
		if e := d.entry(id); e != nil && e.Legacy && e.CustomerIdentifier == c {
			return e
		}
	}
	return nil
}

// legacy reports whether a customer identifier is what AWS knows the product's customers by.
func (d *draft) legacy(product core.ProductCode) bool {
	l := d.book.products.Product(product).Legacy
	return l == nil || *l
}

// arriving finds or makes the licence of a buyer at the landing page.
//
// By license ARN, one ARN is one row, and a later purchase is another. By customer identifier, a customer is one row
// for ever; AWS may name an ARN besides, a new one for each purchase, and a row that notices made under that ARN turns
// out to be the same customer's.
func (d *draft) arriving(b Buyer) *entry {
	legacy := b.CustomerIdentifier != "" && d.legacy(b.ProductCode)
	e := d.byARN(b.ARN)
	if legacy {
		e = d.one(d.byCustomer(b.CustomerIdentifier, b.ProductCode), e)
	}
	switch {
	case e != nil:
	case legacy:
		e = d.make(licenseID("customer", string(b.ProductCode), string(b.CustomerIdentifier)), b.ProductCode)
	default:
		e = d.make(licenseID("license", string(b.ARN)), b.ProductCode)
	}
	if legacy && !e.Legacy {
		e.Legacy = true
		d.touch(e)
	}
	d.name(e, Ref{ProductCode: b.ProductCode, ARN: b.ARN, Customer: b.Customer, CustomerIdentifier: b.CustomerIdentifier}, time.Time{})
	return e
}

// one makes two rows that are the same customer's one; either may be nil.
func (d *draft) one(a, b *entry) *entry {
	if a == nil || b == nil || a.ID == b.ID {
		if a == nil {
			return b
		}
		return a
	}
	into, from := a, b
	if into.Account == "" && from.Account != "" {
		into, from = from, into
	}
	d.out.Merges = append(d.out.Merges, Merge{From: from.ID, Into: into.ID})
	for _, f := range from.facts {
		into.facts = addFact(into.facts, f)
	}
	for _, id := range from.own {
		d.stir(id)
		ag := d.agreement(id)
		ag.owners = slices.DeleteFunc(slices.Clone(ag.owners), func(o core.LicenseID) bool { return o == from.ID })
		d.link(into, id)
	}
	for arn, id := range d.book.arns {
		if id == from.ID {
			d.out.ARNs = append(d.out.ARNs, ARNOf{arn, into.ID})
		}
	}
	into.CreatedAt = earlier(into.CreatedAt, from.CreatedAt)
	into.Legacy = into.Legacy || from.Legacy
	for _, fill := range []struct{ to, of *string }{
		{(*string)(&into.ARN), (*string)(&from.ARN)}, {(*string)(&into.Customer), (*string)(&from.Customer)},
		{(*string)(&into.CustomerIdentifier), (*string)(&from.CustomerIdentifier)}, {(*string)(&into.Account), (*string)(&from.Account)},
	} {
		if *fill.to == "" {
			*fill.to = *fill.of
		}
	}
	if from.OfferAt.After(into.OfferAt) {
		into.Offer, into.OfferAt = from.Offer, from.OfferAt
	}
	delete(d.entries, from.ID)
	delete(d.dirty, from.ID)
	d.gone[from.ID] = into.ID
	d.touch(into)
	return into
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// name takes over what r says of who is who; at is when AWS said so, or zero if it has no instant of its own.
func (d *draft) name(e *entry, r Ref, at time.Time) {
	before := e.License
	if r.ARN != "" {
		if d.book.arns[r.ARN] != e.ID && !slices.Contains(d.out.ARNs, ARNOf{r.ARN, e.ID}) {
			d.out.ARNs = append(d.out.ARNs, ARNOf{r.ARN, e.ID})
		}
		if e.ARN == "" || at.IsZero() { // the landing names the present ARN
			e.ARN = r.ARN
		}
	}
	if e.Customer == "" {
		e.Customer = r.Customer
	}
	if e.CustomerIdentifier == "" {
		e.CustomerIdentifier = r.CustomerIdentifier
	}
	if e.ProductCode == "" {
		e.ProductCode = r.ProductCode
	}
	if r.Offer != "" && !at.Before(e.OfferAt) {
		e.Offer, e.OfferAt = r.Offer, at
	}
	if r.Agreement != "" && !slices.Contains(e.own, r.Agreement) {
		d.link(e, r.Agreement)
	}
	if !same(before, e.License) {
		d.touch(e)
	}
}

func (d *draft) link(e *entry, id core.AgreementID) {
	if slices.Contains(e.own, id) {
		return
	}
	d.stir(id)
	a := d.agreement(id)
	e.own, a.owners = append(e.own, id), append(a.owners, e.ID)
	d.out.Links = append(d.out.Links, Link{id, e.ID})
	d.touch(e)
}

// fact adds a fact about a licence, or about an agreement; it reports whether it is new.
func (d *draft) fact(l core.LicenseID, ag core.AgreementID, f Fact) bool {
	f.At = whole(f.At)
	var facts *[]Fact
	if l != "" {
		facts = &d.entry(l).facts
	} else {
		d.stir(ag)
		facts = &d.agreement(ag).facts
	}
	longer := addFact(*facts, f)
	if len(longer) == len(*facts) {
		return false
	}
	*facts = longer
	d.out.Facts = append(d.out.Facts, FactOf{l, ag, f})
	if l != "" {
		d.dirty[l] = true
	}
	return true
}

// whole is t as it is kept: in microseconds, without Go's monotonic reading.
func whole(t time.Time) time.Time { return time.UnixMicro(t.UnixMicro()).UTC() }

func addFact(fs []Fact, f Fact) []Fact {
	if slices.ContainsFunc(fs, func(o Fact) bool { return o.ID == f.ID }) {
		return fs
	}
	return append(fs, f)
}

// note takes in a notice. The verdict can be asked when the draft is settled.
func (d *draft) note(n Note) func() Verdict {
	r := n.About
	verdict := func(l core.LicenseID, o Outcome, why string) func() Verdict {
		return func() Verdict { return Verdict{n.ID, l, o, why} }
	}
	if r.ProductCode != "" && !d.book.products.Serves(r.ProductCode) {
		return verdict("", Unserved, "The product is not configured here; when it is, the notice is looked at again.")
	}
	if r.Agreement != "" {
		d.agreed(r, n.At)
	}
	e := d.byARN(r.ARN)
	switch {
	case e != nil:
	case r.ARN != "":
		e = d.make(licenseID("license", string(r.ARN)), r.ProductCode)
	case r.CustomerIdentifier != "" && r.ProductCode != "":
		if !d.legacy(r.ProductCode) {
			return verdict("", Recorded, "The product is configured to be known by license ARN; events speak for it, not these older notices.")
		}
		if e = d.byCustomer(r.CustomerIdentifier, r.ProductCode); e == nil {
			if n.Kind == "" {
				return verdict("", Recorded, "The customer is not known yet, and this says nothing about a subscription.")
			}
			e = d.make(licenseID("customer", string(r.ProductCode), string(r.CustomerIdentifier)), r.ProductCode)
			e.Legacy = true
		}
	case r.Agreement != "":
		return d.noteAgreement(n)
	default:
		return verdict("", Unmatched, "It names neither a license, nor an agreement, nor a customer and product.")
	}
	d.name(e, r, n.At)
	return d.told(n, e.ID, n.Kind == "" || d.fact(e.ID, "", Fact{n.ID, n.Kind, n.At}))
}

// noteAgreement takes in a notice that names only an agreement.
func (d *draft) noteAgreement(n Note) func() Verdict {
	fresh := n.Kind == "" || d.fact("", n.About.Agreement, Fact{n.ID, n.Kind, n.At})
	return func() Verdict {
		owners := d.leadsTo(n.About.Agreement)
		switch {
		case len(owners) > 0:
			return d.told(n, owners[0], fresh)()
		case n.Kind == "":
			return Verdict{n.ID, "", Recorded, "License Updated will say which license the agreement is for."}
		default:
			return Verdict{n.ID, "", Held, "The agreement's license is not known yet; this waits for the notice that names both."}
		}
	}
}

// told says what a note did to the licence it is about.
func (d *draft) told(n Note, id core.LicenseID, fresh bool) func() Verdict {
	var before Standing
	if e := d.book.find(id); e != nil {
		before = e.Standing
	}
	return func() Verdict {
		s := d.entry(id).Standing
		switch {
		case n.Kind == "":
			return Verdict{n.ID, id, Recorded, "It has no bearing on whether the license is active."}
		case !fresh:
			return Verdict{n.ID, id, Confirmed, "It was known already."}
		case slices.ContainsFunc(s.Unused, func(f Fact) bool { return f.ID == n.ID }):
			return Verdict{n.ID, id, Unused, "It has no meaning in the state the license was in at the time; nothing changed."}
		case before.State != s.State || !before.ClosesAt.Equal(s.ClosesAt) || !before.Since.Equal(s.Since):
			return Verdict{n.ID, id, Applied, "The license is " + string(s.State) + " since " + s.Since.Format(time.RFC3339) + ": " + s.Why}
		default:
			return Verdict{n.ID, id, Confirmed, "The license stays " + string(s.State) + "; the notice fits, or is older than what was known."}
		}
	}
}

// agreed takes over what r says of an agreement.
func (d *draft) agreed(r Ref, at time.Time) {
	d.stir(r.Agreement)
	a := d.agreement(r.Agreement)
	before := a.Agreement
	if !at.IsZero() && (a.FirstAt.IsZero() || at.Before(a.FirstAt)) {
		a.FirstAt = at
	}
	if r.Follows != "" && r.Follows != r.Agreement && a.Follows == "" {
		a.Follows = r.Follows
		d.stir(r.Follows)
		f := d.agreement(r.Follows)
		f.followers = append(f.followers, r.Agreement)
	}
	if a.Agreement != before {
		d.out.Agreements = append(d.out.Agreements, a.Agreement)
	}
}

// leadsTo lists the licences that an agreement leads to: those AWS named with it or, while there are none, those of
// the agreement it renews or replaces (a renewal keeps its licence, as far as is known).
func (d *draft) leadsTo(id core.AgreementID) []core.LicenseID {
	for seen := map[core.AgreementID]bool{}; id != "" && !seen[id]; {
		seen[id] = true
		a := d.peekAgreement(id)
		if a == nil {
			return nil
		}
		if len(a.owners) > 0 {
			return a.owners
		}
		id = a.Follows
	}
	return nil
}

// agreementsOf lists the agreements that lead to a licence, the earliest known first.
func (d *draft) agreementsOf(e *entry) (ids []core.AgreementID) {
	seen := map[core.AgreementID]bool{}
	var add func(id core.AgreementID)
	add = func(id core.AgreementID) {
		if seen[id] {
			return
		}
		seen[id] = true
		ids = append(ids, id)
		for _, next := range d.peekAgreement(id).followers {
			if a := d.peekAgreement(next); a != nil && len(a.owners) == 0 {
				add(next)
			}
		}
	}
	for _, id := range e.own {
		add(id)
	}
	slices.SortFunc(ids, func(x, y core.AgreementID) int {
		return cmp.Or(d.peekAgreement(x).FirstAt.Compare(d.peekAgreement(y).FirstAt), cmp.Compare(x, y))
	})
	return ids
}

func (d *draft) factsOf(e *entry) []Fact {
	facts := slices.Clone(e.facts)
	for _, id := range d.agreementsOf(e) {
		for _, f := range d.peekAgreement(id).facts {
			facts = addFact(facts, f)
		}
	}
	return facts
}

// work works a licence's standing and agreements out anew.
func (d *draft) work(e *entry, now time.Time) {
	e.Agreements = d.agreementsOf(e)
	e.Standing = Replay(d.factsOf(e), now)
}

// settle works out everything that the draft's news concerns.
func (d *draft) settle(now time.Time) {
	for id := range d.stirred {
		d.concerns(id)
	}
	ids := make([]core.LicenseID, 0, len(d.dirty))
	for id := range d.dirty {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		e := d.entry(id)
		d.work(e, now)
		known := d.book.entries[id]
		if known == nil || !same(known.License, e.License) {
			d.out.Licenses = append(d.out.Licenses, e.License)
			d.changed = append(d.changed, e.License)
		}
	}
	d.release()
}

// concerns marks the licences that an agreement, one that it follows, or one that follows it, leads to.
func (d *draft) concerns(id core.AgreementID) {
	seen := map[core.AgreementID]bool{}
	var visit func(id core.AgreementID)
	visit = func(id core.AgreementID) {
		a := d.peekAgreement(id)
		if a == nil || seen[id] {
			return
		}
		seen[id] = true
		for _, l := range a.owners {
			d.dirty[d.entry(l).ID] = true
		}
		visit(a.Follows)
		for _, f := range a.followers {
			visit(f)
		}
	}
	visit(id)
}

// release gives the notices that were held for want of a licence their outcome.
func (d *draft) release() {
	for id, without := range d.ownerless {
		if !without {
			continue
		}
		owners := d.leadsTo(id)
		if len(owners) == 0 {
			continue
		}
		for _, f := range d.peekAgreement(id).facts {
			s := d.entry(owners[0]).Standing
			d.out.Verdicts = append(d.out.Verdicts, Verdict{f.ID, owners[0], Applied,
				"Held until the agreement's license was known, then taken in with its own time; the license is " + string(s.State) + ": " + s.Why})
		}
	}
}
