package storetest

import (
	"reflect"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/gateway/outbox"
)

func passkeysOf(t *testing.T, s account.Store, owner string) []credential.Passkey {
	t.Helper()
	list, err := s.PasskeysOf(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// answerIsTakenOnce plays a passkey's life: it is its owner's, of one answer that comes many times one is taken, and it goes with its owner.
func answerIsTakenOnce(t *testing.T, s account.Store) {
	addAccount(t, s, "acc_1", noon)
	addAccount(t, s, "acc_2", noon)
	k := credential.Passkey{ID: "pky_2", Owner: "acc_1", Credential: "two", PublicKey: []byte{0, 1, 255}, SignCount: 1<<32 - 2, Synced: true, Name: "Mine", AddedAt: noon}
	first, others := k, k
	first.ID, first.Credential, first.Synced, first.UsedAt = "pky_1", "one", false, noon.Add(time.Minute)
	others.ID, others.Credential, others.Owner = "pky_3", "three", "acc_2"
	for _, n := range []credential.Passkey{k, first, others} {
		if err := s.KeepPasskey(t.Context(), n, outbox.NewEvent(outbox.PasskeyAdded, noon, outbox.Subject{}, account.Asked{}).Named(n.ID)); err != nil {
			t.Fatal(err)
		}
	}
	again := others
	again.ID = "pky_4"
	if err := s.KeepPasskey(t.Context(), again); !fail.Is(err, fail.Conflict) {
		t.Errorf("the same key once more: %v", err)
	}
	if got := passkeysOf(t, s, "acc_1"); !reflect.DeepEqual(got, []credential.Passkey{first, k}) {
		t.Errorf("kept %+v", got)
	}

	at := noon.Add(time.Hour)
	a := credential.Answer{Passkey: k, Count: k.SignCount + 1, Challenge: "asked", Expires: at}
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for range 8 {
		wg.Go(func() {
			used, err := s.UsePasskey(t.Context(), a, at)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if used {
				taken++
			}
		})
	}
	wg.Wait()
	if taken != 1 {
		t.Errorf("one answer was taken %d times", taken)
	}
	if got := passkeysOf(t, s, "acc_1")[1]; got.SignCount != a.Count || !got.UsedAt.Equal(at) {
		t.Errorf("after its use: %+v", got)
	}
	// Of two answers to other questions that both rest on the same count, the second is a copy's.
	a.Challenge = "asked again"
	if used, err := s.UsePasskey(t.Context(), a, at); used || err != nil {
		t.Errorf("a count that was passed: %v, %v", used, err)
	}
	zero := credential.Answer{Passkey: others, Count: others.SignCount, Challenge: "hers", Expires: at}
	for i, want := range []bool{true, false} {
		if used, err := s.UsePasskey(t.Context(), zero, at); used != want || err != nil {
			t.Errorf("a key without a count, time %d: %v, %v", i+1, used, err)
		}
	}
	if next, ok, err := s.NextExpiry(t.Context()); err != nil || !ok || !next.Equal(at) {
		t.Errorf("the answers expire %v, %v, %v", next, ok, err)
	}
	if n, err := s.DeleteExpired(t.Context(), at, 10); err != nil || n != 3 {
		t.Errorf("%d are forgotten, %v", n, err)
	}

	for _, owner := range []string{"acc_2", "acc_1"} {
		if err := s.ForgetPasskey(t.Context(), owner, "pky_1"); fail.Is(err, fail.NotFound) != (owner == "acc_2") {
			t.Errorf("%s forgets it: %v", owner, err)
		}
	}
	if got := passkeysOf(t, s, "acc_1"); len(got) != 1 || got[0].ID != "pky_2" {
		t.Errorf("left %+v", got)
	}
	if _, err := s.EraseAccount(t.Context(), "acc_1", noon); err != nil {
		t.Fatal(err)
	}
	if mine, hers := passkeysOf(t, s, "acc_1"), passkeysOf(t, s, "acc_2"); len(mine) != 0 || len(hers) != 1 {
		t.Errorf("after the erasure: %+v, %+v", mine, hers)
	}
	gone := credential.Answer{Passkey: k, Count: 9, Challenge: "late", Expires: at}
	if used, err := s.UsePasskey(t.Context(), gone, at); used || err != nil {
		t.Errorf("a passkey that is gone: %v, %v", used, err)
	}
}
