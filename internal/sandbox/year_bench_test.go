package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/job"
	"souk.dev/souk/internal/lockstep"
	"souk.dev/souk/internal/sandbox/world"
)

const (
	teams        = "1nkwe11teams00upfr0ntabcd"
	press        = "1nkwe11press00t1eredabcde"
	classicTeams = "1nkwe11c1ass1cteamsabcdef"
)

// BenchmarkYear advances a year, and what a month's end needs after it, in one call over HTTP: a thousand agreements of
// every kind, each its own buyer's, with their renewals, ends and reminders. Every notice is received from the queue
// and deleted, either by a consumer that follows the clock in lock-step, as the gateway does, or by none.
func BenchmarkYear(b *testing.B) {
	for _, drained := range []bool{true, false} {
		for _, kept := range []bool{false, true} {
			b.Run(fmt.Sprintf("drained=%v/journal=%v", drained, kept), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					year(b, drained, kept)
					b.StartTimer() // b.Loop wants it running
				}
			})
		}
	}
}

func year(b *testing.B, drained, kept bool) {
	c := Config{Now: noon}
	if kept {
		c.Data = b.TempDir()
	}
	s, err := New(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	s.time.Change(b.Context(), 0, true)
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	thousand(b, s)
	before := deliveries(b, srv.URL)
	stop := func() int64 { return 0 }
	if drained {
		stop = follow(b, srv.URL)
	}

	b.StartTimer()
	res, err := http.Post(srv.URL+"/_sandbox/clock", "application/json", bytes.NewBufferString(`{"advance":"8800h"}`))
	b.StopTimer()
	if err != nil {
		b.Fatal(err)
	}
	text, _ := io.ReadAll(res.Body)
	res.Body.Close()
	var view struct{ Silent []string }
	if err := json.Unmarshal(text, &view); err != nil || res.StatusCode != http.StatusOK || len(view.Silent) > 0 {
		b.Fatalf("%s: %s", res.Status, text)
	}
	told := deliveries(b, srv.URL) - before
	if got := stop(); drained && got != told {
		b.Fatalf("%d notices were received; %d were sent", got, told)
	}
	b.ReportMetric(float64(told), "notices")
}

// thousand sells a thousand agreements within ten days.
func thousand(b *testing.B, s *Sandbox) {
	for i := range 1000 {
		now := s.clock.Now()
		buyer, err := s.world.CreateBuyer(now, world.Buyer{Name: fmt.Sprintf("Buyer %d", i), Email: fmt.Sprintf("b%d@example.com", i)})
		if err != nil {
			b.Fatal(err)
		}
		sale := world.Subscribe{BuyerAccount: buyer.AccountID, Product: inkwell}
		switch i % 10 {
		case 0, 1, 2, 3:
			sale.Product, sale.Terms = teams, world.Terms{Duration: "P1M", AutoRenew: true, Quantities: map[string]int64{"seats": 5}}
		case 4, 5:
			sale.Product, sale.Terms = teams, world.Terms{Duration: "P12M", Quantities: map[string]int64{"seats": 5, "shelves": 1}}
		case 6, 7:
			sale.Product, sale.Terms = press, world.Terms{Duration: "P12M", AutoRenew: true, Quantities: map[string]int64{"platen": 1}}
		case 8:
			sale.Product, sale.Terms = classicTeams, world.Terms{Duration: "P12M", Quantities: map[string]int64{"seats": 5}}
		}
		if _, err := s.world.Subscribe(now, sale); err != nil {
			b.Fatal(err)
		}
		if _, err := s.time.Advance(b.Context(), now.Add(10*time.Minute+time.Duration(i)*time.Second)); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.queues.Purge("444455556666", "marketplace-notices"); err != nil {
		b.Fatal(err)
	}
}

// deliveries counts the notices that were sent so far.
func deliveries(b *testing.B, base string) (n int64) {
	for cursor := ""; ; {
		res, err := http.Get(base + "/_sandbox/deliveries?limit=1000&cursor=" + url.QueryEscape(cursor))
		if err != nil {
			b.Fatal(err)
		}
		var page struct {
			Items []struct{}
			Next  string
		}
		err = json.NewDecoder(res.Body).Decode(&page)
		res.Body.Close()
		if err != nil {
			b.Fatal(err)
		}
		n += int64(len(page.Items))
		if cursor = page.Next; cursor == "" {
			return n
		}
	}
}

// follow drains the seller's queue in lock-step, through the AWS SDK. What it gives ends that and tells how many
// messages there were.
func follow(b *testing.B, base string) (stop func() int64) {
	clk := clock.NewVirtual(noon)
	f, err := lockstep.Join(b.Context(), base, "drain", clk, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	q := sqs.New(sqs.Options{BaseEndpoint: aws.String(base), Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("any", "secret", "")})
	notices := base + "/444455556666/marketplace-notices"
	var received atomic.Int64
	poll := func(ctx context.Context, wait bool) (bool, error) {
		out, err := q.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &notices, MaxNumberOfMessages: 10})
		if err != nil || len(out.Messages) == 0 {
			return false, err
		}
		var done []sqstypes.DeleteMessageBatchRequestEntry
		for _, m := range out.Messages {
			done = append(done, sqstypes.DeleteMessageBatchRequestEntry{Id: m.MessageId, ReceiptHandle: m.ReceiptHandle})
		}
		received.Add(int64(len(done)))
		_, err = q.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &notices, Entries: done})
		return len(done) == 10, err // fewer than asked for: the sandbox's queue is empty
	}
	ctx, cancel := context.WithCancel(b.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		f.Run(ctx, job.New(clk, slog.New(slog.DiscardHandler), job.Job{Name: "drain", Poll: poll}), nil)
	}()
	return func() int64 {
		cancel()
		<-over
		return received.Load()
	}
}
