package license

import (
	"slices"
	"time"

	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// note takes in a notice. The verdict can be asked when the draft is settled.
func (d *draft) note(n Note) func() Verdict {
	r := n.About
	verdict := func(l core.LicenseID, o Outcome, why string) func() Verdict {
		return func() Verdict { return Verdict{n.ID, l, o, why} }
	}
	if r.ProductCode != "" && !d.book.products.Serves(r.ProductCode) {
		d.lost(n, outbox.AlertProductUnknown, "AWS tells of the product "+string(r.ProductCode)+", which is not configured here.")
		return verdict("", Unserved, "The product is not configured here; when it is, the notice is looked at again.")
	}
	if r.Agreement != "" {
		d.agreed(r, n.At)
	}
	e := d.byARN(r.ARN)
	if e == nil {
		e = d.migrating(r)
	}
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
		d.lost(n, outbox.AlertNoticeUnread, "A notice names neither a licence, nor an agreement, nor a customer and product.")
		return verdict("", Unmatched, "It names neither a license, nor an agreement, nor a customer and product.")
	}
	d.name(e, r, n.At)
	return d.told(n, e.ID, n.Kind == "" || d.fact(e.ID, "", n.fact()))
}

// lost says that somebody should look at n, which has no effect. The notices about one product are one cause.
func (d *draft) lost(n Note, kind outbox.Kind, say string) {
	d.out.Found = append(d.out.Found, alert.Finding{Kind: kind, Cause: string(n.About.ProductCode), Product: n.About.ProductCode, About: n.ID, Say: say})
}

// noteAgreement takes in a notice that names only an agreement.
func (d *draft) noteAgreement(n Note) func() Verdict {
	fresh := n.Kind == "" || d.fact("", n.About.Agreement, n.fact())
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
		case fresh && n.Kind == AdvisoryIssued:
			return Verdict{n.ID, id, Recorded, "AWS sees a risk with the buyer. That revokes nothing; the license shows it, and somebody is told."}
		case fresh && n.Kind == AdvisoryResolved:
			return Verdict{n.ID, id, Recorded, "AWS sees no risk with the buyer any more."}
		case !fresh:
			return Verdict{n.ID, id, Confirmed, "It was known already."}
		case slices.ContainsFunc(s.Unused, func(f Fact) bool { return f.ID == n.ID }):
			return Verdict{n.ID, id, Unused, "It has no meaning in the state the license was in at the time; nothing changed."}
		case before.State != s.State || !before.ClosesAt.Equal(s.ClosesAt) || !before.Since.Equal(s.Since) || before.EndReason != s.EndReason:
			return Verdict{n.ID, id, Applied, "The license is " + string(s.State) + " since " + s.Since.Format(time.RFC3339) + ": " + s.Why}
		default:
			return Verdict{n.ID, id, Confirmed, "The license stays " + string(s.State) + "; the notice fits, or is older than what was known."}
		}
	}
}
