package license

import (
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
	gone       map[core.LicenseID]core.LicenseID
	dirty      map[core.LicenseID]bool   // to be worked out anew
	stirred    map[core.AgreementID]bool // agreements of which something was learnt
	ownerless  map[core.AgreementID]bool // stirred ones that led to no licence before

	out     Change
	changed []License // to be announced
}

func newDraft(b *Book) *draft {
	return &draft{book: b, entries: map[core.LicenseID]*entry{}, agreements: map[core.AgreementID]*agreement{},
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
	d.entries[id] = e
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

// migrating finds the row of a customer of the legacy generation whose ARN an event tells for the first time, because
// the product migrates: the buyer's only one without an ARN.
func (d *draft) migrating(r Ref) (only *entry) {
	if r.ARN == "" || r.Customer == "" {
		return nil
	}
	for _, id := range d.book.buyers[buyerKey{string(r.Customer), r.ProductCode}] {
		if e := d.entry(id); e != nil && e.Legacy && e.ARN == "" {
			if only != nil {
				return nil
			}
			only = e
		}
	}
	return only
}

// legacy reports whether a customer identifier is what AWS knows the product's customers by.
func (d *draft) legacy(product core.ProductCode) bool {
	l := d.book.products.Product(product).Legacy
	return l == nil || *l
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
			var before License
			if known != nil {
				before = known.License
			}
			d.out.Tell = append(d.out.Tell, tidings(before, e.License, len(d.factsOf(e)), now)...)
			if f, ok := advised(before, e.License); ok {
				d.out.Found = append(d.out.Found, f)
			}
		}
	}
	for i := range d.out.Found {
		d.out.Found[i].At = now
	}
	d.release()
}
