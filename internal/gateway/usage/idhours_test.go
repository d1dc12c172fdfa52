package usage

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestIDsNameHours(t *testing.T) {
	hour := func(s string) idHour {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return idHour(at.Unix() / 3600)
	}
	for id, want := range map[string]idHour{
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398f":  hour("2022-02-22T19:00:00Z"), // RFC 9562, appendix A.6
		"017F22E2-79B0-7CC3-98C4-DC0C0C07398F":  hour("2022-02-22T19:00:00Z"),
		"01ARZ3NDEKTSV4RRFFQ69G5FAV":            hour("2016-07-30T23:00:00Z"), // the ULID specification's
		"01arz3ndektsv4rrffq69g5fav":            hour("2016-07-30T23:00:00Z"),
		"919108f7-52d1-4320-9bac-f847db4148a8":  0, // version 4
		"017f22e279b07cc398c4dc0c0c07398f":      0,
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398":   0,
		"00000000-0000-7cc3-98c4-dc0c0c07398f":  0, // 1970
		"ffffffff-ffff-7cc3-98c4-dc0c0c07398f":  0,
		"7ZZZZZZZZZZZZZZZZZZZZZZZZZ":            0,
		"":                                      0,
		"e1":                                    0,
		"invoice-2026-11-24-000001-line":        0,
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398f0": 0,
	} {
		if got := hourNamed(id); got != want {
			t.Errorf("%q names %d, want %d", id, got, want)
		}
	}
}

func TestHoursOfARunAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hours := rapid.SliceOfDistinct(rapid.Int32Range(firstIDHour, lastIDHour-1), rapid.ID).Draw(t, "hours")
		var s idHours
		for _, h := range hours {
			s.note(idHour(h))
			s.note(idHour(h))
			s.note(0)
		}
		list := s.list()
		got, err := decodeHours(encodeHours(list))
		if err != nil || !slices.Equal(got, list) || !slices.IsSorted(list) || len(list) != len(hours) || got == nil {
			t.Fatalf("%d of %v came back as %v, %v", list, hours, got, err)
		}
	})
}

func TestARunWithTooManyHoursKnowsNone(t *testing.T) {
	few, many := idHours{}, idHours{}
	for h := range mostIDHours + 10 {
		many.note(firstIDHour + idHour(h))
		if h < mostIDHours {
			few.note(firstIDHour + idHour(h))
		}
	}
	if n := len(few.list()); n != mostIDHours {
		t.Errorf("%d hours", n)
	}
	if many.list() != nil || hoursOfAll([]*run{{hours: few.list()}, {hours: []idHour{lastIDHour - 1}}}) != nil || hoursOfAll([]*run{{hours: few.list()}, {}}) != nil {
		t.Error("it knows its hours")
	}
	if got, err := decodeHours(encodeHours(nil)); got != nil || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if r := (&run{}); !r.names(firstIDHour) {
		t.Error("a run that does not know its hours has not the id")
	}
}

// FuzzHours reads hours as they are in a database: what is not refused is what was written.
func FuzzHours(f *testing.F) {
	f.Add([]byte{})
	f.Add(encodeHours([]idHour{}))
	f.Add(encodeHours([]idHour{firstIDHour, firstIDHour + 1, lastIDHour - 1}))
	f.Add([]byte{2, 1, 0})
	f.Add([]byte{0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		hours, err := decodeHours(b)
		if err != nil {
			return
		}
		if len(b) > 0 && b[0] == 0xff && len(hours) == 0 || !slices.IsSorted(hours) || len(hours) > mostIDHours {
			t.Errorf("%v", hours)
		}
		if again, err := decodeHours(encodeHours(hours)); err != nil || !slices.Equal(again, hours) {
			t.Errorf("%v came back as %v, %v", hours, again, err)
		}
	})
}

// FuzzHourNamed takes any text for an id.
func FuzzHourNamed(f *testing.F) {
	for _, id := range []string{"", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "0\xff\x00"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if h := hourNamed(id); h != 0 && (h < firstIDHour || h >= lastIDHour || len(id) != 36 && len(id) != 26) {
			t.Errorf("%q names %d", id, h)
		}
	})
}
