package usage_test

import (
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// An event is found in the hour in which it is billed, which may be later than its own, and by its source and licence only.
func TestAnEventIsFoundAgain(t *testing.T) {
	c, clk := config(t)
	in := open(t, c)
	first := core.HourOf(noon)
	accept(t, in, event("a", "1"), event("b", "2"))
	clk.Set(noon.Add(time.Hour))
	if err := in.Cut(t.Context(), "", first); err != nil {
		t.Fatal(err)
	}
	late := event("c", "3")
	late.Source = "desk"
	accept(t, in, late)
	for _, want := range []struct {
		source, id string
		license    core.LicenseID
		from, hour core.Hour
	}{
		{"", "b", "lic_1", first, first}, {"desk", "c", "lic_1", first, first + 1}, {"desk", "c", "lic_1", first + 1, first + 1},
		{"", "c", "lic_1", first, 0}, {"", "b", "lic_2", first, 0}, {"", "b", "lic_1", first + 1, 0}, {"", "d", "lic_1", first - 3, 0},
	} {
		e, ok, err := in.Find(t.Context(), want.source, want.id, want.license, want.from)
		if err != nil || ok != (want.hour != 0) || ok && (e.Hour != want.hour || e.ID != want.id || e.Late != (want.id == "c")) {
			t.Errorf("%+v: found %+v, %v, %v", want, e, ok, err)
		}
	}
}
