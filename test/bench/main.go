// Command bench runs the ledger's benchmarks and prints the table of docs/performance.md.
//
//	go run ./test/bench          the quick ones: some four minutes
//	go run ./test/bench -long    an hour of 1,000,000 pairs, and growth to 50 million events, too
//
// The benchmarks are ordinary ones of `go test -bench`; each lets what is measured and what it is measured against take
// turns in one run, so that a busy machine slows both alike.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
)

// suite is one call of go test, and the rows that come of it.
type suite struct {
	pkg, bench, n string // n: its -benchtime
	env           string
	rows          []row
}

// row is one line of the table: texts in which {metric} stands for what the benchmark reported.
type row struct{ bench, what, figure, against, ratio, wanted string }

func http(name, what, wanted string) row {
	return row{"Events/" + name, what, "{events/s} events/s, p99 {p99-ms} ms", "the same server storing nothing: {empty-events/s}; net/http and encoding/json storing nothing: {usual-events/s}",
		"{%empty} %, by processor time {%empty-cpu} %; {%usual} %", wanted}
}

func ingest(name, what, wanted string) row {
	return row{"Ingest/" + name, what, "{events/s} events/s", "appending the same bytes, one sync for all who wait: {floor-events/s}", "{%floor} %", wanted}
}

func postgres(name, what string) row {
	return row{"Postgres/" + name, "storage on PostgreSQL, " + what, "{events/s} events/s", "inserting the same events as rows: {bare-events/s}", "{xbare} times", "2 times"}
}

func nodes(name, what string) []row {
	return []row{{"Nodes/" + name, "`POST /v1/events` on PostgreSQL, " + what, "{one-events/s} events/s; by two nodes {two-events/s}, {xtwo} times; by four {four-events/s}, {xfour} times",
		"on SQLite: {sqlite-events/s}", "{%sqlite} %", ""},
		{"Nodes/" + name, "the same by a node that stands by: processor time of the owner", "{owner-cpu-us} µs an event; of that node {other-cpu-us} µs", "asked itself: {own-cpu-us} µs", "{xowner} times", ""}}
}

func takeover(name, what string) row {
	return row{"Takeover/" + name, "events are taken again after the owner " + what, "median {median-s} s, worst {worst-s} s", "", "", ""}
}

func hour(pairs, name string) suite {
	return suite{"internal/gateway/metering", "Hour", pairs + "x", "", []row{
		{"Hour", "sealing an hour of " + name + " pairs", "{sealed/s} records/s, {sealed-cpu-us} µs of processor time each", "", "", "20,000"},
		{"Hour", "sending them, pace lifted, AWS answering at once", "{sent/s} records/s, {sent-cpu-us} µs each", "", "", "10,000"}}}
}

var quick = []suite{
	{"internal/gateway/usage", "Ingest", "300000x", "", []row{
		ingest("64x1", "storage alone, 64 callers × 1 event", ""),
		ingest("256x1", "storage alone, 256 × 1", "60 %"),
		ingest("8x100", "storage alone, 8 × 100", "60 %")}},
	{"internal/gateway/usage", "Postgres", "200000x", "", []row{postgres("64x1", "64 callers × 1 event"), postgres("256x1", "256 × 1"), postgres("8x100", "8 × 100")}},
	{"internal/gateway/api", "Events/singles", "60000x", "", []row{http("singles/64", "`POST /v1/events`, 1 event, 64 connections", "65 %")}},
	{"internal/gateway/api", "Events/(hundreds|lines)", "2000000x", "", []row{
		http("hundreds/16", "the same, 100 events, 16 connections", "60 %"),
		http("lines-of-1000/8", "the same, NDJSON of 1,000, 8 connections", "70 %")}},
	{"internal/gateway/api", "Decode", "10000x", "", []row{
		{"Decode/scanner", "reading 100 events of a body", "{events/s} events/s", "", "", ""},
		{"Decode/encoding-json", "the same with `encoding/json`", "{events/s} events/s", "", "", ""}}},
	{"internal/gateway/api", "Latency", "50000x", "", []row{
		{"Latency", "5,000 single events a second offered", "p50 {p50-ms} ms, p99 {p99-ms} ms", "", "", "p99 15 ms"},
		{"Latency", "the same while an hour of 100,000 pairs is sealed", "p50 {p50-ms-closing} ms, p99 {p99-ms-closing} ms", "", "p99 {p99-x} times its usual", "twice"}}},
	{"internal/gateway", "Check", "40000x", "", []row{
		{"Check", "`GET /v1/licenses/{id}/check`, 16 connections", "{checks/s} checks/s", "a handler of the same server that does nothing: {empty/s}", "{%empty} %", "70 %"},
		{"Check", "the same, 2,000 a second offered", "p99 {p99-ms} ms", "the same: {empty-p99-ms} ms", "", "1.5 times"}}},
	hour("100000", "100,000"),
	{"test/crash", "Nodes/singles", "60000x", "", nodes("singles/64", "1 event, 64 connections")},
	{"test/crash", "Nodes/hundreds", "1000000x", "", nodes("hundreds/16", "100 events, 16 connections")},
	{"test/crash", "Takeover", "11x", "", []row{takeover("killed", "was killed"), takeover("hangs", "hangs")}},
	{"internal/gateway/metering", "Quota", "1x", "", []row{{"Quota", "sending at AWS's quota, answers after 150 ms", "{%quota} % of 250 records/s", "", "", "98 %"}}},
	{"internal/gateway/usage", "Restart", "1000000x", "", []row{{"Restart", "start after a crash, one million events in the open hour", "{s} s", "", "", "2 s"}}},
}

var long = []suite{
	hour("1000000", "1,000,000"),
	{"internal/gateway/metering", "Growth", "1x", "SOUK_GROWTH=1,10,50", []row{
		growth("1", ""), growth("10", ""), growth("50", "15 % slower at most")}},
}

func growth(millions, wanted string) row {
	m := millions + "M-"
	return row{"Growth", millions + " million events stored, 8 callers × 1,000", "{" + m + "events/s} events/s, {" + m + "sealed/s} sealed/s, {" + m + "B/event} bytes an event", "", "", wanted}
}

func main() {
	all := flag.Bool("long", false, "those that take long, too")
	only := flag.String("only", "", "suites whose benchmark's name has this in it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	suites := quick
	if *all {
		suites = append(suites, long...)
	}
	if err := table(ctx, os.Stdout, suites, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func table(ctx context.Context, out io.Writer, suites []suite, only string) error {
	fmt.Fprint(out, "| what | figure | against | ratio | wanted |\n| --- | --- | --- | --- | --- |\n")
	for _, s := range suites {
		if !strings.Contains(s.bench, only) {
			continue
		}
		c := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-timeout", "60m", "-bench", "^Benchmark"+s.bench, "-benchtime", s.n, "./"+s.pkg)
		if s.env != "" {
			c.Env = append(os.Environ(), s.env)
		}
		text, err := c.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s of %s: %w\n%s", s.bench, s.pkg, err, text)
		}
		measured := parse(text)
		for _, r := range s.rows {
			m, ok := measured[r.bench]
			if !ok {
				return fmt.Errorf("%s of %s printed no %s:\n%s", s.bench, s.pkg, r.bench, text)
			}
			fmt.Fprintf(out, "| %s | %s | %s | %s | %s |\n", r.what, fill(r.figure, m), fill(r.against, m), fill(r.ratio, m), r.wanted)
		}
	}
	return nil
}

var procs = regexp.MustCompile(`-\d+$`)

// parse reads the output of go test -bench: the metrics of each benchmark by unit.
func parse(text []byte) map[string]map[string]float64 {
	all := map[string]map[string]float64{}
	for line := range bytes.Lines(text) {
		f := strings.Fields(string(line))
		if len(f) < 2 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		m := map[string]float64{}
		for i := 2; i+1 < len(f); i += 2 {
			if v, err := strconv.ParseFloat(f[i], 64); err == nil {
				m[f[i+1]] = v
			}
		}
		all[procs.ReplaceAllString(strings.TrimPrefix(f[0], "Benchmark"), "")] = m
	}
	return all
}

var metric = regexp.MustCompile(`\{[^}]+\}`)

// fill writes metrics into a text, to as many digits as mean something.
func fill(text string, m map[string]float64) string {
	return metric.ReplaceAllStringFunc(text, func(name string) string {
		v, ok := m[name[1:len(name)-1]]
		switch {
		case !ok:
			return "?"
		case v >= 1_000_000:
			return strconv.FormatFloat(v/1_000_000, 'f', 2, 64) + " M"
		case v >= 1000:
			return strconv.FormatFloat(v/1000, 'f', 1, 64) + " k"
		case v >= 100:
			return strconv.FormatFloat(v, 'f', 0, 64)
		}
		return strconv.FormatFloat(v, 'g', 2, 64)
	})
}
