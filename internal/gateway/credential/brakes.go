package credential

import (
	"context"
	"strconv"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// Attempts is what is kept of the sign-ins that one subject has tried.
type Attempts struct {
	Count        int       // since the last success, or since the count was last forgotten
	BlockedUntil time.Time // zero if not
	Expires      time.Time // when the count is forgotten
}

// AttemptStore keeps attempts.
type AttemptStore interface {
	// CountAttempts lets count replace the attempts kept for subjects, in one atomic step. count gets one for each
	// subject in order (zero where nothing is known) and returns as many (with a Count of 0 for what is to be
	// forgotten); it may run twice, and touches nothing outside. Its error, if any, is returned and nothing is kept.
	CountAttempts(ctx context.Context, subjects []string, count func([]Attempts) ([]Attempts, error)) error
}

// limit is how many attempts a subject has before it must wait, and how long: first, then twice as long each time.
type limit struct {
	free   int
	first  time.Duration
	most   time.Duration
	forget time.Duration // after the last attempt
}

// Three brakes, each for one way of guessing. The tight one is on the pair of address and account, so that a stranger
// cannot lock somebody out of their own account from elsewhere; the account's own is loose, for guessing from many
// addresses; the address's is for trying many accounts from one place.
var (
	perPair    = limit{free: 5, first: 30 * time.Second, most: 15 * time.Minute, forget: time.Hour}
	perAccount = limit{free: 50, first: 30 * time.Second, most: 15 * time.Minute, forget: 24 * time.Hour}
	perAddress = limit{free: 30, first: 30 * time.Second, most: 15 * time.Minute, forget: time.Hour}
)

// next is a after one more attempt at now.
func (l limit) next(a Attempts, now time.Time) Attempts {
	if !now.Before(a.Expires) {
		a = Attempts{}
	}
	a.Count++
	a.Expires = now.Add(l.forget)
	if over := a.Count - l.free; over >= 0 {
		a.BlockedUntil = now.Add(min(l.first<<min(over, 10), l.most))
	}
	return a
}

// Brakes slow down guessing at one kind of account.
type Brakes struct {
	Store AttemptStore
	Clock clock.Clock
	// Kind tells the attempts on one kind of account from those on another: an empty one is the customers'.
	Kind string
}

// Attempt is one try to get into one account from one address.
type Attempt struct {
	subjects []string
	limits   []limit
}

// Try counts an attempt on the account that key names, before the password is looked at, so that a thousand tries at
// once are not all the first. What is kept are hashes: what strangers type is not.
//
// Errors: fail.TooMuch when pair, account or address must wait.
func (b Brakes) Try(ctx context.Context, key, address string) (Attempt, error) {
	a := Attempt{subjects: b.subjects(key, address), limits: []limit{perPair, perAccount, perAddress}}
	now := b.Clock.Now()
	err := b.Store.CountAttempts(ctx, a.subjects, func(old []Attempts) ([]Attempts, error) {
		next := make([]Attempts, len(old))
		for i, o := range old {
			if now.Before(o.BlockedUntil) {
				return nil, fail.New(fail.TooMuch, "too_many_attempts", "There were too many attempts to sign in. Try again in %s.", inWords(o.BlockedUntil.Sub(now)))
			}
			next[i] = a.limits[i].next(o, now)
		}
		return next, nil
	})
	return a, err
}

// subjects are the pair, the account and the address, as they are kept.
func (b Brakes) subjects(key, address string) []string {
	return []string{HashOf(b.Kind + "pair " + key + " " + address), HashOf(b.Kind + "account " + key), HashOf(b.Kind + "address " + address)}
}

// Forgive takes the attempt back from a person who has proven to be the account's owner, and forgets what was held
// against pair and account; the other failures from that address stay.
func (b Brakes) Forgive(ctx context.Context, a Attempt) error {
	return b.Store.CountAttempts(ctx, a.subjects, func(old []Attempts) ([]Attempts, error) {
		next := make([]Attempts, len(old)) // zero: forgotten
		last := len(old) - 1
		next[last] = old[last]
		if next[last].Count--; next[last].Count < perAddress.free {
			next[last].BlockedUntil = time.Time{}
		}
		return next, nil
	})
}

func inWords(d time.Duration) string {
	switch m := int((d + time.Minute - 1) / time.Minute); {
	case d <= 30*time.Second:
		return "half a minute"
	case m == 1:
		return "a minute"
	default:
		return strconv.Itoa(m) + " minutes"
	}
}
