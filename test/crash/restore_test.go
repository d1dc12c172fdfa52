package crash

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"souk.dev/souk/internal/pgtest"
	"souk.dev/souk/test/harness"
)

// TestPostgresIsRestored loses a PostgreSQL, with the hours in which it billed since its last backup, and brings it back: to an
// instant, from a copy and the archived log; and from a dump. docs/backups.md tells of the same steps. When all usage since was reported
// again, AWS's books are the sums of the events: nothing is billed twice, and nothing is missing.
func TestPostgresIsRestored(t *testing.T) {
	t.Parallel()
	for name, backup := range map[string]func(*restoreStory) (restore func() (database string)){
		"to an instant": func(s *restoreStory) func() string {
			base := s.server.BaseBackup(t)
			s.use("after the copy, before the instant")
			s.market.Advance(time.Hour)
			at := s.server.Instant(t)
			s.at = time.Now()
			return func() string {
				s.server.Archived(t)
				s.server.Kill()
				made := must(url.Parse(s.gateway.Database))
				return base.RestoredTo(t, at).URL(made.Path[1:])
			}
		},
		"from a dump": func(s *restoreStory) func() string {
			file := s.server.Dump(t, s.gateway.Database)
			s.at = time.Now()
			return func() string {
				empty := s.server.Database(t)
				s.server.Load(t, empty, file)
				return empty
			}
		},
	} {
		t.Run(name, func(t *testing.T) { newRestoreStory(t).play(backup) })
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// restoreStory is a gateway whose database is lost.
type restoreStory struct {
	t       *testing.T
	server  *pgtest.Server
	market  *harness.Sandbox
	gateway *harness.Gateway
	arn     string
	dim     string
	told    []map[string]any // events, as they were reported
	at      time.Time        // of the backup, or a little later
}

func newRestoreStory(t *testing.T) *restoreStory {
	s := &restoreStory{t: t, server: pgtest.StartArchiving(t), market: harness.StartSandbox(t, "")}
	s.gateway = harness.StartGateway(t, s.market, "", s.server.Database(t))
	s.market.Followed()
	p := s.market.Product("license")
	s.arn, s.dim = s.market.Buy(s.market.Buyers()[0], p).LicenseARN, p.Dimensions[0].Key
	s.market.Advance(5 * time.Minute)
	return s
}

// use reports some usage of this moment.
func (s *restoreStory) use(what string) {
	s.t.Helper()
	var events []map[string]any
	for i := range 5 {
		events = append(events, map[string]any{"id": fmt.Sprint(what, " ", i), "license": s.arn, "dimension": s.dim, "quantity": i + 1, "time": s.market.Now()})
	}
	s.told = append(s.told, events...)
	if known := s.report(events); known > 0 {
		s.t.Errorf("%s: %d were known", what, known)
	}
}

// report reports events, and returns how many of them were known.
func (s *restoreStory) report(events []map[string]any) (known int) {
	s.t.Helper()
	var said struct {
		Accepted, Duplicates int
		Rejected             []any
	}
	s.gateway.Post("/v1/events", events, &said)
	if said.Accepted+said.Duplicates != len(events) {
		s.t.Errorf("%+v", said)
	}
	return said.Duplicates
}

func (s *restoreStory) billed() (sum int64) {
	for _, r := range s.market.Records(s.arn) {
		sum += r.Quantity
	}
	return sum
}

func (s *restoreStory) play(backup func(*restoreStory) func() string) {
	s.t.Helper()
	s.use("long before")
	s.market.Advance(2 * time.Hour)
	s.market.Break(harness.Fault{Operation: "BatchMeterUsage", Kind: "error"})
	s.use("waiting in the backup")
	s.market.Advance(2 * time.Hour) // the hour is sealed, and its record waits
	s.use("in the backup's open hour")
	restore := backup(s)
	s.market.Mend()
	s.use("in the same hour, after it")
	s.market.Advance(2 * time.Hour)
	s.use("in a later hour")
	s.market.Advance(2 * time.Hour)
	before := s.billed()
	if before < int64(len(s.told))*2 {
		s.t.Fatalf("only %d were billed before the loss", before)
	}

	s.gateway.Proc.Kill()
	database := restore()
	restored := harness.Start(s.t, nil, "restore", "--database", database, "--at", s.at.UTC().Format(time.RFC3339), "--json")
	if code := restored.Wait(); code != 0 {
		s.t.Fatalf("souk restore ends with %d: %s", code, restored.Log())
	}
	var said struct {
		Doubted    int
		Late       []any
		SettleTime string
	}
	if err := json.Unmarshal([]byte(restored.Output()), &said); err != nil || said.Doubted == 0 || said.SettleTime != "2h0m0s" {
		s.t.Errorf("souk restore says %s, %v", restored.Output(), err)
	}

	s.gateway = harness.StartGateway(s.t, s.market, "", database, "--settle-time", "12h") // business time has gone ahead of the clock on the wall
	s.market.Followed()
	known := s.report(s.told)
	if known == 0 || known == len(s.told) {
		s.t.Errorf("%d of %d events were in the backup", known, len(s.told))
	}
	s.gateway.Proc.Stop()
	s.gateway = harness.StartGateway(s.t, s.market, "", database)
	s.market.Followed()
	s.market.Advance(5 * time.Hour)
	var used int64
	for _, e := range s.told {
		used += int64(e["quantity"].(int))
	}
	if got := s.billed(); got != used {
		s.t.Errorf("AWS bills %d, %d were used, and %d had been billed before the loss", got, used, before)
	}
	s.gateway.Proc.Stop()
	audit := harness.Start(s.t, nil, "audit", "--database", database)
	if code := audit.Wait(); code != 0 {
		s.t.Errorf("souk audit ends with %d: %s", code, audit.Output())
	}
}
