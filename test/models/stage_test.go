package models

import (
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// stage is a marketplace on which every operation has something to do.
type stage struct {
	*harness.Sandbox
	seller, buyer string // access keys
	account       string // the buyer's
	queue         string

	payg, legacy      harness.Product
	license, customer harness.Agreement // pay as you go, of each identity
	contract, tier    harness.Agreement
	failed            harness.Agreement // whose payment failed at once
	offers            []made
	adjusted          int // how many billing adjustments were asked for
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{Sandbox: harness.StartSandbox(t, "")}
	var env map[string]string
	s.Get("/_sandbox/env", &env)
	s.seller, s.queue = env["AWS_ACCESS_KEY_ID"], env["SOUK_QUEUE_URL"]
	var buyers struct {
		Items []struct{ AccountID, AccessKeyID string }
	}
	s.Get("/_sandbox/buyers", &buyers)
	s.buyer, s.account = buyers.Items[0].AccessKeyID, buyers.Items[0].AccountID
	if s.seller == "" || s.queue == "" || s.buyer == "" {
		t.Fatalf("the sandbox names no seller's key, queue or buyer's key: %v, %+v", env, buyers)
	}
	s.Post("/_sandbox/profiles", object{"buyer-side-metering": "accept"}, nil)
	s.payg, s.legacy = s.Product("license"), s.Product("legacy")
	s.license = s.buy(object{"productCode": s.payg.ProductCode})
	s.customer = s.buy(object{"productCode": s.legacy.ProductCode})
	s.contract = s.buy(object{"productCode": "1nkwe11teams00upfr0ntabcd", "quantities": object{"seats": 3, "shelves": 1}, "duration": "P12M", "autoRenew": true})
	s.tier = s.buy(object{"productCode": "1nkwe11press00t1eredabcde", "quantities": object{"platen": 1}, "duration": "P12M"})
	s.buy(object{"productCode": "1nkwe11c1ass1cteamsabcdef", "quantities": object{"seats": 2}, "duration": "P12M"})
	s.failed = s.buy(object{"productCode": s.payg.ProductCode})
	s.Post("/_sandbox/agreements/"+s.failed.AgreementID+"/fail-payment", object{}, nil)
	s.sell()
	s.Advance(5 * time.Hour)
	return s
}

func (s *stage) buy(how object) harness.Agreement {
	how["buyerAccountId"] = s.account
	var a harness.Agreement
	s.Post("/_sandbox/agreements", how, &a)
	return a
}

// asked is one valid request, and whose.
type asked struct {
	key   string
	input object
}

// record is usage of an hour ago.
func (s *stage) record() object {
	return object{"Timestamp": s.Now().Add(-time.Hour), "Dimension": "pages", "Quantity": 3, "CustomerAWSAccountId": s.account, "LicenseArn": s.license.LicenseARN,
		"UsageAllocations": []any{object{"AllocatedUsageQuantity": 3, "Tags": []any{object{"Key": "team", "Value": "press"}}}}}
}

// handle is the receipt of a message that was put into the seller's queue.
func (s *stage) handle(t *testing.T, c caller) string {
	t.Helper()
	for _, step := range []struct {
		op    string
		input object
	}{{"SendMessage", object{"QueueUrl": s.queue, "MessageBody": "x"}}, {"ReceiveMessage", object{"QueueUrl": s.queue, "MaxNumberOfMessages": 1}}} {
		r, err := c.call(t.Context(), s.seller, step.op, step.input)
		if err != nil || !r.ok() {
			t.Fatalf("%s: %s %v", step.op, r.refusal(), err)
		}
		body, _ := r.body.(object)
		messages, _ := body["Messages"].([]any)
		if len(messages) > 0 {
			handle, _ := messages[0].(object)["ReceiptHandle"].(string)
			return handle
		}
	}
	t.Fatal("the queue gave no message")
	return ""
}
