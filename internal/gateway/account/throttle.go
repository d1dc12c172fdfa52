package account

import (
	"context"
	"strconv"
	"time"

	"souk.dev/souk/internal/fail"
)

// Attempts is what is kept of the sign-ins that one subject has tried.
type Attempts struct {
	Count        int       // since the last success, or since the count was last forgotten
	BlockedUntil time.Time // zero if not
	Expires      time.Time // when the count is forgotten
}

// limit is how many attempts a subject has before it must wait, and how long: first, then twice as long each time.
type limit struct {
	kind   string
	free   int
	first  time.Duration
	most   time.Duration
	forget time.Duration // after the last attempt
}

// Three brakes, each for one way of guessing. The tight one is on the pair of address and account, so that a stranger
// cannot lock a customer out of their own account from elsewhere; the account's own is loose, for guessing from many
// addresses; the address's is for trying many accounts from one place.
var (
	perPair    = limit{kind: "pair", free: 5, first: 30 * time.Second, most: 15 * time.Minute, forget: time.Hour}
	perAccount = limit{kind: "account", free: 50, first: 30 * time.Second, most: 15 * time.Minute, forget: 24 * time.Hour}
	perAddress = limit{kind: "address", free: 30, first: 30 * time.Second, most: 15 * time.Minute, forget: time.Hour}
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

// attempt is one try to get into one account from one address. It is counted before the password is looked at, so
// that a thousand tries at once are not all the first.
type attempt struct {
	subjects []string
	limits   []limit
}

// newAttempt names the subjects by hashes, so that what strangers type is not kept.
func newAttempt(emailKey, address string) attempt {
	return attempt{
		subjects: []string{hashOf("pair " + emailKey + " " + address), hashOf("account " + emailKey), hashOf("address " + address)},
		limits:   []limit{perPair, perAccount, perAddress},
	}
}

// count counts the attempt, or refuses it with fail.TooMuch when one of its subjects must wait.
func (s *Service) count(ctx context.Context, a attempt) error {
	now := s.clk.Now()
	return s.store.CountAttempts(ctx, a.subjects, func(old []Attempts) ([]Attempts, error) {
		next := make([]Attempts, len(old))
		for i, o := range old {
			if now.Before(o.BlockedUntil) {
				return nil, fail.New(fail.TooMuch, "too_many_attempts", "There were too many attempts to sign in. Try again in %s.", inWords(o.BlockedUntil.Sub(now)))
			}
			next[i] = a.limits[i].next(o, now)
		}
		return next, nil
	})
}

// forgive takes the attempt back from a person who has proven to be the account's owner, and forgets what was held
// against pair and account; the other failures from that address stay.
func (s *Service) forgive(ctx context.Context, a attempt) error {
	return s.store.CountAttempts(ctx, a.subjects, func(old []Attempts) ([]Attempts, error) {
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
