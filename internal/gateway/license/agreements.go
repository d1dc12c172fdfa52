package license

import (
	"cmp"
	"slices"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

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
