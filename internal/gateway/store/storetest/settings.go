package storetest

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"souk.dev/souk/internal/gateway/seal"
)

// Settings is what every engine must do for package seal, and whoever else keeps a setting.
func Settings(t *testing.T, open func(t *testing.T) seal.Settings) {
	t.Run("TwentyWritersLoseNothing", func(t *testing.T) { twentyWriters(t, open(t)) })
	t.Run("FailedChangeChangesNothing", func(t *testing.T) { failedChange(t, open(t)) })
}

func twentyWriters(t *testing.T, s seal.Settings) {
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := s.ChangeSetting(t.Context(), "n", func(old string) (string, error) {
				n, _ := strconv.Atoi(old) // "" is 0
				return strconv.Itoa(n + 1), nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	same := func(old string) (string, error) { return old, nil }
	if got, err := s.ChangeSetting(t.Context(), "n", same); err != nil || got != "20" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := s.ChangeSetting(t.Context(), "other", same); err != nil || got != "" {
		t.Errorf("got %q, %v", got, err)
	}
}

func failedChange(t *testing.T, s seal.Settings) {
	put := func(text string, err error) func(string) (string, error) {
		return func(string) (string, error) { return text, err }
	}
	if _, err := s.ChangeSetting(t.Context(), "n", put("first", nil)); err != nil {
		t.Fatal(err)
	}
	no := errors.New("no")
	if _, err := s.ChangeSetting(t.Context(), "n", put("second", no)); !errors.Is(err, no) {
		t.Errorf("got %v", err)
	}
	if got, _ := s.ChangeSetting(t.Context(), "n", func(old string) (string, error) { return old, nil }); got != "first" {
		t.Errorf("got %q", got)
	}
}
