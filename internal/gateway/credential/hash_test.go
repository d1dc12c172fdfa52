package credential

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	"souk.dev/souk/internal/fail"
)

// cheap costs, so that tests are quick.
var cheap = params{memory: 8, passes: 1, threads: 1}

// The hash is that of the reference implementation's own tests (phc-winner-argon2, test.c), version 19.
func TestVerifiesTheReferencesHash(t *testing.T) {
	const phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := newHasher(present)
	right, stale, err := h.Verify(t.Context(), "password", phc)
	if err != nil || !right || !stale {
		t.Errorf("right %v, stale %v, %v", right, stale, err)
	}
	if right, _, _ := h.Verify(t.Context(), "Password", phc); right {
		t.Error("another password was taken")
	}
}

func TestHashesAreSaltedAndSelfDescribing(t *testing.T) {
	h := newHasher(cheap)
	one, err := h.Hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	two, _ := h.Hash(t.Context(), "correct horse battery")
	if one == two || !strings.HasPrefix(one, "$argon2id$v=19$m=8,t=1,p=1$") || strings.Contains(one, "horse") {
		t.Errorf("%s %s", one, two)
	}
	if right, stale, err := h.Verify(t.Context(), "correct horse battery", one); err != nil || !right || stale {
		t.Errorf("right %v, stale %v, %v", right, stale, err)
	}
	if _, stale, _ := newHasher(params{memory: 16, passes: 1, threads: 1}).Verify(t.Context(), "x", one); !stale {
		t.Error("other costs are not noticed")
	}
	if right, _, err := h.Verify(t.Context(), "", h.dummy); right || err != nil {
		t.Errorf("somebody has the dummy's password: %v", err)
	}
}

func TestForeignHashesAreRefusedAndNotQuoted(t *testing.T) {
	h := newHasher(cheap)
	good, _ := h.Hash(t.Context(), "x")
	for _, bad := range []string{"", "x", "$2a$10$abc", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=8", "m=4000000", 1), strings.Replace(good, "t=1", "t=0", 1), good + "A", strings.TrimSuffix(good, good[len(good)-4:]), good + "$"} {
		_, _, err := h.Verify(t.Context(), "x", bad)
		if !errors.Is(err, errHash) || (len(bad) > 10 && strings.Contains(err.Error(), bad[len(bad)-10:])) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestFloodOfPasswordsIsSentAway(t *testing.T) {
	h := newHasher(cheap)
	var leave []func()
	for range cap(h.working) {
		l, err := h.place(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, l)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range maxWaiting {
		wg.Go(func() {
			if _, err := h.Hash(ctx, "x"); !errors.Is(err, context.Canceled) {
				t.Errorf("waiting ended with %v", err)
			}
		})
	}
	for len(h.queue) < cap(h.queue) { // until all of them wait
		runtime.Gosched()
	}
	if _, err := h.Hash(t.Context(), "x"); !fail.Is(err, fail.TooMuch) {
		t.Errorf("one too many: %v", err)
	}
	cancel()
	wg.Wait()
	for _, l := range leave {
		l()
	}
	if _, err := h.Hash(t.Context(), "x"); err != nil || len(h.queue) != 0 || len(h.working) != 0 {
		t.Errorf("places are lost: %v, %d, %d", err, len(h.queue), len(h.working))
	}
}
