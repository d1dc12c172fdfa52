package cli

import (
	"slices"
	"testing"
	"time"
)

func TestDays(t *testing.T) {
	for text, want := range map[string][]time.Duration{"30,7": {30 * oneDay, 7 * oneDay}, "7, 30,7": {30 * oneDay, 7 * oneDay}, "366": {366 * oneDay}, "none": {}} {
		var v daysValue
		if err := v.Set(text); err != nil || v == nil || !slices.Equal(v, want) {
			t.Errorf("%q: %v, %v; want %v", text, v, err, want)
		}
	}
	for _, text := range []string{"", ",", "0", "-1", "367", "1.5", "30d", "30,none"} {
		v := daysValue{oneDay}
		if err := v.Set(text); err == nil || v.String() != "1" {
			t.Errorf("%q: %v, %v", text, v, err)
		}
	}
	for want, v := range map[string]daysValue{"": nil, "none": {}, "30,7": {30 * oneDay, 7 * oneDay}} {
		if got := v.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
