package usage

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"souk.dev/souk/internal/gateway/core"
)

func TestSegmentsComeBackAsTheyWere(t *testing.T) {
	text := rapid.StringN(0, 40, -1)
	entry := rapid.Custom(func(t *rapid.T) *Entry {
		e := &Entry{Source: text.Draw(t, "source"), ID: text.Draw(t, "id"), License: core.LicenseID(text.Draw(t, "license")),
			Dimension: core.Dimension(text.Draw(t, "dimension")), Quantity: Quantity{rapid.Uint64().Draw(t, "hi"), rapid.Uint64().Draw(t, "lo")},
			Time: rapid.Int64Range(-1<<55, 1<<55).Draw(t, "time"), Untimed: rapid.Bool().Draw(t, "untimed"), Received: rapid.Int64Range(0, 1<<55).Draw(t, "received"),
			Hour: core.Hour(rapid.Int64Range(0, 1<<30).Draw(t, "hour")), Late: rapid.Bool().Draw(t, "late"), Unbillable: text.Draw(t, "reason")}
		if e.Meter = rapid.SampledFrom([]core.Meter{core.Sum, core.Max, "unique:user"}).Draw(t, "meter"); e.Meter != core.Sum && e.Late {
			e.Adds = Quantity{0, rapid.Uint64().Draw(t, "adds")}
		}
		if tags := rapid.MapOfN(text, text, 0, 5).Draw(t, "tags"); len(tags) > 0 {
			e.Tags = tags
		}
		return e
	})
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(entry, 1, 20).Draw(t, "entries")
		s := Segment{Seq: 1, Events: len(want), Body: pack(want, want[0].Received)}
		var got []*Entry
		if err := s.Each(func(e *Entry) error { c := *e; got = append(got, &c); return nil }); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		e := want[rapid.IntRange(0, len(want)-1).Draw(t, "which")]
		first := want[slices.IndexFunc(want, func(o *Entry) bool { return o.ID == e.ID && o.Source == e.Source })]
		if found, ok, err := s.Find(e.Source, e.ID); err != nil || !ok || !reflect.DeepEqual(&found, first) {
			t.Fatalf("found %+v, %t, %v; want %+v", found, ok, err, first)
		}
		if _, ok, err := s.Find(e.Source+"?", e.ID); ok || err != nil {
			t.Fatalf("found an event of another source, %v", err)
		}
		s.Events++
		if s.Each(func(*Entry) error { return nil }) == nil {
			t.Fatal("a missing event was not noticed")
		}
	})
}

// Packing trusts this to tell any two lists of entries apart.
func TestADigestSeesEveryField(t *testing.T) {
	sumOf := func(es ...Entry) [32]byte {
		d := newDigest()
		for i := range es {
			d.add(&prepared{Entry: es[i], tags: string(appendTags(nil, es[i].Tags))})
		}
		return d.sum()
	}
	e := Entry{ID: "a", Meter: core.Sum}
	seen := map[[32]byte]string{sumOf(e): "none", sumOf(): "no entry", sumOf(e, e): "twice"}
	v := reflect.ValueOf(&Entry{}).Elem()
	for i := range v.NumField() {
		changed, name := e, v.Type().Field(i).Name
		switch f := reflect.ValueOf(&changed).Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString("other")
		case reflect.Int64:
			f.SetInt(7)
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Map:
			changed.Tags = map[string]string{"k": "v"}
		case reflect.Struct:
			f.Set(reflect.ValueOf(Whole(3)))
		default:
			t.Fatalf("%s is a %s", name, f.Kind())
		}
		sum := sumOf(changed)
		if other, twice := seen[sum]; twice {
			t.Errorf("a change of %s is not seen beside %s", name, other)
		}
		seen[sum] = name
	}
	if b := (Entry{ID: "b", Meter: core.Sum}); sumOf(e, b) == sumOf(b, e) {
		t.Error("the order is not seen")
	}
}

func pack(entries []*Entry, base int64) []byte {
	var ps []*prepared
	for _, e := range entries {
		ps = append(ps, &prepared{Entry: *e, tags: string(appendTags(nil, e.Tags))})
	}
	body, _ := encodeSegment(ps, base, packer)
	return body
}

func TestASegmentKnowsItsLicences(t *testing.T) {
	wrong, asked := 0, 0
	for n := range 300 {
		var ps []*prepared
		for i := range n + 1 {
			id := core.LicenseID(fmt.Sprint("lic_", n, "_", i/2))
			ps = append(ps, &prepared{Entry: Entry{ID: fmt.Sprint(i), Source: string(id), License: id}})
		}
		var s Segment
		s.Body, s.Licenses = encodeSegment(ps, 0, packer)
		for _, p := range ps {
			if !s.MayHave(p.License) {
				t.Fatalf("%d licences: %s is not known", n/2, p.License)
			}
		}
		for i := range 100 {
			if asked++; s.MayHave(core.LicenseID(fmt.Sprint("other_", n, "_", i))) {
				wrong++
			}
		}
	}
	if wrong*50 > asked {
		t.Errorf("%d of %d others may be in", wrong, asked)
	}
	if !(Segment{}).MayHave("any") {
		t.Error("a segment that says nothing may have any")
	}
}

// Segments as earlier formats had them. They must be readable for ever: the log is the audit trail.
const (
	segmentV1 = "0128b52ffd0400f901008084a1e18389850602066d6574657231026531056c69635f31026762008080f3bd9fdd02ff83af5f00bcd23900010c427573696e657373556e6974034f7073ba818ebb"
	segmentV2 = "0228b52ffd0400b903008084a1e1838985060200066d657465723102653100056c69635f3100026762008080f3bd9fdd02ff83af5f0000000000110c427573696e657373556e6974034f707307000b756e697175653a757365720080a094a58d1d010265320203008080f3bd9fdd02ff83af5f0000000961667465725f656e6405d389c4bb"
)

func TestEarlierFormatsStayReadable(t *testing.T) {
	first := &Entry{Source: "meter1", ID: "e1", License: "lic_1", Dimension: "gb", Quantity: Whole(12), Time: 1_700_000_000_000_000, Received: 1_700_000_100_000_000,
		Hour: 472222, Late: true, Tags: map[string]string{"BusinessUnit": "Ops"}}
	second := *first
	second.ID, second.Untimed, second.Meter, second.Adds, second.Unbillable = "e2", true, "unique:user", Whole(1), ReasonAfterEnd
	for text, want := range map[string][]*Entry{segmentV1: {first}, segmentV2: {first, &second}} {
		raw, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		var got []*Entry
		if err := (Segment{Seq: 1, Events: len(want), Body: raw}).Each(func(e *Entry) error { c := *e; got = append(got, &c); return nil }); err != nil {
			t.Fatalf("format %d: %v", raw[0], err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("format %d: got %+v, want %+v", raw[0], got, want)
		}
	}
}

func FuzzSegment(f *testing.F) {
	two := []*Entry{{ID: "a", License: "l", Dimension: "d", Quantity: Whole(1)}, {ID: "b", License: "l", Dimension: "d", Tags: map[string]string{"k": "v"}}}
	rows, err := hex.DecodeString(segmentV2)
	if err != nil {
		f.Fatal(err)
	}
	for _, body := range [][]byte{pack(two[:1], 0), pack(two, 0), rows} {
		raw, err := unpacker.DecodeAll(body[1:], nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		// Whatever is in it, reading ends, and does not panic.
		for _, format := range []byte{formatV1, formatV2, formatV3} {
			_ = Segment{Seq: 1, Events: 2, Body: packer.EncodeAll(raw, []byte{format})}.Each(func(*Entry) error { return nil })
			_ = Segment{Seq: 1, Events: 1, Body: append([]byte{format}, raw...)}.Each(func(*Entry) error { return nil })
		}
	})
}
