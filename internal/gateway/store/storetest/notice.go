package storetest

import (
	"slices"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/license"
)

// Notices is what every store of notices must do, together with the store of licences that settles them.
func Notices(t *testing.T, open func(t *testing.T) (intake.Store, license.Store)) {
	t.Run("KeptOnceCountedOften", func(t *testing.T) { n, _ := open(t); keptOnce(t, n) })
	t.Run("NonsenseIsKept", func(t *testing.T) { n, _ := open(t); nonsenseIsKept(t, n) })
	t.Run("SettledWithTheChange", func(t *testing.T) { n, l := open(t); settledWithTheChange(t, n, l) })
	t.Run("NewestFirstByPages", func(t *testing.T) { n, _ := open(t); newestFirst(t, n) })
	t.Run("ReadAgain", func(t *testing.T) { n, _ := open(t); readAgain(t, n) })
	t.Run("PutAsideAndLookedAtAgain", func(t *testing.T) { n, l := open(t); putAside(t, n, l) })
}

func aNotice(key string, at time.Time) intake.Notice {
	return intake.Notice{Key: key, Way: intake.ByTopic, Channel: intake.EventBridge, Kind: "License Updated", Role: "Manufacturer", ProductCode: "p", MessageID: "m-" + key, EventID: "e-" + key, At: at,
		SentAt: at.Add(time.Second), ReceivedAt: at.Add(2 * time.Second), Body: `{"a":"ü"}`, Outcome: intake.Received}
}

func keep(t *testing.T, s intake.Store, n intake.Notice) intake.Notice {
	t.Helper()
	kept, err := s.KeepNotice(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func keptOnce(t *testing.T, s intake.Store) {
	first := aNotice("k", noon)
	keep(t, s, first)
	again := aNotice("k", noon.Add(time.Hour))
	again.Body, again.Role, again.Outcome = "other", "Proposer", intake.Poison
	want := first
	want.Deliveries, want.LastAt = 2, again.ReceivedAt
	if got := keep(t, s, again); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got, err := s.NoticeByKey(t.Context(), "k"); err != nil || got != want {
		t.Errorf("read: %+v, %v", got, err)
	}
	if _, err := s.NoticeByKey(t.Context(), "none"); !fail.Is(err, fail.NotFound) {
		t.Errorf("a notice that is not there: %v", err)
	}
}

// What is no text must be kept as well as it can be, once, and not be refused: the queue would bring it for ever.
func nonsenseIsKept(t *testing.T, s intake.Store) {
	n := aNotice("k\x00", noon)
	n.Kind, n.MessageID, n.Body, n.Outcome = "kind\xff", "m\x00", "a\x00b\xffc", intake.Poison
	want := n
	want.Key, want.Kind, want.MessageID, want.EventID, want.Body = "k\uFFFD", "kind\uFFFD", "m\uFFFD", "e-k\uFFFD", "a\uFFFDb\uFFFDc"
	want.Deliveries, want.LastAt = 2, n.ReceivedAt
	keep(t, s, n)
	if got := keep(t, s, n); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func waiting(t *testing.T, s intake.Store, after string, limit int) (keys []string) {
	t.Helper()
	ns, err := s.WaitingNotices(t.Context(), after, limit)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range ns {
		keys = append(keys, n.Key)
	}
	return keys
}

func settledWithTheChange(t *testing.T, s intake.Store, l license.Store) {
	for _, k := range []string{"c", "a", "b"} {
		keep(t, s, aNotice(k, noon))
	}
	if got := waiting(t, s, "", 2); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("waiting: %v", got)
	}
	if got := waiting(t, s, "b", 2); !slices.Equal(got, []string{"c"}) {
		t.Errorf("waiting after b: %v", got)
	}
	commit(t, l, license.Change{Verdicts: []license.Verdict{{Note: "b", License: "lic_1", Outcome: license.Applied, Why: "w"}}})
	if got := waiting(t, s, "", 9); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("waiting after b was settled: %v", got)
	}
	if n, err := s.NoticeByKey(t.Context(), "b"); err != nil || n.Outcome != license.Applied || n.Why != "w" || n.License != "lic_1" {
		t.Errorf("%+v, %v", n, err)
	}
}

func newestFirst(t *testing.T, s intake.Store) {
	for i, k := range []string{"a", "b", "c", "d", "e"} {
		keep(t, s, aNotice(k, noon.Add(time.Duration(i/2)*time.Hour))) // a and b, c and d at the same instant
	}
	var got []string
	q := intake.Query{Limit: 2}
	for {
		ns, err := s.Notices(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(ns) == 0 {
			break
		}
		for _, n := range ns {
			got = append(got, n.Key)
		}
		last := ns[len(ns)-1]
		q.Before, q.BeforeKey = last.ReceivedAt, last.Key
	}
	if want := []string{"e", "d", "c", "b", "a"}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if ns, err := s.Notices(t.Context(), intake.Query{Limit: 9, Kind: "other"}); err != nil || len(ns) != 0 {
		t.Errorf("of another kind: %v, %v", ns, err)
	}
	if ns, err := s.Notices(t.Context(), intake.Query{Limit: 9, Outcome: intake.Received}); err != nil || len(ns) != 5 {
		t.Errorf("received: %v, %v", ns, err)
	}
}

func readAgain(t *testing.T, s intake.Store) {
	n := keep(t, s, aNotice("k", noon))
	other := keep(t, s, aNotice("o", noon))
	now := n
	now.Channel, now.Kind, now.Role, now.ProductCode, now.At, now.Outcome, now.Why = intake.SNS, "subscribe-success", "", "q", noon.Add(time.Minute), intake.Unknown, "w"
	asked := now
	asked.Body, asked.Deliveries, asked.Way, asked.License = "not kept", 9, intake.FromQueue, "lic_x" // they stay as they are
	if err := s.RereadNotice(t.Context(), asked); err != nil {
		t.Fatal(err)
	}
	for _, want := range []intake.Notice{now, other} {
		if got, err := s.NoticeByKey(t.Context(), want.Key); err != nil || got != want {
			t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
		}
	}
	if ns, err := s.Notices(t.Context(), intake.Query{Limit: 9, Way: intake.FromQueue}); err != nil || len(ns) != 0 {
		t.Errorf("by the queue: %v, %v", ns, err)
	}
	if ns, err := s.Notices(t.Context(), intake.Query{Limit: 9, Way: intake.ByTopic}); err != nil || len(ns) != 2 {
		t.Errorf("by topics: %v, %v", ns, err)
	}
}

func putAside(t *testing.T, s intake.Store, l license.Store) {
	keep(t, s, aNotice("a", noon))
	commit(t, l, license.Change{Verdicts: []license.Verdict{{Note: "a", Outcome: license.Unserved, Why: "w"}}})
	codes, err := s.UnservedProducts(t.Context())
	if err != nil || !slices.Equal(codes, []core.ProductCode{"p"}) {
		t.Fatalf("%v, %v", codes, err)
	}
	if err := s.ReconsiderProduct(t.Context(), "q"); err != nil {
		t.Fatal(err)
	}
	if got := waiting(t, s, "", 9); got != nil {
		t.Errorf("another product's: %v", got)
	}
	if err := s.ReconsiderProduct(t.Context(), "p"); err != nil {
		t.Fatal(err)
	}
	if got := waiting(t, s, "", 9); !slices.Equal(got, []string{"a"}) {
		t.Errorf("waiting: %v", got)
	}
}
