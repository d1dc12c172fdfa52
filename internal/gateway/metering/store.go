package metering

import (
	"context"
	"time"

	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/usage"
)

// Store is what metering needs of a database. Each call is one atomic step.
type Store interface {
	// Seal writes totals, records, balances and write-offs together. A record that exists is fail.Conflict. A power cut that
	// ends this process, too, may undo it, with all that was stored after it.
	Seal(ctx context.Context, s Sealing) error
	// SealedKeys lists what is sealed of an hour, each key once: those of totals, and of records that had nothing to add
	// up. With a licence, of that one only.
	SealedKeys(ctx context.Context, scope core.LicenseID, hour core.Hour) ([]usage.Key, error)
	// Balances lists every balance, those of nothing too.
	Balances(ctx context.Context) ([]Balance, error)

	// Recover makes records that are Sending Waiting and Unsure, to be sent at once, and says how many.
	Recover(ctx context.Context, now time.Time) (int64, error)
	// Sendable lists at most limit records that may be sent at now, the earliest deadline first. Next is when the
	// next of the others may be; ok is false if there is none.
	Sendable(ctx context.Context, now time.Time, limit int) ([]Record, error)
	Next(ctx context.Context) (at time.Time, ok bool, err error)
	// Begin stores requests that are about to be sent and marks their records as Sending.
	Begin(ctx context.Context, as []Attempt) error
	// Settle stores answers, the records as they are after them, the balances that this changes, and what somebody should look at.
	Settle(ctx context.Context, as []Attempt, rs []Record, bs []Balance, found ...alert.Finding) error
	// Restored is when these books were brought back to an earlier moment, last; zero: never.
	Restored(ctx context.Context) (time.Time, error)
	// Hasten sets a new deadline for what has not been honoured of a licence, and lets it go at now. A zero deadline
	// gives each record its own again.
	Hasten(ctx context.Context, l core.LicenseID, deadline, now time.Time) error

	// DropAttempts deletes the oldest requests, at most limit, whose ids come before the one given, and adds to the books
	// what they were. DroppedAttempts is what the books say.
	DropAttempts(ctx context.Context, before string, limit int, at time.Time) (n int64, err error)
	DroppedAttempts(ctx context.Context) (DroppedAttempts, error)

	// Refuses reports whether there are records of the product that AWS refuses for the reason.
	Refuses(ctx context.Context, product core.ProductCode, reason string) (bool, error)
	// Overdue reports whether there are records that AWS has to have before the instant and has not taken in so many tries.
	Overdue(ctx context.Context, before time.Time, tries int) (bool, error)
	// LastOutcome is what came of the newest request that was answered or failed; empty if there is none.
	LastOutcome(ctx context.Context) (string, error)

	// Record finds one record; Attempt finds one request. Errors: fail.NotFound.
	Record(ctx context.Context, id string) (Record, error)
	Attempt(ctx context.Context, id string) (Attempt, error)
	// Records lists records, the newest hour first.
	Records(ctx context.Context, q Query) ([]Record, error)
	// Totals lists sealed totals of a licence in hours from … to, both included.
	Totals(ctx context.Context, l core.LicenseID, from, to core.Hour) ([]SealedTotal, error)
	// WriteOffs lists what was given up; all licences with an empty l.
	WriteOffs(ctx context.Context, l core.LicenseID) ([]WriteOff, error)

	// EachTotal, EachRecord and EachAttempt go through everything, for the audit.
	EachTotal(ctx context.Context, yield func(SealedTotal) error) error
	EachRecord(ctx context.Context, yield func(Record) error) error
	EachAttempt(ctx context.Context, yield func(Attempt) error) error
}

// Pair is a licence and one of its dimensions.
type Pair struct {
	License   core.LicenseID
	Dimension core.Dimension
}

// Sealing is one chunk of an hour, or the end of a licence.
type Sealing struct {
	Totals    []SealedTotal
	Records   []Record
	Balances  []Balance
	WriteOffs []WriteOff
	Found     []alert.Finding // what somebody should look at
}

// SealedTotal is the final quantity of an hour under one key. For what is billable (Reason is empty):
// Sum + CarriedIn + Rounded = what is in the record + Covered + CarriedOut + what was written off.
type SealedTotal struct {
	usage.Total
	CarriedIn, CarriedOut usage.Quantity
	// Rounded is what was added to a licence's last hour to fill its last unit.
	Rounded usage.Quantity
	// Covered is what had been bought in advance, so that it is not billed.
	Covered usage.Quantity
	// Life is from which level and over which part of the hour an average was taken; of core.Average only.
	Life Life
}

// Life is the part of an hour in which a licence's level counts, in UTC microseconds, and the level before the hour.
type Life struct {
	From, To int64
	Before   usage.Level
}

// Balance is accepted usage that is in no record yet, in what the dimension's events count.
type Balance struct {
	Pair
	Amount usage.Quantity
	Since  time.Time   // when it last changed
	Level  usage.Level // that goes on into the next hour; of core.Average only
	Cover  Cover       // of dimensions that are bought in advance as well
}

// nothing reports that no usage waits in b and no level goes on: what is left of an allowance needs no more attention.
func (b Balance) nothing() bool { return b.Amount.IsZero() && b.Level == (usage.Level{}) }

// WriteOff is usage that was given up, with its reason.
type WriteOff struct {
	Pair
	Hour   core.Hour // the hour at whose sealing, or the last hour of the licence
	At     time.Time
	Amount usage.Quantity
	Reason string
	// MovedTo is the licence that was given the amount, because both are one; then nothing was given up.
	MovedTo core.LicenseID
}

// Attempt is one request and AWS's answer.
type Attempt struct {
	ID       string
	At       time.Time
	Records  []string // their ids, in the request's order
	Request  []byte   // JSON, as in [Request]
	Answered time.Time
	Outcome  string // "answered" or a [Class]; empty while there is none
	Code     string // AWS's name of the error
	Answer   []byte // JSON, as in [Answer], or AWS's words of the error
	AWSID    string // AWS's id of the request, by which its support finds it; empty where there was no answer
}

// Query selects records.
type Query struct {
	License core.LicenseID // empty: all
	State   State          // empty: all
	From    core.Hour      // 0: no bound
	To      core.Hour      // both included; 0: no bound
	Before  string         // ids before this one; empty: from the newest
	Limit   int
}
