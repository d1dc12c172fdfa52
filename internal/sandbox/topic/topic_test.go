package topic

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk.dev/souk/internal/clock"
)

var noon = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)

const (
	seller = "444455556666"
	other  = "111122223333"
	code   = "1nkwe11c1ass1c0abcdefghij"
)

// stand is a service with what it sent to be confirmed.
type stand struct {
	*Service
	clk  *clock.Virtual
	sent []Message
	log  []Change
}

func open(t *testing.T, wired string) *stand {
	s := &stand{clk: clock.NewVirtual(noon)}
	s.Service = New(Options{Clock: s.clk, NewID: uuid.NewString, Base: func() string { return "http://127.0.0.1:4700" }, Wired: wired,
		Log:     func(c Change) error { s.log = append(s.log, c); return nil },
		Confirm: func(_ Subscription, m Message) error { s.sent = append(s.sent, m); return nil }})
	s.Offer(code, seller)
	return s
}

func (s *stand) http(t *testing.T) Subscription {
	t.Helper()
	b, err := s.Subscribe(seller, Region, Subscription{Topic: Subscriptions(code), Protocol: HTTPS, Endpoint: "https://seller.example/sns"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func refused(err error, code Code) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == code
}

// What the guide says of signatures holds of every kind of message, in both versions, with the certificate that is served.
func TestSignaturesVerify(t *testing.T) {
	for _, version := range []string{"1", "2"} {
		for _, kind := range []Kind{Notification, SubscriptionConfirmation, UnsubscribeConfirmation} {
			for _, subject := range []string{"", "About it"} {
				t.Run(fmt.Sprint(version, kind, subject), func(t *testing.T) {
					s := open(t, "")
					arn := Subscriptions(code)
					if err := s.SetAttribute(seller, Region, arn, SignatureVersion, version); err != nil {
						t.Fatal(err)
					}
					m := Message{ID: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", Kind: kind, Topic: arn, Subject: subject, Text: "{\"a\":\"<é>\"}", Token: "t0k3n", At: noon}
					var n map[string]string
					if err := json.Unmarshal([]byte(s.Envelope(m, arn+":1")), &n); err != nil {
						t.Fatal(err)
					}
					names := []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
					if kind == Notification {
						names = []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
					}
					var text strings.Builder
					for _, name := range names {
						if v, ok := n[name]; ok {
							text.WriteString(name + "\n" + v + "\n")
						}
					}
					pemText, err := s.Signer().Certificate()
					if err != nil {
						t.Fatal(err)
					}
					block, _ := pem.Decode(pemText)
					cert, err := x509.ParseCertificate(block.Bytes)
					if err != nil {
						t.Fatal(err)
					}
					sig, err := base64.StdEncoding.DecodeString(n["Signature"])
					if err != nil {
						t.Fatal(err)
					}
					if n["SignatureVersion"] != version || n["SigningCertURL"] != "http://127.0.0.1:4700"+CertificatePath {
						t.Errorf("says %+v", n)
					}
					h1, h2 := sha1.Sum([]byte(text.String())), sha256.Sum256([]byte(text.String()))
					hash, sum := crypto.SHA1, h1[:]
					if version == "2" {
						hash, sum = crypto.SHA256, h2[:]
					}
					if err := rsa.VerifyPKCS1v15(cert.PublicKey.(*rsa.PublicKey), hash, sum, sig); err != nil {
						t.Errorf("signed %q: %v", text.String(), err)
					}
				})
			}
		}
	}
}

func TestConfirmation(t *testing.T) {
	s := open(t, "")
	b := s.http(t)
	if b.Confirmed || len(s.sent) != 1 || s.sent[0].Kind != SubscriptionConfirmation {
		t.Fatalf("%+v, sent %+v", b, s.sent)
	}
	hello := Message{Kind: Notification, Topic: b.Topic, Text: "x"}
	if stops := s.Match(hello); len(stops) != 0 {
		t.Errorf("before it is confirmed: %+v", stops)
	}
	if _, err := s.Confirm(b.Topic, "another", false); !refused(err, InvalidParameter) {
		t.Errorf("with another token: %v", err)
	}
	again := s.http(t) // asks again, with another token
	if again.ARN != b.ARN || len(s.sent) != 2 || s.sent[1].Token == s.sent[0].Token {
		t.Errorf("asked again: %+v", s.sent)
	}
	s.clk.Set(noon.Add(tokenLife))
	if _, err := s.Confirm(b.Topic, s.sent[1].Token, false); !refused(err, InvalidParameter) {
		t.Errorf("after two days: %v", err)
	}
	if all, err := s.Subscriptions(seller, Region, b.Topic); err != nil || len(all) != 0 {
		t.Errorf("after two days there are %+v, %v", all, err)
	}
	s.http(t)
	for range 2 { // the link may be followed twice
		if arn, err := s.Confirm(b.Topic, s.sent[2].Token, false); err != nil || arn != b.ARN {
			t.Errorf("%s, %v", arn, err)
		}
	}
	if stops := s.Match(hello); len(stops) != 1 || stops[0].To != "https://seller.example/sns" {
		t.Errorf("confirmed: %+v", stops)
	}
}

// Who follows the link of a message ends the subscription, and can bring it back with what is sent then.
func TestUnsubscribeLink(t *testing.T) {
	s := open(t, "")
	b := s.http(t)
	if _, err := s.Confirm(b.Topic, s.sent[0].Token, false); err != nil {
		t.Fatal(err)
	}
	if err := s.Unsubscribe("", b.ARN); err != nil {
		t.Fatal(err)
	}
	hello := Message{Kind: Notification, Topic: b.Topic, Text: "x"}
	if len(s.sent) != 2 || s.sent[1].Kind != UnsubscribeConfirmation || len(s.Match(hello)) != 0 {
		t.Fatalf("sent %+v", s.sent)
	}
	if _, err := s.Subscription(seller, b.ARN); !refused(err, NotFound) {
		t.Errorf("it is still there: %v", err)
	}
	if _, err := s.Confirm(b.Topic, s.sent[1].Token, true); err != nil {
		t.Fatal(err)
	}
	if len(s.Match(hello)) != 1 {
		t.Error("it did not come back")
	}
	if err := s.Unsubscribe("", b.ARN); !refused(err, Unauthorized) {
		t.Errorf("its owner asked that nobody else may end it: %v", err)
	}
	if err := s.Unsubscribe(other, b.ARN); !refused(err, Unauthorized) {
		t.Errorf("another account ended it: %v", err)
	}
	if err := s.Unsubscribe(seller, b.ARN); err != nil || len(s.Match(hello)) != 0 {
		t.Errorf("its owner could not end it: %v", err)
	}
}

// Only the selling account may subscribe to a product's topics, only in their region, and nobody may publish there.
func TestWhoMayDoWhat(t *testing.T) {
	s := open(t, "")
	arn := Entitlements(code)
	sub := Subscription{Topic: arn, Protocol: SQS, Endpoint: "arn:aws:sqs:us-east-1:" + seller + ":q"}
	if _, err := s.Subscribe(other, Region, sub); !refused(err, Unauthorized) {
		t.Errorf("another account: %v", err)
	}
	if _, err := s.Subscribe(seller, "eu-west-1", sub); !refused(err, InvalidParameter) {
		t.Errorf("in another region: %v", err)
	}
	b, err := s.Subscribe(seller, Region, sub)
	if err != nil || !b.Confirmed || len(s.sent) != 0 {
		t.Errorf("%+v, %v", b, err)
	}
	if again, err := s.Subscribe(seller, Region, sub); err != nil || again.ARN != b.ARN {
		t.Errorf("twice: %+v, %v", again, err)
	}
	sub.Attributes = map[string]string{RawMessageDelivery: "true"}
	if _, err := s.Subscribe(seller, Region, sub); !refused(err, InvalidParameter) {
		t.Errorf("twice, with other attributes: %v", err)
	}
	for what, err := range map[string]error{"publish": s.MayPublish(seller, Region, arn), "delete": s.Drop(seller, Region, arn), "set the policy": s.SetAttribute(seller, Region, arn, Policy, "{}"),
		"sign for others": s.SetAttribute(other, Region, arn, SignatureVersion, "2")} {
		if !refused(err, Unauthorized) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// The journal brings everything back, subscriptions to topics that nobody has offered yet included.
func TestReplay(t *testing.T) {
	s := open(t, "marketplace-notices")
	if _, err := s.Create(seller, Region, "own", map[string]string{SignatureVersion: "2"}); err != nil {
		t.Fatal(err)
	}
	b := s.http(t)
	if _, err := s.Confirm(b.Topic, s.sent[0].Token, false); err != nil {
		t.Fatal(err)
	}
	if err := s.SetSubscription(seller, b.ARN, RawMessageDelivery, "true"); err != nil {
		t.Fatal(err)
	}
	all, err := s.Subscriptions(seller, Region, "")
	if err != nil || len(all) != 3 {
		t.Fatalf("%+v, %v", all, err)
	}
	if err := s.Unsubscribe(seller, all[0].ARN); err != nil { // a built-in one
		t.Fatal(err)
	}
	next := &stand{clk: s.clk}
	next.Service = New(Options{Clock: s.clk, NewID: uuid.NewString, Base: func() string { return "" }, Wired: "marketplace-notices"})
	for range 2 { // a change may be applied twice
		for _, c := range s.log {
			text, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			var again Change
			if err := json.Unmarshal(text, &again); err != nil {
				t.Fatal(err)
			}
			if err := next.Replay(again); err != nil {
				t.Fatal(err)
			}
		}
	}
	next.Offer(code, seller)
	for _, list := range []func(*Service) any{
		func(s *Service) any { all, err := s.Subscriptions(seller, Region, ""); return []any{all, err} },
		func(s *Service) any { return s.Topics(seller, Region) },
		func(s *Service) any { attrs, err := s.Attributes(seller, Region, b.Topic); return []any{attrs, err} },
	} {
		was, _ := json.Marshal(list(s.Service))
		is, _ := json.Marshal(list(next.Service))
		if string(was) != string(is) {
			t.Errorf("came back as\n%s\nwas\n%s", is, was)
		}
	}
}

func TestAttributesThatCannotBe(t *testing.T) {
	for name, value := range map[string]string{
		RawMessageDelivery: "yes", FilterPolicy: `{"a":"b"}`, FilterPolicyScope: "Everything", RedrivePolicy: `{"deadLetterTargetArn":"x"}`, "Colour": "red",
		DeliveryPolicy: `{"healthyRetryPolicy":{"numRetries":101}}`,
	} {
		if _, err := rulesOf(Subscription{Protocol: HTTP, Attributes: map[string]string{name: value}}); !refused(err, InvalidParameter) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, p := range []string{`{`, `{"healthyRetryPolicy":{"minDelayTarget":0}}`, `{"healthyRetryPolicy":{"minDelayTarget":30,"maxDelayTarget":20}}`, `{"healthyRetryPolicy":{"numRetries":1,"numNoDelayRetries":2}}`,
		`{"healthyRetryPolicy":{"backoffFunction":"cubic"}}`, `{"healthyRetryPolicy":{"maxDelayTarget":3601}}`} {
		if _, err := rulesOf(Subscription{Protocol: HTTP, Attributes: map[string]string{DeliveryPolicy: p}}); err == nil {
			t.Errorf("%s is taken", p)
		}
	}
	if _, err := rulesOf(Subscription{Protocol: SQS, Attributes: map[string]string{DeliveryPolicy: "{}"}}); err == nil {
		t.Error("a queue has no delivery policy")
	}
}

// However a delivery policy is made, its pauses stay within its bounds, and there are as many as it says.
func FuzzDeliveryPolicy(f *testing.F) {
	f.Add(`{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":60,"numRetries":50,"numNoDelayRetries":3,"numMinDelayRetries":2,"numMaxDelayRetries":35,"backoffFunction":"exponential"}}`)
	f.Add(`{"healthyRetryPolicy":{"numRetries":0}}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, _, err := deliveryPolicy(text)
		if err != nil {
			return
		}
		least, most, n := r.values()
		p := r.patience()
		for i := 1; ; i++ {
			pause, ok := p.Wait(i)
			if !ok {
				if int64(i) != n+1 {
					t.Errorf("%d retries, want %d", i-1, n)
				}
				return
			}
			if pause != 0 && (pause < time.Duration(least)*time.Second || pause > time.Duration(most)*time.Second) {
				t.Errorf("pause %d is %s, not within %d to %d s", i, pause, least, most)
			}
		}
	})
}
