package webui

import "testing"

func TestBarsAreAsHighAsTheirAmounts(t *testing.T) {
	b := Bars{What: "Pages", Unit: "pages", Bars: []Bar{{"1 Nov", "1200"}, {"2 Nov", "0"}, {"3 Nov", "600.5"}, {"4 Nov", "0.000001"}, {"5 Nov", "?"}}}
	want := []Column{
		{"1.50", "0.00", "7.00", "48.00", "1 Nov: 1,200 pages"}, {"11.50", "47.40", "7.00", "0.60", "2 Nov: 0 pages"},
		{"21.50", "23.98", "7.00", "24.02", "3 Nov: 600.5 pages"}, {"31.50", "46.00", "7.00", "2.00", "4 Nov: 0.000001 pages"},
		{"41.50", "47.40", "7.00", "0.60", "5 Nov: ? pages"},
	}
	for i, c := range b.Columns() {
		if c != want[i] {
			t.Errorf("got  %+v\nwant %+v", c, want[i])
		}
	}
	if got := b.Says(); got != "Pages, from 1 Nov to 5 Nov; the most is 1,200 pages on 1 Nov" || b.Box() != "0 0 50 48" {
		t.Errorf("%q in %s", got, b.Box())
	}
	if got := (Bars{What: "Pages", Bars: []Bar{{"1 Nov", "0"}}}).Says(); got != "Pages: nothing yet" {
		t.Errorf("%q", got)
	}
}
