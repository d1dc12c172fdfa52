package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	events "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/world"
)

// classic is the pay-as-you-go product of the older generation in the built-in world.
const classic = "1nkwe11c1ass1c0abcdefghij"

const eventsSecret = "a secret between AWS and us"

// posted is a bazaar whose gateway reads no queue: AWS posts to it, because the seller's set-up has told it to.
func openPosted(t *testing.T) *bazaar {
	f, err := world.ParseFile(append(world.Builtin().Source, "wiring: own\n"...))
	if err != nil {
		t.Fatal(err)
	}
	b := openPlannedBazaar(t, bazaarPlan{data: t.TempDir(), world: f, noQueue: true, eventsSecrets: []string{eventsSecret}})
	control(t, b, "clock", map[string]bool{"frozen": true}, nil)
	ctx, keys := t.Context(), credentials.NewStaticCredentialsProvider("any", "secret", "")
	bus := eventbridge.New(eventbridge.Options{BaseEndpoint: &b.Sandbox, Region: "us-east-1", Credentials: keys})
	topics := sns.New(sns.Options{BaseEndpoint: &b.Sandbox, Region: "us-east-1", Credentials: keys})
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	connection, err := bus.CreateConnection(ctx, &eventbridge.CreateConnectionInput{Name: aws.String("souk"), AuthorizationType: events.ConnectionAuthorizationTypeApiKey,
		AuthParameters: &events.CreateConnectionAuthRequestParameters{ApiKeyAuthParameters: &events.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("X-Souk-Events-Secret"), ApiKeyValue: aws.String(eventsSecret)}}})
	check(err)
	to, err := bus.CreateApiDestination(ctx, &eventbridge.CreateApiDestinationInput{Name: aws.String("souk"), ConnectionArn: connection.ConnectionArn,
		HttpMethod: events.ApiDestinationHttpMethodPost, InvocationEndpoint: aws.String(b.Gateway + "/aws/events")})
	check(err)
	_, err = bus.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("marketplace"), EventPattern: aws.String(`{"source":["aws.agreement-marketplace"]}`)})
	check(err)
	put, err := bus.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("marketplace"), Targets: []events.Target{{Id: aws.String("souk"), Arn: to.ApiDestinationArn}}})
	check(err)
	if put.FailedEntryCount != 0 {
		t.Fatalf("%+v", put)
	}
	for _, arn := range []string{contract.SubscriptionTopic(classic), contract.EntitlementTopic(classic)} {
		_, err := topics.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &arn, Protocol: aws.String("http"), Endpoint: aws.String(b.Gateway + "/aws/sns")})
		check(err)
	}
	return b
}

func control(t *testing.T, b *bazaar, path string, in, out any) {
	t.Helper()
	if err := marketplaceAt(b.Sandbox).call(t.Context(), http.MethodPost, path, in, out); err != nil {
		t.Fatal(err)
	}
}

type notification struct {
	ID, Via, Channel, Kind, Outcome, Why, License string
	Deliveries                                    int
}

// asked asks the gateway as the seller's programs do.
func asked(t *testing.T, b *bazaar, method, path string, out any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.Gateway+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.APIKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode == http.StatusOK && out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return res.StatusCode
}

func notifications(t *testing.T, b *bazaar, query string) []notification {
	t.Helper()
	var page struct{ Items []notification }
	if status := asked(t, b, http.MethodGet, "/v1/notifications?limit=500&"+query, &page); status != http.StatusOK {
		t.Fatal(status)
	}
	return page.Items
}

// A seller's integration without a queue: the topics' subscriptions confirm themselves, and everything that AWS posts,
// twice over where a fault repeats it, leads to the same states as by the queue.
func TestNoticesByPostAlone(t *testing.T) {
	b := openPosted(t)
	control(t, b, "clock", map[string]string{"advance": "1m"}, nil)
	if confirmed := notifications(t, b, "kind=SubscriptionConfirmation"); len(confirmed) != 2 || confirmed[0].Outcome != "recorded" || confirmed[0].Via != "aws_sns" {
		t.Fatalf("confirmations: %+v", confirmed)
	}
	control(t, b, "faults", map[string]any{"operation": "Notification", "kind": "duplicate"}, nil)
	var new, old agreement
	control(t, b, "agreements", map[string]string{"productCode": b.Product, "buyerAccountId": "111122223333"}, &new)
	control(t, b, "agreements", map[string]string{"productCode": classic, "buyerAccountId": "111122223333"}, &old)
	control(t, b, "clock", map[string]string{"advance": "10m"}, nil)
	states := func() (ss []string) {
		var page struct{ Items []struct{ State string } }
		asked(t, b, http.MethodGet, "/v1/licenses", &page)
		for _, l := range page.Items {
			ss = append(ss, l.State)
		}
		return ss
	}
	if got := strings.Join(states(), " "); got != "active active" {
		t.Fatalf("the licences are %q", got)
	}
	for _, id := range []string{new.AgreementID, old.AgreementID} {
		control(t, b, "agreements/"+id+"/cancel", map[string]string{}, nil)
	}
	control(t, b, "clock", map[string]string{"advance": "3h"}, nil)
	if got := strings.Join(states(), " "); got != "ended ended" {
		t.Errorf("the licences are %q", got)
	}
	ways := map[string]int{}
	for _, n := range notifications(t, b, "") {
		if ways[n.Via]++; n.Kind != contract.SNSSubscribed && n.Deliveries < 2 {
			t.Errorf("delivered once, in spite of the fault: %+v", n)
		}
	}
	if ways["aws_sns"] < 5 || ways["aws_events"] < 4 || len(ways) != 2 {
		t.Errorf("came by %v", ways)
	}
	if n := len(notifications(t, b, "via=aws_events&outcome=unreadable")); n != 0 {
		t.Errorf("%d events could not be read", n)
	}
}

// After each notice the sandbox sends a lie, that the subscription is over: to the topic's subscribers with a certificate
// elsewhere, to the bus from another source.
func TestForgedPostsChangeNothing(t *testing.T) {
	b := openPosted(t)
	control(t, b, "clock", map[string]string{"advance": "1m"}, nil)
	control(t, b, "faults", map[string]any{"operation": "Notification", "kind": "forge"}, nil)
	for _, product := range []string{b.Product, classic} {
		control(t, b, "agreements", map[string]string{"productCode": product, "buyerAccountId": "111122223333"}, nil)
	}
	control(t, b, "clock", map[string]string{"advance": "3h"}, nil)
	var page struct{ Items []struct{ State string } }
	asked(t, b, http.MethodGet, "/v1/licenses", &page)
	if len(page.Items) != 2 || page.Items[0].State != "active" || page.Items[1].State != "active" {
		t.Errorf("the licences are %+v", page.Items)
	}
	if all := notifications(t, b, "kind=unsubscribe-success"); len(all) != 0 {
		t.Errorf("kept: %+v", all)
	}
	res, err := http.Get(b.Gateway + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if !strings.Contains(string(text), `souk_aws_posts_total{door="sns",outcome="unexpected_topic"}`) {
		t.Errorf("no lie was told, or none was counted:\n%s", text)
	}
}

func TestReplayOfANotice(t *testing.T) {
	b := openPosted(t)
	control(t, b, "clock", map[string]string{"advance": "1m"}, nil)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.Gateway+"/aws/events", strings.NewReader("nonsense"))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("souk", eventsSecret)
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res, err)
	}
	_ = res.Body.Close()
	poison := notifications(t, b, "outcome=unreadable")
	if len(poison) != 1 {
		t.Fatalf("%+v", poison)
	}
	if code, stdout, stderr := souk(t, "notices", "list", "--api-key", b.APIKey, "--gateway", b.Gateway, "--outcome", "unreadable"); code != exitDone || !strings.Contains(stdout, poison[0].ID) || strings.Count(stdout, "\n") != 2 {
		t.Errorf("list: code %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := souk(t, "notices", "show", poison[0].ID, "--api-key", b.APIKey, "--gateway", b.Gateway); code != exitDone || !strings.HasSuffix(stdout, "\nnonsense\n") {
		t.Errorf("show: code %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := souk(t, "notices", "replay", poison[0].ID, "--api-key", b.APIKey, "--gateway", b.Gateway, "--json"); code != exitDone || !strings.Contains(stdout, `"outcome":"unreadable"`) {
		t.Errorf("replay: code %d\n%s%s", code, stdout, stderr)
	}
	if code, _, stderr := souk(t, "notices", "replay", "none", "--api-key", b.APIKey, "--gateway", b.Gateway); code != exitFailed || !strings.Contains(stderr, "no notification") {
		t.Errorf("replay of none: code %d\n%s", code, stderr)
	}
	var again notification
	if status := asked(t, b, http.MethodPost, "/v1/notifications/"+poison[0].ID+"/replay", &again); status != http.StatusOK || again.Outcome != "unreadable" || again.Why == "" {
		t.Errorf("%d %+v", status, again)
	}
	if status := asked(t, b, http.MethodPost, "/v1/notifications/none/replay", nil); status != http.StatusNotFound {
		t.Errorf("one that is not there: %d", status)
	}
	done := notifications(t, b, "kind=SubscriptionConfirmation")[0]
	if status := asked(t, b, http.MethodPost, "/v1/notifications/"+done.ID+"/replay", nil); status != http.StatusConflict {
		t.Errorf("one that is done: %d", status)
	}
}
