package world

import (
	"time"

	"souk.dev/souk/internal/fail"
)

// Advise is AWS's word to the seller that there is a risk with an agreement's buyer, such as fraud or a closed account:
// Purchase Agreement Advisory Issued. It changes nothing else. Only events tell it. fail.NotFound: an unknown agreement;
// fail.Conflict: one that has ended, or that there is such an advisory of already.
func (w *World) Advise(now time.Time, agreementID string) (Agreement, error) {
	return w.advise(now, agreementID, true)
}

// ResolveAdvisory is AWS's word that the risk is over: Purchase Agreement Advisory Resolved. Errors: see [World.Advise];
// fail.Conflict, too, where there is no advisory.
func (w *World) ResolveAdvisory(now time.Time, agreementID string) (Agreement, error) {
	return w.advise(now, agreementID, false)
}

func (w *World) advise(now time.Time, id string, risk bool) (Agreement, error) {
	defer w.act()()
	a, ok := w.agreement[id]
	switch {
	case !ok:
		return Agreement{}, unknownAgreement(id)
	case a.Status != Active:
		return Agreement{}, hasEnded(a)
	case a.advised && risk:
		return Agreement{}, fail.New(fail.Conflict, "advised", "There is an advisory of the agreement %s already; resolve it first.", id)
	case !a.advised && !risk:
		return Agreement{}, fail.New(fail.Conflict, "not_advised", "There is no advisory of the agreement %s.", id)
	}
	act := actAdvise
	if !risk {
		act = actResolveAdvisory
	}
	if err := w.record(Command{At: now, Act: act, ID: id}); err != nil {
		return Agreement{}, err
	}
	a.advised = risk
	if !a.product.Identity.ByEvents() {
		a.note(now, "advisory", "AWS's view of the buyer's risk changed; topics do not tell of it.")
		return a.copy(), nil
	}
	if risk {
		w.tell(AdvisoryIssued{w.made(a, now)})
		a.note(now, "Purchase Agreement Advisory Issued", "AWS Marketplace told the seller of a risk with the buyer.")
	} else {
		w.tell(AdvisoryResolved{w.made(a, now)})
		a.note(now, "Purchase Agreement Advisory Resolved", "AWS Marketplace told the seller that the risk is over.")
	}
	return a.copy(), nil
}
