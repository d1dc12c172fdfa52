package storefront

import (
	"errors"
	"strconv"
	"testing"
)

func TestOnceForgetsFailuresAndTheOldest(t *testing.T) {
	o := newOnce()
	acts := 0
	act := func() (string, error) { acts++; return strconv.Itoa(acts), nil }
	if _, err := o.do("a", func() (string, error) { return "", errors.New("not now") }); err == nil {
		t.Fatal("a failure is not told")
	}
	for range 3 {
		if got, err := o.do("a", act); got != "1" || err != nil {
			t.Fatalf("got %q, %v; want the first result", got, err)
		}
	}
	for i := range onceKept {
		if _, err := o.do("other "+strconv.Itoa(i), act); err != nil {
			t.Fatal(err)
		}
	}
	if len(o.tries) != onceKept || len(o.order) != onceKept {
		t.Errorf("%d tries are kept, want %d", len(o.tries), onceKept)
	}
	if got, _ := o.do("a", act); got == "1" {
		t.Error("the oldest is still remembered")
	}
}
