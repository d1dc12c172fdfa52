package push

import (
	"strings"
	"testing"

	"souk.dev/souk/internal/gateway/intake"
)

// Whatever is posted as a message of SNS, it is taken only as Amazon signed it, and what is taken can be kept.
func FuzzSNS(f *testing.F) {
	a := amazonsKeys()
	e := (&amazon{authority: a}).signed("1", nil)
	f.Add(textOf(e))
	f.Add(strings.Replace(textOf(e), `"Type"`, `"type"`, 1))
	f.Add(`{"Type":"Notification","Type":"SubscriptionConfirmation","Signature":"x","MessageId":"1","TopicArn":"a:b:c:d:e:f","SigningCertURL":"::","Timestamp":"2026-11-23T12:00:00Z"}`)
	f.Add(`{"action":"subscribe-success"}`)
	f.Fuzz(func(t *testing.T, body string) {
		got, at, err := readEnvelope([]byte(body))
		if err != nil {
			return
		}
		if at.IsZero() && got.Timestamp == "" {
			t.Error("a message without a time")
		}
		if got.signedBy(&a.key.PublicKey) && got.stringToSign() != e.stringToSign() {
			t.Errorf("taken for Amazon's: %q", got.stringToSign())
		}
		kept := got.proven()
		again, _, err := readEnvelope([]byte(kept))
		if err != nil || again.proven() != kept {
			t.Errorf("kept %s, read as %s: %v", kept, again.proven(), err)
		}
		if n := intake.Parse(intake.Message{Way: intake.ByTopic, Body: kept, SentAt: at}); n.Key == "" || n.Outcome == "" || n.Channel == intake.Raw {
			t.Errorf("%+v", n)
		}
	})
}

// Whatever an API destination posts, it is an event of AWS Marketplace's, or has no effect.
func FuzzEvent(f *testing.F) {
	f.Add(event)
	f.Add(`{"detail-type":null,"action":"unsubscribe-success","customer-identifier":"x","product-code":"y"}`)
	f.Add(`{"Type":"Notification","Message":` + textOf(event) + `}`)
	f.Fuzz(func(t *testing.T, body string) {
		n := intake.Parse(intake.Message{Way: intake.ByEventBus, Body: body, SentAt: noon})
		if n.Key == "" || n.Body != body || n.Outcome == intake.Received && n.Channel != intake.EventBridge {
			t.Errorf("%+v", n)
		}
	})
}
