package client

import (
	"encoding/json"
	"reflect"
	"regexp"
	"testing"
	"time"
)

func TestEventJSON(t *testing.T) {
	at := time.Date(2026, 11, 1, 10, 15, 0, 0, time.UTC)
	for want, e := range map[string]Event{
		`{"id":"a","license":"lic_1","dimension":"pages","quantity":"12.5","time":"2026-11-01T10:15:00Z","tags":{"BusinessUnit":"Ops"}}`: {ID: "a", License: "lic_1",
			Dimension: "pages", Quantity: "12.5", Time: at, Tags: map[string]string{"BusinessUnit": "Ops"}},
		`{"id":"b","license":{"account":"acc_1","product":"code"},"dimension":"pages","quantity":"3"}`: {ID: "b", Account: "acc_1", Product: "code",
			Dimension: "pages", Quantity: Whole(3)},
	} {
		got, err := json.Marshal(e)
		if err != nil || string(got) != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
		var back Event
		if err := json.Unmarshal(got, &back); err != nil || !reflect.DeepEqual(back, e) {
			t.Errorf("read back %+v, %v; want %+v", back, err, e)
		}
	}
	var e Event
	if json.Unmarshal([]byte(`{"license":7}`), &e) == nil {
		t.Error("a number was taken for a license")
	}
}

func TestNewIDGrowsWithTime(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	at := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	before := ""
	for range 100 {
		at = at.Add(time.Millisecond)
		id := newID(at)
		if !form.MatchString(id) || id <= before {
			t.Fatalf("%s after %s: not a UUID of version 7 that grows", id, before)
		}
		before = id
	}
	if a, b := NewID(), NewID(); a == b {
		t.Error("the same ID twice")
	}
}

func TestWaitIsBounded(t *testing.T) {
	c, err := New("http://x", "k", WithRetries(9, 100*time.Millisecond, time.Second))
	if err != nil {
		t.Fatal(err)
	}
	for attempt := 1; attempt < 100; attempt++ {
		if d := c.wait(attempt, &awayError{}); d <= 0 || d > time.Second {
			t.Errorf("after attempt %d: %v; want more than 0 and at most 1s", attempt, d)
		}
	}
	if d := c.wait(1, &Problem{RetryAfter: 700 * time.Millisecond}); d != 700*time.Millisecond {
		t.Errorf("asked for 700ms, waits %v", d)
	}
	if d := c.wait(1, &Problem{RetryAfter: time.Hour}); d != time.Second {
		t.Errorf("asked for an hour, waits %v; want the longest of the options", d)
	}
}
