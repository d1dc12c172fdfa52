package client

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A spool that grows large is written anew, with what waits alone.
func TestALargeSpoolShrinks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool")
	s, _, err := openSpool(path)
	if err != nil {
		t.Fatal(err)
	}
	big := Event{ID: "big", Quantity: "1", Tags: map[string]string{"x": strings.Repeat("y", spoolSlack)}}
	small := Event{ID: "small", Quantity: "1"}
	for _, e := range []Event{big, small} {
		if err := s.add([]Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.keep([]Event{small}); err != nil {
		t.Fatal(err)
	}
	if err := s.add([]Event{{ID: "next", Quantity: "1"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	again, events, err := openSpool(path)
	if err != nil || len(events) != 2 || events[0].ID != "small" || events[1].ID != "next" {
		t.Fatalf("%+v, %v", events, err)
	}
	if err := again.close(); err != nil {
		t.Fatal(err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

// Whatever is in the file, reading it neither panics nor invents an event, and what was read is written back as it was.
func FuzzSpool(f *testing.F) {
	f.Add([]byte(`{"id":"a","license":"lic_1","dimension":"d","quantity":"1"}` + "\n" + `{"id":"b","license":{"account":"x","product":"y"},"quantity":"2","time":"2026-11-01T10:00:00Z","tags":{"a":"b"}}` + "\n" + `{"id":`))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, whole, err := readSpool(data)
		if err != nil {
			return
		}
		if n := bytes.Count(data[:whole], []byte("\n")); n != len(events) || bytes.IndexByte(data[whole:], '\n') >= 0 {
			t.Fatalf("%d events of %d lines, and then %q", len(events), n, data[whole:])
		}
		text, err := linesOf(events)
		if err != nil {
			return // an instant outside of what can be written
		}
		back, _, err := readSpool(text)
		if err != nil || fmt.Sprint(back) != fmt.Sprint(events) {
			t.Fatalf("%v\nread back as %v, %v", events, back, err)
		}
	})
}
