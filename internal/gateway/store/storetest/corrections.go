package storetest

import (
	"fmt"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/proposal"
)

// Corrections is what every engine must do for package correction.
func Corrections(t *testing.T, open func(t *testing.T) correction.Store) {
	type change = func(correction.Correction) correction.Correction
	proposals[correction.Correction]{
		fresh: newCorrection, waiting: correction.Pending,
		grown: func(c correction.Correction) correction.Correction {
			c.DecidedBy, c.DecidedAt = approval.Actor{Key: "key_2", Person: "Grace"}, noon.Add(time.Hour)
			c.Request = &correction.Request{AgreementID: "agmt-1", InvoiceID: "inv-1", Amount: "1.25", CurrencyCode: "USD", ReasonCode: c.Reason, Description: "x", ClientToken: "cor-1"}
			c.Besides = []correction.ID{"cor_7", "cor_8"}
			c.SettledAt, c.Hour = noon.Add(4*time.Hour), core.HourOf(noon)
			c.Maximum, c.SentAt, c.AWSID = "40", noon.Add(2*time.Hour), "ba-1"
			c.State, c.Why, c.Since, c.DueAt, c.Tries = correction.Pending, "AWS decides.", noon.Add(3*time.Hour), time.Time{}, 2
			return c
		},
		elsewhere: []change{
			func(c correction.Correction) correction.Correction { c.License = "lic_2"; return c },
			func(c correction.Correction) correction.Correction { c.Month = c.Month.AddDate(0, 1, 0); return c },
			func(c correction.Correction) correction.Correction { c.Kind = correction.UnderBilled; return c },
		},
	}.run(t, open, map[string]func(*testing.T, correction.Store){"RequestNeverChanges": correctionRequestNeverChanges, "TagsAreKept": tagsAreKept})
}

func newCorrection(n int) correction.Correction {
	at := noon.Add(time.Duration(n) * time.Minute)
	return correction.Correction{Life: proposal.Life{ID: correction.ID(fmt.Sprint("cor_", n)), License: "lic_1", AskedBy: approval.Actor{Key: "key_1", Person: "Ada"},
		CreatedAt: at, State: correction.Proposed, Why: "New.", Since: at, DueAt: at},
		Kind: correction.OverBilled, Dimension: "pages", Quantity: "12.5", Month: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), InvoiceID: "inv-1", Record: "rec_1",
		Reason: "INCORRECT_METERING", Description: "Counted twice."}
}

func tagsAreKept(t *testing.T, s correction.Store) {
	c := correction.Correction{Life: proposal.Life{ID: "cor_u", License: "lic_1", AskedBy: approval.Actor{Key: "key_1"}, CreatedAt: noon, State: correction.Approved, Since: noon, DueAt: noon},
		Kind: correction.UnderBilled, Dimension: "pages", Quantity: "3", Reason: "A queue was lost.", Tags: map[string]string{"team": "red"}}
	addProposal(t, s, c)
	wantProposal(t, s, c)
}

// What AWS is asked is kept once, and then never changes.
func correctionRequestNeverChanges(t *testing.T, s correction.Store) {
	c := newCorrection(1)
	addProposal(t, s, c)
	c.Request = &correction.Request{InvoiceID: "inv-1", Amount: "1.25", ClientToken: "cor-1"}
	c = changeProposal(t, s, c)
	for _, other := range []*correction.Request{nil, {InvoiceID: "inv-1", Amount: "1.26", ClientToken: "cor-1"}} {
		changed := c
		changed.Request, changed.State = other, correction.Approved
		if err := s.Change(t.Context(), changed); !fail.Is(err, fail.Conflict) {
			t.Errorf("changed to %+v: %v", other, err)
		}
	}
	wantProposal(t, s, c)
}
