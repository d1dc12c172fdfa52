package api

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"

	"souk.dev/souk/internal/gateway/usage"
)

const usual = `{"id":"e1","source":"meter 7","license":"arn:1","dimension":"gb","quantity":"12.50","time":"2026-11-01T10:15:00.25+01:00","tags":{"BusinessUnit":"Ops","Größe":"L"}}`

func TestUsualEventsNeedNoJSONPackage(t *testing.T) {
	for _, text := range []string{usual, "[" + usual + " ,\n" + usual + "]", "[]", "{}",
		` { "license" : { "account":"111122223333", "product":"p" }, "quantity" : -0.5E+7 } `} {
		if _, ok := scanPlain(text); !ok {
			t.Errorf("not read: %s", text)
		}
	}
}

// Whatever is written unusually, or wrongly, is left to encoding/json.
func TestUnusualEventsAreLeftToTheJSONPackage(t *testing.T) {
	for _, text := range []string{"", "{", "[", `{"id":"a"} x`, `{"id":"a"},`, `[{"id":"a"},]`, `{"id":"\u0061"}`, `{"id":"a","id":"b"}`, `{"ID":"a"}`,
		`{"id":7}`, `{"id":null}`, `{"what":1}`, `{"quantity":01}`, `{"quantity":.5}`, `{"quantity":1.}`, `{"quantity":1e}`, `{"quantity":+1}`, `{"quantity":true}`,
		`{"time":"yesterday"}`, `{"time":""}`, "{\"id\":\"a\nb\"}", "{\"id\":\"\xff\"}", `{"tags":{"a":1}}`, `{"license":{"account":"a","who":"b"}}`} {
		if events, ok := scanPlain(text); ok {
			t.Errorf("%s was read as %+v", text, events)
		}
	}
}

// What the scanner reads, it must read as encoding/json does.
func FuzzScanner(f *testing.F) {
	for _, text := range []string{usual, "[" + usual + "," + usual + "]", `{"license":{"account":"a","product":"p"},"quantity":1e5,"tags":{}}`, `{"id":"\ud800"}`, `{"quantity":"x"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		events, ok := scanPlain(string(body))
		if !ok {
			return
		}
		want, err := parsePlain(bytes.TrimSpace(body))
		if err != nil {
			t.Fatalf("read %q, and encoding/json says %v", body, err)
		}
		if len(events) != len(want.events) || len(want.bad) > 0 {
			t.Fatalf("%q: %d events, want %d, and %+v", body, len(events), len(want.events), want.bad)
		}
		for i := range events {
			if !sameEvent(events[i], want.events[i]) {
				t.Fatalf("%q: event %d is %+v, want %+v", body, i, events[i], want.events[i])
			}
		}
	})
}

func sameEvent(a, b usage.Event) bool {
	same := a.Time.Equal(b.Time)
	a.Time = b.Time
	return same && reflect.DeepEqual(a, b)
}

// BenchmarkDecode reads bodies of a hundred events, as the door does and as encoding/json alone would.
func BenchmarkDecode(b *testing.B) {
	var body []byte
	for i := range 100 {
		body = fmt.Appendf(body, `,{"id":"%016x-4b1d-9a3e","license":"arn:aws:license-manager::294406891311:license:l-1","dimension":"gb","quantity":"1.25","time":"2026-11-17T12:10:00Z","tags":{"BusinessUnit":"Operations"}}`, i)
	}
	body[0] = '['
	body = append(body, ']')
	for name, read := range map[string]func([]byte) (told, error){"scanner": decodePlain, "encoding-json": parsePlain} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if t, err := read(body); err != nil || len(t.events) != 100 {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*100/b.Elapsed().Seconds(), "events/s")
		})
	}
}
