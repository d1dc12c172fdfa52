package sandbox

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering/types"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/world"
)

var noon = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)

const (
	acme    = "111122223333"
	inkwell = "1nkwe11payasyoug0abcdefgh"
	classic = "1nkwe11c1ass1c0abcdefghij"
)

// start makes a sandbox whose clock stands still at noon, and an AWS SDK client that talks to it.
func start(t *testing.T, c Config) (*Sandbox, *marketplacemetering.Client) {
	t.Helper()
	if c.Now.IsZero() {
		c.Now = noon
	}
	s, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.time.Change(t.Context(), 0, true)
	srv := httptest.NewServer(s.Handler())
	t.Cleanup(srv.Close)
	return s, client(srv.URL, "any", "secret")
}

func client(url, key, secret string) *marketplacemetering.Client {
	return marketplacemetering.New(marketplacemetering.Options{
		BaseEndpoint: aws.String(url), Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, ""),
	})
}

func buy(t *testing.T, s *Sandbox, product string) world.Agreement {
	t.Helper()
	a, err := s.world.Subscribe(s.clock.Now(), world.Subscribe{BuyerAccount: acme, Product: product})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func advance(t *testing.T, s *Sandbox, d time.Duration) {
	t.Helper()
	if _, err := s.time.Advance(t.Context(), s.clock.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
}

func meter(t *testing.T, c *marketplacemetering.Client, a world.Agreement, at time.Time, quantity int32) (types.UsageRecordResult, error) {
	t.Helper()
	out, err := c.BatchMeterUsage(t.Context(), &marketplacemetering.BatchMeterUsageInput{UsageRecords: []types.UsageRecord{{
		CustomerAWSAccountId: aws.String(acme), LicenseArn: aws.String(a.License.ARN), Dimension: aws.String("pages"),
		Quantity: aws.Int32(quantity), Timestamp: aws.Time(at),
	}}})
	if err != nil {
		return types.UsageRecordResult{}, err
	}
	if len(out.Results) != 1 {
		t.Fatalf("%d results", len(out.Results))
	}
	return out.Results[0], nil
}

func TestPurchaseThroughTheSDK(t *testing.T) {
	s, c := start(t, Config{})
	a := buy(t, s, inkwell)
	tok, err := s.world.MintToken(noon, a.AgreementID)
	if err != nil {
		t.Fatal(err)
	}
	who, err := c.ResolveCustomer(t.Context(), &marketplacemetering.ResolveCustomerInput{RegistrationToken: aws.String(tok.Text)})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(who.CustomerAWSAccountId) != acme || aws.ToString(who.ProductCode) != inkwell || aws.ToString(who.LicenseArn) != a.License.ARN || who.CustomerIdentifier != nil {
		t.Errorf("resolved to %+v", who)
	}
	advance(t, s, 90*time.Minute)
	if r, err := meter(t, c, a, noon.Add(time.Hour), 7); err != nil || r.Status != types.UsageRecordResultStatusSuccess {
		t.Fatalf("%v, %v", r.Status, err)
	}
	if _, err := s.world.Cancel(s.clock.Now(), a.AgreementID); err != nil {
		t.Fatal(err)
	}
	advance(t, s, time.Hour+30*time.Second) // 31 s and an hour: the window's last second
	if r, err := meter(t, c, a, noon.Add(90*time.Minute+time.Hour), 8); err != nil || r.Status != types.UsageRecordResultStatusSuccess {
		t.Errorf("in the last second: %v, %v", r.Status, err)
	}
	advance(t, s, time.Second)
	if r, err := meter(t, c, a, noon.Add(90*time.Minute), 1); err != nil || r.Status != types.UsageRecordResultStatusCustomerNotSubscribed {
		t.Errorf("at the window's end: %v, %v", r.Status, err)
	}
	bill, err := s.world.Bill(acme, noon)
	if err != nil || bill.Total.String() != "0.3" { // 15 pages at $0.02
		t.Errorf("billed %s, %v", bill.Total, err)
	}
}

func TestTypedExceptions(t *testing.T) {
	s, c := start(t, Config{})
	if _, err := c.ResolveCustomer(t.Context(), &marketplacemetering.ResolveCustomerInput{RegistrationToken: aws.String("garbled")}); !is[*types.InvalidTokenException](err) {
		t.Errorf("a garbled token: %v", err)
	}
	a := buy(t, s, inkwell)
	advance(t, s, 2*time.Minute)
	if _, err := meter(t, c, a, noon.Add(-25*time.Hour), 1); !is[*types.TimestampOutOfBoundsException](err) && !is[*types.InvalidLicenseException](err) {
		t.Errorf("too old: %v", err)
	}
	if _, err := s.faults.Add(fault.Rule{Operation: "BatchMeterUsage", Kind: fault.Throttle}); err != nil {
		t.Fatal(err)
	}
	if _, err := meter(t, c, a, s.clock.Now(), 1); !is[*types.ThrottlingException](err) {
		t.Errorf("throttled: %v", err)
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func TestAnswerLostRecordKept(t *testing.T) {
	for _, kind := range []fault.Kind{fault.ErrorAfterCommit, fault.DropAfterCommit, fault.Truncate} {
		s, c := start(t, Config{})
		a := buy(t, s, inkwell)
		advance(t, s, 2*time.Minute)
		one := 1
		if _, err := s.faults.Add(fault.Rule{Operation: "BatchMeterUsage", Kind: kind, Times: &one}); err != nil {
			t.Fatal(err)
		}
		if _, err := meter(t, c, a, noon, 5); err == nil {
			t.Errorf("%s: the client saw an answer", kind)
		}
		again, err := meter(t, c, a, noon, 5)
		records, _ := s.world.Records(world.RecordQuery{})
		if err != nil || len(records) != 1 || aws.ToString(again.MeteringRecordId) != records[0].MeteringRecordID {
			t.Errorf("%s: sent again: %v, %v; the ledger has %d records", kind, again.Status, err, len(records))
		}
	}
}

func TestFailedBeforeNothingKept(t *testing.T) {
	for _, kind := range []fault.Kind{fault.Error, fault.Drop, fault.Throttle, fault.Unprocessed} {
		s, c := start(t, Config{})
		a := buy(t, s, inkwell)
		advance(t, s, 2*time.Minute)
		if _, err := s.faults.Add(fault.Rule{Operation: "BatchMeterUsage", Kind: kind}); err != nil {
			t.Fatal(err)
		}
		out, err := c.BatchMeterUsage(t.Context(), &marketplacemetering.BatchMeterUsageInput{UsageRecords: []types.UsageRecord{{
			CustomerAWSAccountId: aws.String(acme), LicenseArn: aws.String(a.License.ARN), Dimension: aws.String("pages"), Quantity: aws.Int32(5), Timestamp: aws.Time(noon)}}})
		if kind == fault.Unprocessed {
			if err != nil || len(out.UnprocessedRecords) != 1 || len(out.Results) != 0 {
				t.Errorf("unprocessed: %+v, %v", out, err)
			}
		} else if err == nil {
			t.Errorf("%s: the client saw an answer", kind)
		}
		if records, _ := s.world.Records(world.RecordQuery{}); len(records) != 0 {
			t.Errorf("%s: %d records were honoured", kind, len(records))
		}
	}
}

// What a kept sandbox acknowledged is there after a restart, down to every identifier.
func TestRestartBringsBackTheSameWorld(t *testing.T) {
	dir := t.TempDir()
	s, c := start(t, Config{Data: dir})
	first, second := buy(t, s, inkwell), buy(t, s, classic)
	tok, err := s.world.MintToken(noon, first.AgreementID)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.world.SetProfiles(noon, map[string]string{"token-life": "1h"}); err != nil {
		t.Fatal(err)
	}
	advance(t, s, 10*time.Minute)
	if _, err := meter(t, c, first, noon, 5); err != nil {
		t.Fatal(err)
	}
	if _, err := s.world.Cancel(s.clock.Now(), second.AgreementID); err != nil {
		t.Fatal(err)
	}
	want := state(s)
	now := s.clock.Now()
	if err := s.Close(); err != nil { // as a kill: nothing is written at the end
		t.Fatal(err)
	}

	s, err = New(t.Context(), Config{Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := state(s); !slices.Equal(got, want) {
		t.Errorf("came back as\n%q\nwas\n%q", got, want)
	}
	if _, frozen := s.time.Running(); !frozen || !s.clock.Now().Equal(now) {
		t.Errorf("the clock is at %s, frozen %v; want %s, frozen", s.clock.Now(), frozen, now)
	}
	if _, err := s.world.ResolveToken(now, "444455556666", tok.Text); err != nil {
		t.Errorf("the token is gone: %v", err)
	}
	if next, again := buy(t, s, inkwell), first; next.AgreementID == again.AgreementID {
		t.Error("an identifier came twice")
	}
}

// state is what the world's people can see of it.
func state(s *Sandbox) (lines []string) {
	for _, a := range s.world.Agreements(world.AgreementQuery{}) {
		line := a.AgreementID + " " + a.License.ARN + " " + string(a.Status) + " " + a.License.MeteringUntil.String()
		for _, h := range a.History {
			line += " | " + h.At.String() + h.What
		}
		lines = append(lines, line)
	}
	records, _ := s.world.Records(world.RecordQuery{})
	for _, r := range records {
		lines = append(lines, r.MeteringRecordID+" "+r.Hour.String()+" "+r.ReceivedAt.String())
	}
	for _, m := range s.queues.Waiting("444455556666", notice.DefaultQueue) {
		lines = append(lines, "message "+m.ID+" of "+m.SentAt.String())
	}
	due, _ := s.world.Due()
	return append(lines, due.String(), s.world.Profiles().Get("token-life"))
}

func TestRunningClockRunsOnWhileAway(t *testing.T) {
	dir := t.TempDir()
	s, err := New(t.Context(), Config{Data: dir, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	before := s.clock.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = New(t.Context(), Config{Data: dir, Now: noon.Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if now := s.clock.Now(); now.Before(before) || now.After(before.Add(time.Minute)) {
		t.Errorf("came back at %s, was at %s", now, before)
	}
}

func TestDataOfAnotherWorldIsRefused(t *testing.T) {
	dir := t.TempDir()
	s, err := New(t.Context(), Config{Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	other, err := world.ParseFile(append(world.Builtin().Source, "profiles: {token-life: 1h}\n"...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), Config{Data: dir, World: other}); !fail.Is(err, fail.Conflict) {
		t.Errorf("error %v, want fail.Conflict", err)
	}
}

func TestRunDoesWhatIsDueByItself(t *testing.T) {
	s, err := New(t.Context(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.world.SetProfiles(s.clock.Now(), map[string]string{"activation-delay": "0s"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	a := buy(t, s, inkwell)
	for ctx.Err() == nil {
		got, err := s.world.Agreement(a.AgreementID)
		if err != nil {
			t.Fatal(err)
		}
		if got.License.Status == world.Provisioned {
			break
		}
		_ = clock.Sleep(ctx, time.Millisecond)
	}
	if ctx.Err() != nil {
		t.Error("the license was not provisioned")
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
