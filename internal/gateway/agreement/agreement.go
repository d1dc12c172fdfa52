package agreement

import (
	"context"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// Status is AWS's word for where an agreement stands. Source: Agreement API, AgreementStatus.
type Status string

// The statuses that have a bearing on licences. There are others, which have none: ROLLED_BACK and SUPERSEDED are of
// revisions that never counted, or count no more.
const (
	Active     Status = "ACTIVE"
	Cancelled  Status = "CANCELLED"  // the buyer ended it early
	Expired    Status = "EXPIRED"    // it reached its end
	Terminated Status = "TERMINATED" // AWS ended it
	Archived   Status = "ARCHIVED"   // it ended; AWS does not say why
	Renewed    Status = "RENEWED"    // another goes on
	Replaced   Status = "REPLACED"   // another goes on
)

// over reports whether nothing goes on after an agreement of this status.
func (s Status) over() bool {
	return s == Cancelled || s == Expired || s == Terminated || s == Archived
}

// followed reports whether another goes on where an agreement of this status ended.
func (s Status) followed() bool { return s == Renewed || s == Replaced }

// Agreement is what AWS says of one.
type Agreement struct {
	ID         core.AgreementID
	Status     Status
	Customer   core.AWSAccountID // the buyer
	Offer      core.OfferID
	ProductID  string            // AWS's id of the product, "prod-…"; not its code
	Initial    core.AgreementID  // the first of its chain of renewals and replacements; its own id if it is the first
	Licenses   []core.LicenseARN // sorted; those of what it entitles to
	AcceptedAt time.Time
	StartsAt   time.Time
	EndsAt     time.Time // zero: it has no end, as pay as you go
	UpdatedAt  time.Time // when AWS last changed it, by AWS's word; zero if AWS does not say
	AtEnd      string    // what becomes of it then: RENEW, REPLACE or EXPIRE; empty when it has no end, or is over
	AtEndWhy   string    // why it does not renew: an EndTimeBehaviorReasonCode; empty otherwise
	SeenAt     time.Time // when AWS said so
}

// endedAt is when an agreement that is over ended: at its end or, where it was ended before, when AWS last changed it. It is
// never later than when AWS said so.
func (a Agreement) endedAt() time.Time {
	at := a.EndsAt
	if at.IsZero() || (!a.UpdatedAt.IsZero() && a.UpdatedAt.Before(at)) {
		at = a.UpdatedAt
	}
	if at.IsZero() || at.After(a.SeenAt) {
		at = a.SeenAt
	}
	return at
}

// changedAt is the last instant at which a notice about it may have been due.
func (a Agreement) changedAt() time.Time {
	at := a.UpdatedAt
	if a.StartsAt.After(at) {
		at = a.StartsAt
	}
	if a.Status != Active && a.endedAt().After(at) {
		at = a.endedAt()
	}
	return at
}

// Search chooses the agreements that AWS lists.
type Search struct {
	Customer core.AWSAccountID // empty: of all buyers
	Since    time.Time         // those that changed later; zero: all
	Token    string            // of the page; empty: the first
}

// AWS is the Agreement API.
//
// Errors of its calls: fail.Later when the same may be asked again after a pause, fail.Denied when credentials or permission
// are wrong, fail.Invalid or fail.NotFound when AWS does not know what it is asked about.
type AWS interface {
	// Search gives one page of the agreements that the seller proposed, and the token of the next; empty: there is none.
	Search(ctx context.Context, q Search) (page []Agreement, next string, err error)
	// Describe gives what AWS says of one agreement, but for Licenses and UpdatedAt, which AWS tells only in lists.
	Describe(ctx context.Context, id core.AgreementID) (Agreement, error)
	// Terms tells the accepted terms of one, but not when.
	Terms(ctx context.Context, id core.AgreementID) (Terms, error)
}
