package agreement

import (
	"context"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// Query selects agreements; empty members select all.
type Query struct {
	Status   Status
	Customer core.AWSAccountID
	Offer    core.OfferID
	Initial  core.AgreementID
	ARN      core.LicenseARN
	Product  string           // AWS's id
	After    core.AgreementID // the last of the page before
	Limit    int
}

// Store keeps agreements and runs.
type Store interface {
	// KeepAgreements keeps what AWS said in a list, and returns those that are new or changed since they were last kept.
	KeepAgreements(ctx context.Context, page []Agreement) (changed []core.AgreementID, err error)
	// Agreement finds one; fail.NotFound if it is not known.
	Agreement(ctx context.Context, id core.AgreementID) (Agreement, error)
	// Agreements lists, by id.
	Agreements(ctx context.Context, q Query) ([]Agreement, error)
	// ProductCodes tells the code of each product, by AWS's id, to which an agreement leads by a licence that is known.
	ProductCodes(ctx context.Context) (map[string]core.ProductCode, error)

	// KeepTerms keeps, in one step, what AWS said of a's terms, a being as it was when it was asked, and what is told of it.
	KeepTerms(ctx context.Context, a Agreement, t Terms, tell ...outbox.Event) error
	// TermsOf is what was kept last of an agreement's terms, even if the agreement has changed since; the zero Terms if nothing.
	TermsOf(ctx context.Context, id core.AgreementID) (Terms, error)
	// Unasked lists, by id, agreements that are new or changed since their terms were kept.
	Unasked(ctx context.Context, limit int) ([]Agreement, error)

	// Unreminded lists, the earliest end first, active agreements that end after the instant and of whose end nothing was kept by
	// KeepReminder for lead or a shorter one.
	Unreminded(ctx context.Context, after time.Time, lead time.Duration, limit int) ([]Agreement, error)
	// KeepReminder keeps, in one step, that the end of a was looked at so long before it, and what is told of it. Keeping the same
	// again changes nothing.
	KeepReminder(ctx context.Context, a Agreement, lead time.Duration, at time.Time, tell ...outbox.Event) error

	// KeepRun writes a run, or replaces it, together with the findings made since it was last written.
	KeepRun(ctx context.Context, r Run, found []Finding) error
	// Runs lists, newest first; before is the last of the page before (its id and beginning), zero for the first page.
	Runs(ctx context.Context, before Run, limit int) ([]Run, error)
	// RunByID finds one with its findings; fail.NotFound if there is none.
	RunByID(ctx context.Context, id RunID) (Run, []Finding, error)
	// LastRuns tells when the scheduled runs began that were done last: any, and one of all agreements. Zero: never.
	LastRuns(ctx context.Context) (last, whole time.Time, err error)
	// EndRuns writes that the runs that go on, which a process left behind, ended at now.
	EndRuns(ctx context.Context, now time.Time, failure string) error
}
