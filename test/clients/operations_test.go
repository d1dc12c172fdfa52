package clients

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"souk.dev/souk/contract"
	"souk.dev/souk/test/harness"
)

// teams is the product code of the built-in world's contract.
const teams = "1nkwe11teams00upfr0ntabcd"

// served is an operation that every client which knows it must be able to perform.
type served struct {
	service, operation string
	input              func(s *shop) map[string]any
	byBuyer            bool
	// list names the member of the answer that is a list; every page of it is read, one item at a time, and there must be
	// several. token and size are what the request calls the page's token and size; the answer's token is nextToken, in
	// the request's spelling.
	list, token, size string
	// young is a service that the pinned SDKs for Go and JavaScript have no client for.
	young bool
}

// shop is what the operations are about: made anew for each client.
type shop struct {
	*bench
	t        *testing.T
	contract harness.Agreement
	queue    string
	buyer    session // with the buyer's own access key
}

func (s *shop) about(a harness.Agreement) map[string]any {
	return map[string]any{"agreementId": a.AgreementID}
}

func (s *shop) queued(more map[string]any) map[string]any {
	in := map[string]any{"QueueUrl": s.queue}
	for k, v := range more {
		in[k] = v
	}
	return in
}

// handle is the receipt of a message that was sent and received.
func (s *shop) handle() string {
	into[struct{}](s.t, s.do(s.t, call{"sqs", "SendMessage", s.queued(map[string]any{"MessageBody": "x"})}))
	got := into[messages](s.t, s.do(s.t, call{"sqs", "ReceiveMessage", s.queued(map[string]any{"MaxNumberOfMessages": 1})}))
	if len(got.Messages) == 0 {
		s.t.Fatal("the queue gave no message")
	}
	return got.Messages[0].ReceiptHandle
}

// queues is a client for what an old client cannot set up by itself.
func (s *shop) queues() *sqs.Client {
	return sqs.New(sqs.Options{BaseEndpoint: &s.URL, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("any", "secret", "")})
}

// deadLetters makes a queue for what the seller's gives up, and tells its ARN.
func (s *shop) deadLetters() string {
	s.t.Helper()
	made, err := s.queues().CreateQueue(s.t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("dead")})
	if err != nil {
		s.t.Fatal(err)
	}
	attrs, err := s.queues().GetQueueAttributes(s.t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: made.QueueUrl, AttributeNames: []types.QueueAttributeName{"QueueArn"}})
	if err != nil {
		s.t.Fatal(err)
	}
	arn := attrs.Attributes["QueueArn"]
	if _, err := s.queues().SetQueueAttributes(s.t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &s.queue,
		Attributes: map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + arn + `","maxReceiveCount":3}`}}); err != nil {
		s.t.Fatal(err)
	}
	return arn
}

// moving begins to move two messages out of the dead-letter queue, one a second, and tells the task's handle.
func (s *shop) moving() string {
	s.t.Helper()
	arn := s.deadLetters()
	for range 2 {
		if _, err := s.queues().SendMessage(s.t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(strings.Replace(s.queue, "marketplace-notices", "dead", 1)), MessageBody: aws.String("rest")}); err != nil {
			s.t.Fatal(err)
		}
	}
	task, err := s.queues().StartMessageMoveTask(s.t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: &arn,
		DestinationArn: aws.String(strings.Replace(arn, ":dead", ":marketplace-notices", 1)), MaxNumberOfMessagesPerSecond: aws.Int32(1)})
	if err != nil {
		s.t.Fatal(err)
	}
	return aws.ToString(task.TaskHandle)
}

var searched = []any{map[string]any{"name": "PartyType", "values": []any{"Proposer"}}, map[string]any{"name": "AgreementType", "values": []any{"PurchaseAgreement"}}}

var operations = []served{
	{service: "meteringmarketplace", operation: "ResolveCustomer", input: func(s *shop) map[string]any {
		return map[string]any{"RegistrationToken": s.Token(s.granted.AgreementID)}
	}},
	{service: "meteringmarketplace", operation: "BatchMeterUsage", input: func(s *shop) map[string]any { return s.metered(nil).input }},
	{service: "meteringmarketplace", operation: "RegisterUsage", byBuyer: true, input: func(s *shop) map[string]any {
		return map[string]any{"ProductCode": s.license.ProductCode, "PublicKeyVersion": 1}
	}},
	{service: "meteringmarketplace", operation: "MeterUsage", byBuyer: true, input: func(s *shop) map[string]any {
		return map[string]any{"ProductCode": s.license.ProductCode, "Timestamp": s.Now().Add(-2 * time.Hour).Format(time.RFC3339), "UsageDimension": meteredDimension(s.license), "UsageQuantity": 1}
	}},
	{service: "marketplace-entitlement", operation: "GetEntitlements", list: "Entitlements", token: "NextToken", size: "MaxResults", input: func(*shop) map[string]any {
		return map[string]any{"ProductCode": teams}
	}},

	{service: "marketplace-agreement", operation: "DescribeAgreement", input: func(s *shop) map[string]any { return s.about(s.contract) }},
	{service: "marketplace-agreement", operation: "SearchAgreements", list: "agreementViewSummaries", token: "nextToken", size: "maxResults", input: func(*shop) map[string]any {
		return map[string]any{"filters": searched}
	}},
	{service: "marketplace-agreement", operation: "GetAgreementTerms", list: "acceptedTerms", token: "nextToken", size: "maxResults", input: func(s *shop) map[string]any { return s.about(s.contract) }},
	{service: "marketplace-agreement", operation: "GetAgreementEntitlements", byBuyer: true, input: func(s *shop) map[string]any { return s.about(s.granted) }},
	{service: "marketplace-agreement", operation: "SendAgreementCancellationRequest", input: func(s *shop) map[string]any {
		return map[string]any{"agreementId": s.granted.AgreementID, "reasonCode": "TEST_AGREEMENT"}
	}},
	{service: "marketplace-agreement", operation: "ListAgreementCancellationRequests", input: func(*shop) map[string]any {
		return map[string]any{"partyType": "Proposer"}
	}},
	{service: "marketplace-agreement", operation: "CancelAgreement", byBuyer: true, input: func(s *shop) map[string]any { return s.about(s.granted) }},

	{service: "marketplace-discovery", operation: "SearchListings", list: "listingSummaries", token: "nextToken", size: "maxResults", young: true, input: func(*shop) map[string]any { return map[string]any{} }},
	{service: "marketplace-discovery", operation: "SearchFacets", young: true, input: func(*shop) map[string]any { return map[string]any{} }},
	{service: "marketplace-discovery", operation: "GetListing", young: true, input: func(*shop) map[string]any { return map[string]any{"listingId": "prodview-inkwell00payg"} }},
	{service: "marketplace-discovery", operation: "GetProduct", young: true, input: func(*shop) map[string]any { return map[string]any{"productId": "prod-inkwell00payg"} }},
	{service: "marketplace-discovery", operation: "ListFulfillmentOptions", young: true, input: func(*shop) map[string]any { return map[string]any{"productId": "prod-inkwell00payg"} }},
	{service: "marketplace-discovery", operation: "ListPurchaseOptions", young: true, input: func(*shop) map[string]any {
		return map[string]any{"filters": []any{map[string]any{"filterType": "PRODUCT_ID", "filterValues": []any{"prod-inkwell00payg"}}}}
	}},
	{service: "marketplace-discovery", operation: "GetOffer", young: true, input: func(*shop) map[string]any { return map[string]any{"offerId": "offer-inkwelltrial0"} }},
	{service: "marketplace-discovery", operation: "GetOfferTerms", young: true, input: func(*shop) map[string]any { return map[string]any{"offerId": "offer-inkwelltrial0"} }},

	{service: "sqs", operation: "GetQueueUrl", input: func(*shop) map[string]any { return map[string]any{"QueueName": "marketplace-notices"} }},
	{service: "sqs", operation: "GetQueueAttributes", input: func(s *shop) map[string]any { return s.queued(map[string]any{"AttributeNames": []any{"All"}}) }},
	{service: "sqs", operation: "SetQueueAttributes", input: func(s *shop) map[string]any {
		return s.queued(map[string]any{"Attributes": map[string]any{"VisibilityTimeout": "45"}})
	}},
	{service: "sqs", operation: "CreateQueue", input: func(*shop) map[string]any { return map[string]any{"QueueName": "another"} }},
	{service: "sqs", operation: "ListQueues", list: "QueueUrls", token: "NextToken", size: "MaxResults", input: func(*shop) map[string]any { return map[string]any{} }},
	{service: "sqs", operation: "ListDeadLetterSourceQueues", input: func(s *shop) map[string]any { return s.queued(nil) }},
	{service: "sqs", operation: "TagQueue", input: func(s *shop) map[string]any { return s.queued(map[string]any{"Tags": map[string]any{"team": "press"}}) }},
	{service: "sqs", operation: "ListQueueTags", input: func(s *shop) map[string]any { return s.queued(nil) }},
	{service: "sqs", operation: "UntagQueue", input: func(s *shop) map[string]any { return s.queued(map[string]any{"TagKeys": []any{"team"}}) }},
	{service: "sqs", operation: "SendMessage", input: func(s *shop) map[string]any { return s.queued(map[string]any{"MessageBody": "hello"}) }},
	{service: "sqs", operation: "SendMessageBatch", input: func(s *shop) map[string]any {
		return s.queued(map[string]any{"Entries": []any{map[string]any{"Id": "one", "MessageBody": "hello"}}})
	}},
	{service: "sqs", operation: "ReceiveMessage", input: func(s *shop) map[string]any { return s.queued(nil) }},
	{service: "sqs", operation: "ChangeMessageVisibility", input: func(s *shop) map[string]any {
		return s.queued(map[string]any{"ReceiptHandle": s.handle(), "VisibilityTimeout": 7})
	}},
	{service: "sqs", operation: "DeleteMessage", input: func(s *shop) map[string]any { return s.queued(map[string]any{"ReceiptHandle": s.handle()}) }},
	{service: "sqs", operation: "DeleteMessageBatch", input: func(s *shop) map[string]any {
		return s.queued(map[string]any{"Entries": []any{map[string]any{"Id": "one", "ReceiptHandle": s.handle()}}})
	}},
	{service: "sqs", operation: "AddPermission", input: func(s *shop) map[string]any {
		return s.queued(map[string]any{"Label": "friends", "AWSAccountIds": []any{"111122223333"}, "Actions": []any{"SendMessage"}})
	}},
	{service: "sqs", operation: "RemovePermission", input: func(s *shop) map[string]any { return s.queued(map[string]any{"Label": "friends"}) }},
	{service: "sqs", operation: "StartMessageMoveTask", input: func(s *shop) map[string]any { return map[string]any{"SourceArn": s.deadLetters()} }},
	{service: "sqs", operation: "ListMessageMoveTasks", input: func(s *shop) map[string]any { return map[string]any{"SourceArn": s.deadLetters()} }},
	{service: "sqs", operation: "CancelMessageMoveTask", input: func(s *shop) map[string]any { return map[string]any{"TaskHandle": s.moving()} }},
	{service: "sqs", operation: "PurgeQueue", input: func(s *shop) map[string]any { return s.queued(nil) }},
}

// TestEveryClientPerformsEveryOperation prints who can do what. What a client's own model does not know is a gap; the
// SDKs for Go and JavaScript must have none.
func TestEveryClientPerformsEveryOperation(t *testing.T) {
	var mu sync.Mutex
	done := map[string]string{} // "operation client" → how it went
	t.Run("clients", func(t *testing.T) {
		for _, d := range drivers {
			t.Run(d.name, func(t *testing.T) {
				t.Parallel()
				s := openShop(t, d)
				for _, op := range operations {
					how := s.perform(t, op)
					mu.Lock()
					done[op.service+" "+op.operation+" "+d.name] = how
					mu.Unlock()
				}
			})
		}
	})
	var table strings.Builder
	fmt.Fprintf(&table, "\n%-60s", "")
	for _, d := range drivers {
		fmt.Fprintf(&table, " %-17s", d.name)
	}
	for _, op := range operations {
		fmt.Fprintf(&table, "\n%-60s", op.service+" "+op.operation)
		for _, d := range drivers {
			fmt.Fprintf(&table, " %-17s", done[op.service+" "+op.operation+" "+d.name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(contract.Operations)) {
		if !slices.ContainsFunc(operations, func(op served) bool { return op.operation == name }) {
			fmt.Fprintf(&table, "\n%-60s by no client of this test", name)
		}
	}
	t.Log(table.String())
}

func openShop(t *testing.T, d driver) *shop {
	t.Helper()
	s := &shop{t: t, bench: newBench(t, d, 1)}
	s.Post("/_sandbox/profiles", map[string]any{"buyer-side-metering": "accept"}, nil)
	var buyers struct {
		Items []struct{ AccountID, AccessKeyID string }
	}
	s.Get("/_sandbox/buyers", &buyers)
	var key string
	for _, b := range buyers.Items {
		if b.AccountID == s.account {
			key = b.AccessKeyID
		}
	}
	s.buyer = s.client(t, "AWS_MAX_ATTEMPTS=1", "AWS_ACCESS_KEY_ID="+key, "AWS_SECRET_ACCESS_KEY=unverified")
	s.Post("/_sandbox/agreements", map[string]any{"buyerAccountId": s.account, "productCode": teams, "duration": "P12M",
		"quantities": map[string]any{"seats": 3, "shelves": 1}}, &s.contract)
	s.Advance(time.Hour)
	for _, kv := range s.Env() {
		if v, ok := strings.CutPrefix(kv, "SOUK_QUEUE_URL="); ok {
			s.queue = v
		}
	}
	return s
}

// perform has the client perform op, and says how it went: "yes", how many pages there were, or "not known".
func (s *shop) perform(t *testing.T, op served) string {
	t.Helper()
	who := s.session
	if op.byBuyer {
		who = s.buyer
	}
	input := op.input(s)
	if op.list != "" {
		input[op.size] = 1
	}
	var seen []string
	for pages := 1; ; pages++ {
		got := who.call(t, op.service, op.operation, input)
		if got.Code == noSuchCall {
			if !s.old && !s.optional && !op.young {
				t.Errorf("%s %s: this client does not know it", op.service, op.operation)
			}
			return "not known"
		}
		if got.Code != "" {
			t.Errorf("%s %s: %s: %s", op.service, op.operation, got.Code, got.Message)
			return "FAILED"
		}
		if op.list == "" {
			return "yes"
		}
		var page map[string]json.RawMessage
		if err := json.Unmarshal(got.Output, &page); err != nil {
			t.Fatal(err)
		}
		var items []json.RawMessage
		_ = json.Unmarshal(member(page, op.list), &items) // absent on an empty page
		if s.gathers && len(items) > 1 {
			return "yes, all pages"
		}
		if len(items) > 1 {
			t.Errorf("%s %s: a page of %d; want 1", op.service, op.operation, len(items))
		}
		for _, item := range items {
			if slices.Contains(seen, string(item)) {
				t.Errorf("%s %s: %s came twice", op.service, op.operation, item)
			}
			seen = append(seen, string(item))
		}
		var next *string
		_ = json.Unmarshal(member(page, op.token), &next) // absent on the last page
		if next == nil || *next == "" {
			if pages < 2 {
				t.Errorf("%s %s: one page only", op.service, op.operation)
			}
			return fmt.Sprintf("yes, %d pages", pages)
		}
		input[op.token] = *next
	}
}

// member is one of an answer, whose first letter the Go SDK writes large.
func member(page map[string]json.RawMessage, name string) json.RawMessage {
	if v, ok := page[name]; ok {
		return v
	}
	return page[strings.ToUpper(name[:1])+name[1:]]
}
