package intake

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/license"
)

var sent = time.Date(2026, 8, 20, 14, 30, 0, 0, time.UTC)

// The shapes of the events observed on the live marketplace on 2026-08-20, with made-up identifiers.
const (
	createdEvent = `{"version":"0","id":"11111111-2222-3333-4444-555555555555","detail-type":"Purchase Agreement Created - Proposer",
 "source":"aws.agreement-marketplace","account":"444455556666","time":"2026-08-20T14:23:22Z","region":"us-east-1",
 "resources":["arn:aws:aws-marketplace::aws:agreement:agmt-1ex4mp7e0q2w9r5t8y3u6i1op"],
 "detail":{"requestId":"aaaaaaaa-bbbb-5ccc-8ddd-eeeeeeeeeeee","catalog":"AWSMarketplace",
  "agreement":{"id":"agmt-1ex4mp7e0q2w9r5t8y3u6i1op","intent":"NEW","status":"ACTIVE","acceptanceTime":"2026-08-20T14:23:11.013Z","startTime":"2026-08-20T14:23:11.013Z","endTime":"9999-01-01T00:00:00Z"},
  "resaleAuthorization":{"id":null},"acceptor":{"accountId":"111122223333"},"proposer":{"accountId":"444455556666"},"offer":{"id":"offer-ex4mpl3xyz9q"}}}`
	licenseDetail = `{"requestId":"ffffffff-0000-5111-8222-333333333333","catalog":"AWSMarketplace","agreement":{"id":"agmt-1ex4mp7e0q2w9r5t8y3u6i1op"},
 "product":{"id":"prod-ex4mpl3abc12d","code":"0exampl1product2code3abcd"},"license":{"arn":"arn:aws:license-manager::294406891311:license:l-0123456789abcdef0123456789abcdef"},
 "acceptor":{"accountId":"111122223333"},"proposer":{"accountId":"444455556666"},"offer":{"id":"offer-ex4mpl3xyz9q"}}`
	endedDetail = `{"requestId":"r-ended","catalog":"AWSMarketplace","agreement":{"id":"agmt-1","status":"%s"},"resaleAuthorization":{"id":null},"acceptor":{"accountId":"111122223333"},"proposer":{"accountId":"444455556666"}}`
)

func eventOf(detailType, detail string) string {
	return fmt.Sprintf(`{"version":"0","id":"e1","detail-type":%q,"source":"aws.agreement-marketplace","account":"444455556666","time":"2026-08-20T14:24:23Z","region":"us-east-1","resources":[],"detail":%s}`, detailType, detail)
}

func envelope(message string) string {
	return fmt.Sprintf(`{"Type":"Notification","MessageId":"22b80b92","TopicArn":"arn:aws:sns:us-east-1:287250355862:aws-mp-subscription-notification-x","Message":%s,"Timestamp":"2026-08-20T14:24:57.101Z","SignatureVersion":"1","Signature":"x","SigningCertURL":"https://sns.us-east-1.amazonaws.com/x.pem"}`, message)
}

const inner = `{"action":"unsubscribe-pending","customer-identifier":"ifAPi5AcF3","product-code":"0exampl1product2code3abcd"}`

func quoted(s string) string {
	b, _ := json.Marshal(s) // a string: cannot fail
	return string(b)
}

func TestPeerA16_Forms(t *testing.T) {
	legacyAt := time.Date(2026, 8, 20, 14, 24, 57, 101e6, time.UTC)
	eventAt := time.Date(2026, 8, 20, 14, 24, 23, 0, time.UTC)
	legacyRef := license.Ref{ProductCode: "0exampl1product2code3abcd", CustomerIdentifier: "ifAPi5AcF3"}
	licenseRef := license.Ref{ProductCode: "0exampl1product2code3abcd", ARN: "arn:aws:license-manager::294406891311:license:l-0123456789abcdef0123456789abcdef",
		Customer: "111122223333", Agreement: "agmt-1ex4mp7e0q2w9r5t8y3u6i1op", Offer: "offer-ex4mpl3xyz9q"}
	for _, c := range []struct {
		name, body string
		channel    Channel
		key        string
		note       license.Note // but for its ID
	}{
		{"a legacy message by itself", inner, Raw, "sqs:m1", license.Note{Kind: license.UnsubscribePending, At: sent, About: legacyRef}},
		{"in an envelope, as a string", envelope(quoted(inner)), SNS, "sns:22b80b92", license.Note{Kind: license.UnsubscribePending, At: legacyAt, About: legacyRef}},
		{"in an envelope, as an object", envelope(inner), SNS, "sns:22b80b92", license.Note{Kind: license.UnsubscribePending, At: legacyAt, About: legacyRef}},
		{"with the guide's blank and trailing comma", envelope(quoted(`{"action": "subscribe-success", "customer-identifier": " ifAPi5AcF3", "product-code": "0exampl1product2code3abcd", "isFreeTrialTermPresent":"true",}`)),
			SNS, "sns:22b80b92", license.Note{Kind: license.Activated, At: legacyAt, About: legacyRef}},
		{"A16: with the trial's flag as a truth value", envelope(quoted(`{"action":"subscribe-success","customer-identifier":"ifAPi5AcF3","product-code":"0exampl1product2code3abcd","isFreeTrialTermPresent":true}`)),
			SNS, "sns:22b80b92", license.Note{Kind: license.Activated, At: legacyAt, About: legacyRef}},
		{"an event", eventOf("License Updated - Manufacturer", licenseDetail), EventBridge, "event:ffffffff-0000-5111-8222-333333333333:LicenseUpdated", license.Note{Kind: license.Activated, At: eventAt, About: licenseRef}},
		{"an event by way of a topic", envelope(quoted(eventOf("License Deprovisioned - Manufacturer", licenseDetail))), EventBridge, "event:ffffffff-0000-5111-8222-333333333333:LicenseDeprovisioned",
			license.Note{Kind: license.Deprovisioned, At: eventAt, About: licenseRef}},
		{"a role without its dash", eventOf("License Updated Manufacturer", licenseDetail), EventBridge, "event:ffffffff-0000-5111-8222-333333333333:LicenseUpdated", license.Note{Kind: license.Activated, At: eventAt, About: licenseRef}},
		{"created", createdEvent, EventBridge, "event:aaaaaaaa-bbbb-5ccc-8ddd-eeeeeeeeeeee:PurchaseAgreementCreated", license.Note{At: time.Date(2026, 8, 20, 14, 23, 22, 0, time.UTC),
			About: license.Ref{Customer: "111122223333", Agreement: "agmt-1ex4mp7e0q2w9r5t8y3u6i1op", Offer: "offer-ex4mpl3xyz9q"}}},
		{"ended", eventOf("Purchase Agreement Ended - Proposer", fmt.Sprintf(endedDetail, "CANCELLED")), EventBridge, "event:r-ended:PurchaseAgreementEnded",
			license.Note{Kind: license.AgreementEnded, At: eventAt, Reason: license.Cancelled, About: license.Ref{Customer: "111122223333", Agreement: "agmt-1"}}},
		{"renewed", eventOf("Purchase Agreement Ended - Manufacturer", fmt.Sprintf(endedDetail, "RENEWED")), EventBridge, "event:r-ended:PurchaseAgreementEnded",
			license.Note{Kind: license.AgreementFollowed, At: eventAt, Reason: license.Renewed, About: license.Ref{Customer: "111122223333", Agreement: "agmt-1"}}},
	} {
		n := Parse(Message{ID: "m1", Body: c.body, SentAt: sent})
		c.note.ID = c.key
		if n.Channel != c.channel || n.Key != c.key || n.note != c.note || n.Outcome != Received || n.Body != c.body {
			t.Errorf("%s:\n %+v\n want key %s, note %+v", c.name, n, c.key, c.note)
		}
	}
}

func TestPeerA15_WhatSaysNothingToUsIsKeptAndSetAside(t *testing.T) {
	for _, c := range []struct {
		name, body string
		outcome    license.Outcome
		key        string
	}{
		{"nothing", ``, Poison, "sqs:m1"},
		{"not JSON", `<xml/>`, Poison, "sqs:m1"},
		{"not an object", `[1,2]`, Poison, "sqs:m1"},
		{"of no form", `{"hello":"world"}`, Poison, "sqs:m1"},
		{"an envelope in an envelope", envelope(envelope(inner)), Poison, "sns:22b80b92"},
		{"an envelope around nothing", envelope(`"hello"`), Poison, "sns:22b80b92"},
		{"a confirmation", `{"Type":"SubscriptionConfirmation","MessageId":"c1","Message":"You have chosen …","SubscribeURL":"https://x"}`, Unknown, "sns:c1"},
		{"an unknown action", `{"action":"subscribe-maybe","customer-identifier":"x","product-code":"y"}`, Unknown, "sqs:m1"},
		{"what a buyer spends", eventOf("Spend Threshold Reached - Proposer", `{"requestId":"r9","agreement":"of an unknown shape"}`), license.Recorded, "event:r9:SpendThresholdReached"},
		{"an unknown event that has a request id", eventOf("Purchase Agreement Yawning - Proposer", `{"requestId":"r9","agreement":{"id":"agmt-1"}}`), Unknown, "event:r9:PurchaseAgreementYawning"},
		{"a limit of what a buyer spends", eventOf("Spend Threshold Reached", `{}`), license.Recorded, "event:e1"},
		{"a cancellation request", eventOf("Agreement Cancellation Request Pending Approval - Proposer", `{"requestId":"r9","agreement":{"id":"agmt-1"},"agreementCancellationRequest":{"id":"acr-1"}}`), license.Recorded, "event:r9:AgreementCancellationRequestPendingApproval"},
		{"a billing adjustment", eventOf("Purchase Agreement Billing Adjustment Completed - Proposer", `{"requestId":"r9","agreement":{"id":"agmt-1"},"invoice":{"originalInvoiceId":"1"}}`), license.Recorded, "event:r9:PurchaseAgreementBillingAdjustmentCompleted"},
		{"an unknown ending", eventOf("Purchase Agreement Ended - Proposer", fmt.Sprintf(endedDetail, "VANISHED")), Unknown, "event:r-ended:PurchaseAgreementEnded"},
		{"what we bought ourselves", eventOf("Purchase Agreement Ended - Acceptor", fmt.Sprintf(endedDetail, "CANCELLED")), Foreign, "event:r-ended:PurchaseAgreementEnded"},
		{"another source", strings.Replace(eventOf("License Updated - Manufacturer", licenseDetail), "aws.agreement-marketplace", "my.company", 1), Foreign, "event:e1"},
		{"a detail of another shape", eventOf("License Updated - Manufacturer", `{"requestId":"r9","license":"arn"}`), Poison, ""},
	} {
		n := Parse(Message{ID: "m1", Body: c.body, SentAt: sent})
		if n.Outcome != c.outcome || n.Why == "" || (c.key != "" && n.Key != c.key) || n.Key == "" {
			t.Errorf("%s: %s (%s), key %s; want %s, key %s", c.name, n.Outcome, n.Why, n.Key, c.outcome, c.key)
		}
	}
}

// AWS tells one event to the Proposer and to the Manufacturer: one happening.
func TestPairsAreOneNotice(t *testing.T) {
	a := Parse(Message{ID: "m1", Body: eventOf("Purchase Agreement Ended - Proposer", fmt.Sprintf(endedDetail, "CANCELLED")), SentAt: sent})
	b := Parse(Message{ID: "m2", Body: eventOf("Purchase Agreement Ended - Manufacturer", fmt.Sprintf(endedDetail, "CANCELLED")), SentAt: sent})
	if a.Key != b.Key || a.Role == b.Role {
		t.Errorf("%s as %s and %s as %s", a.Key, a.Role, b.Key, b.Role)
	}
}

func TestWithoutAnyIDTheBytesAreTheKey(t *testing.T) {
	a, b := Parse(Message{Body: inner, SentAt: sent}), Parse(Message{Body: inner, SentAt: sent.Add(time.Hour)})
	if a.Key != b.Key || !strings.HasPrefix(a.Key, "body:") {
		t.Errorf("%s, %s", a.Key, b.Key)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{inner, envelope(inner), envelope(quoted(inner)), createdEvent, eventOf("License Updated - Manufacturer", licenseDetail), `{"Message":{"Message":1}}`, `{"action":"x",}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		n := Parse(Message{ID: "m1", Body: body, SentAt: sent})
		if n.Key == "" || n.Outcome == "" || n.Body != body || n.note.ID != n.Key {
			t.Errorf("%+v", n)
		}
		if (n.Outcome == Received) != (n.Why == "") {
			t.Errorf("outcome %s, why %q", n.Outcome, n.Why)
		}
		if again := Parse(Message{ID: "m1", Body: body, SentAt: sent}); again != n {
			t.Errorf("read twice: %+v, %+v", n, again)
		}
	})
}
