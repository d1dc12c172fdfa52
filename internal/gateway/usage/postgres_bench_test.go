package usage_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// BenchmarkPostgres measures an intake on PostgreSQL, which waits for its disk, against bare inserts of the same events as
// rows: INSERT … ON CONFLICT DO NOTHING of all that wait, which tells repetitions and does not add up. Both take turns, so
// that a busy machine slows both alike: read the ratio.
func BenchmarkPostgres(b *testing.B) {
	server := pgtest.Start(b, "-c", "fsync=on", "-c", "full_page_writes=on", "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB")
	for _, s := range []struct{ callers, events int }{{64, 1}, {256, 1}, {8, 100}} {
		b.Run(fmt.Sprintf("%dx%d", s.callers, s.events), func(b *testing.B) {
			c, _ := config(b)
			db, err := store.Open(b.Context(), server.Database(b))
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Migrate(b.Context()); err != nil {
				b.Fatal(err)
			}
			if err := db.Claim(b.Context(), slog.New(slog.DiscardHandler)); err != nil {
				b.Fatal(err)
			}
			c.Store = store.NewUsage(db)
			in, rows := open(b, c), newBare(b, server.Database(b))
			const turns = 10
			var intake, bare time.Duration
			each, n := b.N/turns+s.callers*s.events, 0
			b.ResetTimer()
			for range turns {
				bare += share(s.callers, s.events, n, each, rows.insert)
				intake += share(s.callers, s.events, n, each, func(first, n int) { take(b, in, first, n) })
				n += each + s.callers*s.events
			}
			total := float64(each * turns)
			b.ReportMetric(total/intake.Seconds(), "events/s")
			b.ReportMetric(total/bare.Seconds(), "bare-events/s")
			b.ReportMetric(bare.Seconds()/intake.Seconds(), "xbare")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// bare inserts events as rows. Two connections, which is what served it best here, each take all that wait.
type bare struct{ queue chan rows }

type rows struct {
	first, n int
	done     chan error
}

const mostRows = 20_000 // in one statement, as in a segment

func newBare(b *testing.B, url string) *bare {
	t := &bare{make(chan rows, 1024)}
	var wg sync.WaitGroup
	for i := range 2 {
		conn, err := pgx.Connect(b.Context(), url)
		if err != nil {
			b.Fatal(err)
		}
		if i == 0 {
			if _, err := conn.Exec(b.Context(), `create table event (id text primary key, license text, dimension text, quantity text, at timestamptz, tags text)`); err != nil {
				b.Fatal(err)
			}
		}
		wg.Go(func() {
			t.run(conn)
			_ = conn.Close(context.Background()) // the server ends with the benchmark
		})
	}
	b.Cleanup(func() { close(t.queue); wg.Wait() })
	return t
}

func (t *bare) run(conn *pgx.Conn) {
	for r := range t.queue {
		all, n := []rows{r}, r.n
		for len(t.queue) > 0 && n < mostRows {
			r, ok := <-t.queue
			if !ok {
				break
			}
			all, n = append(all, r), n+r.n
		}
		var ids, licenses, dimensions, quantities, tags []string
		var times []time.Time
		for _, r := range all {
			for i := range r.n {
				ids, licenses, dimensions = append(ids, fmt.Sprintf("%x", id(r.first+i))), append(licenses, "arn:1"), append(dimensions, "gb")
				quantities, times, tags = append(quantities, "1.25"), append(times, noon), append(tags, `{"BusinessUnit":"Operations"}`)
			}
		}
		_, err := conn.Exec(context.Background(), `insert into event (id, license, dimension, quantity, at, tags)
			select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[]) on conflict do nothing`,
			ids, licenses, dimensions, quantities, times, tags)
		for _, r := range all {
			r.done <- err
		}
	}
}

func (t *bare) insert(first, n int) {
	r := rows{first, n, make(chan error, 1)}
	t.queue <- r
	if err := <-r.done; err != nil {
		panic(err) // broken inserts measure nothing
	}
}
