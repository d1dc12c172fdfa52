package main

import "testing"

func TestOutputOfGoTestBecomesRows(t *testing.T) {
	m := parse([]byte(`goos: linux
BenchmarkIngest/256x1-2   	  200000	        77.30 %floor	    327770 events/s	    4240290 floor-events/s
BenchmarkHour   	  1	        0.5 s
PASS
`))
	if len(m) != 2 || m["Hour"]["s"] != 0.5 {
		t.Fatalf("%v", m)
	}
	got := fill("{events/s} of {floor-events/s}, {%floor} %, {missing}", m["Ingest/256x1"])
	if want := "327.8 k of 4.24 M, 77 %, ?"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
