package clients

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/test/harness"
)

// into reads a successful answer into v; an error fails the test.
func into[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	if a.Code != "" {
		t.Fatalf("the client raised %s: %s", a.Code, a.Message)
	}
	if err := json.Unmarshal(a.Output, &v); err != nil {
		t.Fatalf("%v in %s", err, a.Output)
	}
	return v
}

type resolved struct {
	CustomerIdentifier   string
	CustomerAWSAccountId string
	ProductCode          string
	LicenseArn           string
}

type metered struct {
	Results []struct {
		MeteringRecordId string
		Status           string
		UsageRecord      struct {
			Dimension string
			Quantity  int64
		}
	}
	UnprocessedRecords []json.RawMessage
}

type messages struct {
	Messages []struct {
		MessageId     string
		ReceiptHandle string
		Body          string
	}
}

func (b *bench) do(t *testing.T, c call) answer {
	t.Helper()
	return b.session.call(t, c.service, c.operation, c.input)
}

// TestEveryClientResolvesAndMeters plays the two calls of the purchase flow through each client, and compares what it
// was told with what the marketplace honoured.
func TestEveryClientResolvesAndMeters(t *testing.T) {
	for _, d := range drivers {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, d, 3)
			product, bought := b.license, b.granted
			if d.old {
				product, bought = b.legacy, b.subscribed
			}

			who := into[resolved](t, b.do(t, resolve(b.Token(bought.AgreementID))))
			if who.ProductCode != product.ProductCode {
				t.Errorf("resolved product %q; want %q", who.ProductCode, product.ProductCode)
			}
			if d.old && (who.CustomerIdentifier == "" || who.CustomerIdentifier != bought.CustomerIdentifier) {
				t.Errorf("resolved customer %q; want %q", who.CustomerIdentifier, bought.CustomerIdentifier)
			}
			if !d.old && (who.CustomerAWSAccountId != b.account || who.LicenseArn != bought.LicenseARN) {
				t.Errorf("resolved account %q, license %q; want %q, %q", who.CustomerAWSAccountId, who.LicenseArn, b.account, bought.LicenseARN)
			}

			first := into[metered](t, b.do(t, b.metered(nil)))
			if len(first.Results) != 1 || first.Results[0].Status != contract.Success || first.Results[0].MeteringRecordId == "" ||
				first.Results[0].UsageRecord.Quantity != 3 || len(first.UnprocessedRecords) != 0 {
				t.Fatalf("metered: %+v", first)
			}
			again := into[metered](t, b.do(t, b.metered(nil)))
			if len(again.Results) != 1 || again.Results[0].Status != contract.Success || again.Results[0].MeteringRecordId != first.Results[0].MeteringRecordId {
				t.Errorf("the same again: %+v; want the first receipt, %s", again, first.Results[0].MeteringRecordId)
			}
			other := into[metered](t, b.do(t, b.metered(func(_, record map[string]any) { record["Quantity"] = 4 })))
			if len(other.Results) != 1 || other.Results[0].Status != contract.DuplicateRecord {
				t.Errorf("another quantity for the same hour: %+v; want %s", other, contract.DuplicateRecord)
			}

			honoured := b.Records("")
			if len(honoured) != 1 {
				t.Fatalf("the marketplace honoured %+v; want one record", honoured)
			}
			r := honoured[0]
			if r.MeteringRecordID != first.Results[0].MeteringRecordId || r.Quantity != 3 || r.ProductCode != product.ProductCode ||
				r.Dimension != meteredDimension(product) || !r.Hour.Equal(b.Now().Add(-time.Hour).Truncate(time.Hour)) {
				t.Errorf("the marketplace honoured %+v", r)
			}

			// After the last hour nothing is honoured, and that is no exception but a word about the record.
			b.Cancel(bought.AgreementID)
			b.Advance(2 * time.Hour)
			late := into[metered](t, b.do(t, b.metered(nil)))
			if len(late.Results) != 1 || late.Results[0].Status != contract.CustomerNotSubscribed {
				t.Errorf("after the end: %+v; want %s", late, contract.CustomerNotSubscribed)
			}
			if n := len(b.Records("")); n != 1 {
				t.Errorf("after the end the marketplace honours %d records; want still 1", n)
			}
		})
	}
}

// TestEveryClientRetriesByItself has AWS refuse twice; no client's user may notice.
func TestEveryClientRetriesByItself(t *testing.T) {
	for _, d := range drivers {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, d, 4)
			for _, kind := range []string{"error-after-commit", "drop-connection"} {
				b.Break(harness.Fault{Operation: "BatchMeterUsage", Kind: kind, Times: 1})
			}
			got := into[metered](t, b.do(t, b.metered(nil)))
			honoured := b.Records("")
			if len(got.Results) != 1 || got.Results[0].Status != contract.Success || len(honoured) != 1 || honoured[0].MeteringRecordID != got.Results[0].MeteringRecordId {
				t.Errorf("the client was told %+v, the marketplace honoured %+v; want one record, and the same", got, honoured)
			}
		})
	}
}

// TestEveryClientReadsTheNotices receives the notices of two purchases from the queue, and deletes them.
func TestEveryClientReadsTheNotices(t *testing.T) {
	for _, d := range drivers {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, d, 3)
			queue := ""
			for _, kv := range b.Env() {
				if v, ok := strings.CutPrefix(kv, "SOUK_QUEUE_URL="); ok {
					queue = v
				}
			}
			if queue == "" {
				t.Fatal("the sandbox names no queue")
			}
			ask := map[string]any{"QueueUrl": queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0}
			var told []string
			for range 20 {
				got := into[messages](t, b.do(t, call{"sqs", "ReceiveMessage", ask}))
				if len(got.Messages) == 0 {
					break
				}
				for _, m := range got.Messages {
					var event struct {
						Source     string `json:"source"`
						DetailType string `json:"detail-type"`
					}
					if err := json.Unmarshal([]byte(m.Body), &event); err != nil || m.ReceiptHandle == "" {
						t.Fatalf("message %+v: %v", m, err)
					}
					if event.Source == contract.EventSource {
						told = append(told, event.DetailType)
					}
					into[struct{}](t, b.do(t, call{"sqs", "DeleteMessage", map[string]any{"QueueUrl": queue, "ReceiptHandle": m.ReceiptHandle}}))
				}
			}
			for _, want := range []string{contract.AgreementCreated + " - Proposer", contract.LicenseUpdated + " - Manufacturer"} {
				if !slices.Contains(told, want) {
					t.Errorf("the queue held %q; want %q among them", told, want)
				}
			}
			b.Advance(24 * time.Hour) // any visibility timeout is over
			if got := into[messages](t, b.do(t, call{"sqs", "ReceiveMessage", ask})); len(got.Messages) != 0 {
				t.Errorf("deleted messages came back: %+v", got)
			}
		})
	}
}
