package audit

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// sheet is a store in memory.
type sheet struct {
	entries []Entry
	broken  error
}

func (s *sheet) AppendEntry(_ context.Context, next func(Entry) Entry) error {
	if s.broken != nil {
		return s.broken
	}
	var newest Entry
	if n := len(s.entries); n > 0 {
		newest = s.entries[n-1]
	}
	next(newest) // it may run twice
	s.entries = append(s.entries, next(newest))
	return nil
}

func (s *sheet) Entries(context.Context, int64, int) ([]Entry, error) { return s.entries, nil }

func (s *sheet) EachEntry(_ context.Context, yield func(Entry) error) error {
	for _, e := range s.entries {
		if err := yield(e); err != nil {
			return err
		}
	}
	return nil
}

var noon = time.Date(2026, 11, 1, 12, 0, 0, 123456789, time.UTC)

func TestNothingIsDoneThatTheLogDoesNotKnowOf(t *testing.T) {
	s := &sheet{}
	log := New(s, clock.NewVirtual(noon))
	by := Actor{"op_1", "ida@example.com", "203.0.113.7"}
	did := false
	if err := log.Do(t.Context(), by, KeyRevoked, "key_1", "", func() error { did = len(s.entries) == 1; return nil }); err != nil || !did {
		t.Errorf("the entry was not there when it was done: %v", err)
	}
	refused := fail.New(fail.Conflict, "notice_done", "No.")
	if err := log.Do(t.Context(), by, NoticeReplayed, "n", "", func() error { return refused }); !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	if last := s.entries[len(s.entries)-1]; len(s.entries) != 3 || last.Action != NotDone || last.Detail != "notice.replay: notice_done" {
		t.Errorf("%+v", s.entries)
	}
	s.broken = errors.New("the disk is full")
	if err := log.Do(t.Context(), by, KeyRevoked, "key_2", "", func() error { t.Error("it was done without an entry"); return nil }); !errors.Is(err, s.broken) {
		t.Errorf("got %v", err)
	}
}

func TestLongTextsAreCutInWholeCharacters(t *testing.T) {
	s := &sheet{}
	if err := New(s, clock.NewVirtual(noon)).Note(t.Context(), Actor{}, KeyMade, "a"+strings.Repeat("é", 400), ""); err != nil {
		t.Fatal(err)
	}
	if got := s.entries[0].Subject; len(got) > maxText || len(got) < maxText-4 || !utf8.ValidString(got) {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

// TestAnyChangeShows changes any one thing in any log: an entry's field, an entry taken out of the middle, two that change
// places, one put in.
func TestAnyChangeShows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &sheet{}
		log := New(s, clock.NewVirtual(noon))
		n := rapid.IntRange(2, 8).Draw(t, "entries")
		for range n {
			if err := log.Note(t.Context(), Actor{ID: "op_1", Name: rapid.StringN(0, 5, 20).Draw(t, "name")}, KeyMade, rapid.StringN(0, 5, 20).Draw(t, "subject"), ""); err != nil {
				t.Fatal(err)
			}
		}
		if r, err := Check(t.Context(), s, s.entries[n-1].Hash); err != nil || len(r.Breaches) > 0 {
			t.Fatalf("a sound log: %v, %v", r.Breaches, err)
		}
		head := s.entries[n-1].Hash
		i := rapid.IntRange(0, n-2).Draw(t, "at") // the last is guarded by its witness alone
		switch e := &s.entries[i]; rapid.IntRange(0, 8).Draw(t, "what") {
		case 0:
			e.At = e.At.Add(time.Microsecond)
		case 1:
			e.By.ID += "x"
		case 2:
			e.By.Name += "x"
		case 3:
			e.By.From += "x"
		case 4:
			e.Action = KeyRevoked
		case 5:
			e.Subject, e.Detail = e.Subject+"x", ""
		case 6: // written anew by who knows how, without all that follows
			e.Detail = "x"
			e.Hash = e.hash()
		case 7:
			s.entries = slices.Delete(s.entries, i, i+1)
		case 8:
			s.entries[i], s.entries[i+1] = s.entries[i+1], s.entries[i]
		}
		if r, err := Check(t.Context(), s, head); err != nil || len(r.Breaches) == 0 {
			t.Fatalf("it does not show: %+v, %v", s.entries, err)
		}
	})
}
