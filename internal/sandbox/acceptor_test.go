package sandbox

import (
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	events "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"souk.dev/souk/internal/sandbox/queue"
)

// A buyer's own program hears of what the buyer bought from the rule on which it was set up, a restart or not.
func TestABuyerHearsItsOwnSide(t *testing.T) {
	data := t.TempDir()
	s, _ := start(t, Config{Data: data})
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	key, err := s.world.BuyerKey(acme)
	if err != nil {
		t.Fatal(err)
	}
	keys := credentials.NewStaticCredentialsProvider(key.ID, key.Secret, "")
	rules := eventbridge.New(eventbridge.Options{BaseEndpoint: &srv.URL, Region: "us-east-1", Credentials: keys})
	queues := sqs.New(sqs.Options{BaseEndpoint: &srv.URL, Region: "us-east-1", Credentials: keys})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	before := buy(t, s, inkwell) // of which nothing will be heard
	advance(t, s, time.Minute)
	arn := queue.ARN(acme, "purchases")
	_, err = queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("purchases"), Attributes: map[string]string{"Policy": queue.Open(arn)}})
	must(err)
	_, err = rules.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("bought"), EventPattern: aws.String(`{"source":["aws.agreement-marketplace"]}`)})
	must(err)
	_, err = rules.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("bought"), Targets: []events.Target{{Id: aws.String("queue"), Arn: &arn}}})
	must(err)
	a := buy(t, s, inkwell)
	advance(t, s, time.Hour)
	_, err = s.world.Cancel(s.clock.Now(), a.AgreementID)
	must(err)
	advance(t, s, time.Hour)

	heard := func(s *Sandbox) (kinds []string) {
		t.Helper()
		page, _, more := s.desk.List(0, 100, nil)
		if more {
			t.Fatal("more than a page")
		}
		for _, d := range page {
			if d.Seller != acme {
				continue
			}
			if d.AgreementID == before.AgreementID || d.Outcome != "delivered" {
				t.Errorf("%+v", d)
			}
			kinds = append(kinds, d.Kind)
		}
		return kinds
	}
	want := []string{"Purchase Agreement Created - Acceptor", "Purchase Agreement Ended - Acceptor"}
	if got := heard(s); !slices.Equal(got, want) {
		t.Errorf("the buyer heard %q", got)
	}
	must(s.Close())
	again, _ := start(t, Config{Data: data, Now: s.clock.Now()})
	if got := heard(again); !slices.Equal(got, want) {
		t.Errorf("after a restart, the buyer has heard %q", got)
	}
	if waiting := again.queues.Waiting(acme, "purchases"); len(waiting) != 2 {
		t.Errorf("%d messages wait in the buyer's queue", len(waiting))
	}
}
