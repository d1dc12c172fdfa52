package replica_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/replica"
)

// books is a source of which messages may be lost.
type books struct {
	mu       sync.Mutex
	epoch    int64
	mark     int64
	away     bool
	licenses map[core.LicenseID]license.License
	changed  map[core.LicenseID]int64
	told     chan struct{}
	loads    int
}

func newBooks() *books {
	return &books{epoch: 1, licenses: map[core.LicenseID]license.License{}, changed: map[core.LicenseID]int64{}, told: make(chan struct{}, 1)}
}

var errAway = errors.New("the database is away")

func (b *books) Changes(_ context.Context, since int64) (replica.Changes, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away {
		return replica.Changes{}, errAway
	}
	c := replica.Changes{Epoch: b.epoch, Next: b.mark + 1}
	for id, at := range b.changed {
		if at >= since {
			c.Licenses = append(c.Licenses, id)
		}
	}
	return c, nil
}

func (b *books) Known(_ context.Context, id core.LicenseID) (k replica.Known, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away {
		return k, errAway
	}
	if id == "" {
		b.loads++
	}
	for _, l := range b.licenses {
		if id == "" || l.ID == id {
			k.Licenses = append(k.Licenses, l)
		}
	}
	return k, nil
}

func (b *books) Await(ctx context.Context, most time.Duration) {
	wait, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	select {
	case <-b.told:
	case <-wait.Done():
	}
}

// put changes a licence, and tells of it or has the message lost.
func (b *books) put(id core.LicenseID, why string, tell bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mark++
	b.licenses[id], b.changed[id] = license.License{ID: id, Standing: license.Standing{State: license.Active, Why: why}}, b.mark
	if tell {
		b.told <- struct{}{}
	}
}

// why is what r remembers of a licence under an owner; "" if it does not.
func why(r *replica.Replica, epoch int64, id core.LicenseID) string {
	v := r.Now(epoch)
	if v == nil {
		return ""
	}
	l, _ := v.ByID(id)
	return l.Standing.Why
}

func run(t *testing.T, b *books) (r *replica.Replica, stop func()) {
	r = replica.New(nil, clock.System{}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { r.Run(ctx, b) })
	synctest.Wait()
	return r, func() { cancel(); wg.Wait() }
}

func TestWhatChangesIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBooks()
		b.put("a", "first", false)
		r, stop := run(t, b)
		defer stop()
		if got := why(r, 1, "a"); got != "first" {
			t.Fatalf("%q is remembered", got)
		}
		b.put("a", "told", true)
		synctest.Wait()
		if got := why(r, 1, "a"); got != "told" {
			t.Errorf("%q is remembered after a message", got)
		}
		b.put("a", "not told", false)
		_ = clock.Sleep(t.Context(), time.Second)
		if got := why(r, 1, "a"); got != "not told" {
			t.Errorf("%q is remembered a second after a message that was lost", got)
		}
		b.mu.Lock()
		delete(b.licenses, "a") // it was merged into another
		b.mark++
		b.changed["a"] = b.mark
		b.mu.Unlock()
		_ = clock.Sleep(t.Context(), time.Second)
		if _, ok := r.Now(1).ByID("a"); ok {
			t.Error("a licence that is no more is remembered")
		}
		if b.loads != 1 {
			t.Errorf("all was read %d times", b.loads)
		}
	})
}

// What is not known to be so any more is not told: without the database, and under another owner, which may be of a version that tells no changes.
func TestWhatMayBeOldIsNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBooks()
		b.put("a", "first", false)
		r, stop := run(t, b)
		if r.Now(2) != nil {
			t.Error("it is told under an owner under whom it was not read")
		}
		b.mu.Lock()
		b.away = true
		b.mu.Unlock()
		_ = clock.Sleep(t.Context(), 3*time.Second)
		if r.Now(1) != nil {
			t.Error("it is told three seconds after it was surely so")
		}
		b.mu.Lock()
		b.away, b.epoch = false, 2
		b.licenses["a"] = license.License{ID: "a", Standing: license.Standing{Why: "nobody told"}}
		b.mu.Unlock()
		_ = clock.Sleep(t.Context(), time.Second)
		if got := why(r, 2, "a"); got != "nobody told" || r.Now(1) != nil {
			t.Errorf("%q is remembered under the next owner", got)
		}
		if age, ok := r.Age(); !ok || age > time.Second {
			t.Errorf("it is said to be %s old, %v", age, ok)
		}
		stop()
		if _, ok := r.Age(); ok || r.Now(2) != nil {
			t.Error("it is remembered when nobody looks any more")
		}
	})
}
