package license

import (
	"slices"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

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
