package api

import (
	"encoding/json"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/usage"
)

// The answer is written by hand, for speed, as encoding/json would write it.
func TestCheckIsWrittenAsJSON(t *testing.T) {
	at := time.Date(2026, 11, 1, 12, 0, 0, 123_000, time.UTC)
	for _, c := range []checkOut{
		{}, {Allowed: true, Reason: entitlement.Entitled, Why: "Yes.", Entitled: entitlement.Integer(10), Used: (*decimal)(new(usage.Whole(3))), ExpiresAt: at, AsOf: at},
		{Reason: entitlement.Exceeded, Why: `a "quoted" <b> & ü ` + "\n\u2028", Entitled: entitlement.String(`x"<`)},
		{Entitled: entitlement.Double(0.5)}, {Entitled: entitlement.Boolean(false)},
	} {
		want, err := json.Marshal(c)
		if got := appendCheck(nil, c); err != nil || string(got) != string(want) {
			t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
		}
	}
}

func TestQueryValue(t *testing.T) {
	for raw, want := range map[string]string{
		"": "", "dimension=users": "users", "a=b&dimension=us%20ers+x&dimension=y": "us ers x", "dimensions=no": "", "dimension": "", "&&dimension=a=b": "a=b",
	} {
		if got, err := queryValue(raw, "dimension"); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", raw, got, err, want)
		}
	}
	if _, err := queryValue("dimension=%zz", "dimension"); err == nil {
		t.Error("a broken escape was read")
	}
}
