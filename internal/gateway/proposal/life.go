package proposal

import (
	"crypto/rand"
	"strings"
	"time"

	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/core"
)

// ID names a proposal: three letters for its kind, and 26 letters and digits ("cor_…").
type ID string

// idSize is how many characters an id has.
const idSize = len("cor_") + 26

// NewID makes an id of a kind, whose prefix has three letters.
func NewID(prefix string) ID { return ID(prefix + "_" + strings.ToLower(rand.Text())) }

// ClientToken is the token with which AWS knows id's request again. AWS takes letters, digits and hyphens.
func (id ID) ClientToken() string { return strings.ReplaceAll(string(id), "_", "-") }

// Sign ends a text for AWS with the id, so that the request can be found again at AWS though the answer to it was lost.
func (id ID) Sign(text string) string { return strings.TrimSpace(text + " " + string(id)) }

// Room is how many characters a text may have that [ID.Sign] ends, where AWS takes longest.
func Room(longest int) int { return longest - len(" ") - idSize }

// State is where a proposal stands. Each kind has states of its own beside these.
type State string

// The states that every kind has.
const (
	Proposed State = "proposed" // it waits for a person, or to be ready for one
	Rejected State = "rejected" // a person did not want it; AWS knows nothing of it
	Failed   State = "failed"   // AWS does not do it
)

// Life is what is kept of every proposal, whatever it is about.
type Life struct {
	ID        ID
	License   core.LicenseID
	AskedBy   approval.Actor
	CreatedAt time.Time
	DecidedBy approval.Actor // who approved or rejected
	DecidedAt time.Time      // zero: nobody has
	AWSID     string         // AWS's name of it; empty until AWS gave one
	SettledAt time.Time      // when it was settled, by AWS's clock; zero: it is not

	State State
	Why   string
	Since time.Time // of State
	DueAt time.Time // when the job looks at it next; zero: when somebody has decided, or never
	Tries int       // failures in a row
	// Revision counts changes, so that two that change the same at once do not undo each other.
	Revision int64
}

// Stands is the life itself: those who embed it give it to [Desk] so.
func (l Life) Stands() Life { return l }

// Become is l in another state from now on, looked at again at due.
func (l Life) Become(s State, why string, now, due time.Time) Life {
	if l.State != s {
		l.Since = now
	}
	l.State, l.Why, l.DueAt, l.Tries = s, why, due, 0
	return l
}

// After a failure: doubled each time, up to the last.
const (
	firstRetry = 2 * time.Second
	lastRetry  = 15 * time.Minute
)

// Again is l as it is, looked at again after a failure.
func (l Life) Again(why string, now time.Time) Life {
	l.Tries++
	l.Why, l.DueAt = why, now.Add(min(firstRetry<<min(l.Tries-1, 16), lastRetry))
	return l
}

// While AWS, or the buyer, decides: doubled each time, up to the last.
const (
	FirstPoll = time.Minute
	lastPoll  = time.Hour
)

// NextPoll is when AWS is asked again about l, which has stood where it is since l.Since.
func (l Life) NextPoll(now time.Time) time.Time {
	return now.Add(min(max(now.Sub(l.Since), FirstPoll), lastPoll))
}
