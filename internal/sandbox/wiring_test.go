package sandbox

import (
	"testing"
	"time"

	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/world"
)

const seller = "444455556666"

// With a wiring of its own, a seller gets what its rule and its subscription ask for, and nothing before; both are there
// again after a restart.
func TestOwnWiring(t *testing.T) {
	f, err := world.ParseFile(append(world.Builtin().Source, "wiring: own\n"...))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s, _ := start(t, Config{World: f, Data: dir})
	buy(t, s, inkwell)
	advance(t, s, 10*time.Minute)
	if n := len(s.queues.Waiting(seller, notice.DefaultQueue)); n != 0 {
		t.Fatalf("%d notices came by themselves", n)
	}
	mine := queue.ARN(seller, "mine")
	if err := s.queues.Create(seller, "mine", map[string]string{"Policy": queue.Open(mine)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.bus.PutRule(seller, "us-east-1", bus.Rule{Name: "mine", Pattern: `{"source":["aws.agreement-marketplace"]}`}); err != nil {
		t.Fatal(err)
	}
	if err := s.bus.PutTargets(seller, "us-east-1", "mine", []bus.Target{{ID: "q", ARN: mine}}); err != nil {
		t.Fatal(err)
	}
	s.topics.Offer(classic, seller)
	if _, err := s.topics.Subscribe(seller, topic.Region, topic.Subscription{Topic: topic.Subscriptions(classic), Protocol: topic.SQS, Endpoint: mine}); err != nil {
		t.Fatal(err)
	}
	came := func(s *Sandbox) int { return len(s.queues.Waiting(seller, "mine")) }
	play := func(s *Sandbox) {
		buy(t, s, inkwell)
		advance(t, s, 10*time.Minute)
	}
	play(s)
	buy(t, s, classic)
	advance(t, s, 10*time.Minute)
	if got := came(s); got != 3 { // Created, License Updated; subscribe-success
		t.Fatalf("%d notices came; want 3", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = New(t.Context(), Config{Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := came(s); got != 3 {
		t.Errorf("after the restart there are %d notices", got)
	}
	play(s)
	if got := came(s); got != 5 {
		t.Errorf("after the restart and a purchase there are %d notices; want 5", got)
	}
	for _, a := range s.world.Agreements(world.AgreementQuery{ProductCode: classic}) {
		if _, err := s.world.Cancel(s.clock.Now(), a.AgreementID); err != nil {
			t.Fatal(err)
		}
	}
	advance(t, s, 2*time.Hour)
	if got := came(s); got != 7 {
		t.Errorf("after the cancellation there are %d notices; want 7", got)
	}
}

// The built-in wiring can be deleted like any, and a restart does not bring it back.
func TestBuiltinWiringCanBeDeleted(t *testing.T) {
	dir := t.TempDir()
	s, _ := start(t, Config{Data: dir})
	s.topics.Offer(classic, seller)
	subs, err := s.topics.Subscriptions(seller, topic.Region, topic.Subscriptions(classic))
	if err != nil || len(subs) != 1 {
		t.Fatalf("%+v, %v", subs, err)
	}
	if err := s.topics.Unsubscribe(seller, subs[0].ARN); err != nil {
		t.Fatal(err)
	}
	if err := s.bus.SwitchRule(seller, "us-east-1", notice.DefaultQueue, false); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		buy(t, s, inkwell)
		advance(t, s, 10*time.Minute)
		if n := len(s.queues.Waiting(seller, notice.DefaultQueue)); n != 0 {
			t.Errorf("%d notices came", n)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = New(t.Context(), Config{Data: dir}); err != nil {
			t.Fatal(err)
		}
		defer s.Close()
	}
	buy(t, s, classic)
	advance(t, s, 10*time.Minute)
	if n := len(s.queues.Waiting(seller, notice.DefaultQueue)); n != 0 {
		t.Errorf("%d messages of the topic came", n)
	}
}
