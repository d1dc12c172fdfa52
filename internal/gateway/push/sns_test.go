package push

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"crypto/x509"
	"crypto/x509/pkix"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/license"
)

func TestSignedMessagesAreTaken(t *testing.T) {
	for _, version := range []string{"1", "2"} {
		s := newSite(t, nil)
		for range 3 {
			if status, code := s.post("/aws/sns", textOf(s.signed(version, nil))); status != http.StatusOK {
				t.Fatalf("version %s: %d %s", version, status, code)
			}
		}
		n := intake.Parse(s.taken[0])
		if n.Key != "sns:22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324" || n.Way != intake.ByTopic || n.Channel != intake.SNS || n.Kind != contract.SubscribeSuccess || n.Outcome != intake.Received ||
			!n.At.Equal(noon.Add(-time.Minute)) {
			t.Errorf("version %s: %+v", version, n)
		}
		if len(s.taken) != 3 || s.taken[0] != s.taken[2] {
			t.Errorf("the same message three times is %+v", s.taken)
		}
		// The leaf, and then its issuer, once for three messages.
		if len(s.asked) != 2 {
			t.Errorf("fetched %q", s.asked)
		}
	}
}

func TestASubjectAndOddCharactersAreSigned(t *testing.T) {
	s := newSite(t, nil)
	e := s.signed("1", func(e *envelope) {
		e.Subject, e.Message = "Für <alle> & \u200b", `{"action":"subscribe-maybe <&> `+"\u2028"+`"}`
	})
	if status, code := s.post("/aws/sns", textOf(e)); status != http.StatusOK {
		t.Fatal(status, code)
	}
	if n := intake.Parse(s.taken[0]); n.Outcome != intake.Unknown || !strings.Contains(n.Body, `subscribe-maybe <&> `) {
		t.Errorf("%+v", n)
	}
}

// Every message that is not provably AWS's, now, and about a topic of ours, is refused, and nothing is kept of it.
func TestPeerA24_ForgedMessagesChangeNothing(t *testing.T) {
	other := amazonsKeys()
	for _, c := range []struct {
		name   string
		change func(*site, *envelope) // of what was signed
		before func(*envelope)        // of what is to be signed
		status int
		code   string
	}{
		{"another message under the signature", func(_ *site, e *envelope) { e.Message = strings.Replace(e.Message, "X01", "X02", 1) }, nil, 401, "bad_signature"},
		{"another id, so as to be taken again", func(_ *site, e *envelope) { e.MessageID += "1" }, nil, 401, "bad_signature"},
		{"another time, so as to seem new", func(_ *site, e *envelope) { e.Timestamp = noon.Format(time.RFC3339) }, nil, 401, "bad_signature"},
		{"a subject put in", func(_ *site, e *envelope) { e.Subject = "x" }, nil, 401, "bad_signature"},
		{"a notification made of a confirmation", func(_ *site, e *envelope) { e.Type = contract.SNSUnsubscribed }, nil, 401, "bad_signature"},
		{"the other version", func(_ *site, e *envelope) { e.SignatureVersion = "2" }, nil, 401, "bad_signature"},
		{"no version", func(_ *site, e *envelope) { e.SignatureVersion = "" }, nil, 401, "bad_signature"},
		{"no base64", func(_ *site, e *envelope) { e.Signature = "?" }, nil, 401, "bad_signature"},
		{"no signature", func(_ *site, e *envelope) { e.Signature = "" }, nil, 400, "unsigned"},
		{"an unknown type", func(_ *site, e *envelope) { e.Type = "Rumour" }, nil, 400, "sns_type"},
		{"no id", nil, func(e *envelope) { e.MessageID = "" }, 400, "not_sns"},
		{"no time", nil, func(e *envelope) { e.Timestamp = "yesterday" }, 400, "not_sns"},
		{"somebody else's topic, truly signed", nil, func(e *envelope) { e.TopicARN = "arn:aws:sns:us-east-1:999999999999:mine" }, 401, "unexpected_topic"},
		{"another product's topic, truly signed", nil, func(e *envelope) { e.TopicARN = contract.SubscriptionTopic("another") }, 401, "unexpected_topic"},
		{"an old one", nil, func(e *envelope) { e.Timestamp = noon.Add(-maxAge - time.Second).Format(time.RFC3339) }, 401, "stale"},
		{"one from the future", nil, func(e *envelope) { e.Timestamp = noon.Add(maxAhead + time.Second).Format(time.RFC3339) }, 401, "from_the_future"},
		{"a certificate that has run out", func(s *site, _ *envelope) {
			s.serve(s.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "sns.amazonaws.com"}, NotBefore: noon.AddDate(-2, 0, 0), NotAfter: noon.AddDate(0, 0, -1)}, s.root))
		}, nil, 401, "bad_certificate"},
		{"a certificate of the same authority for another's name", func(s *site, _ *envelope) {
			s.serve(s.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "shop.example.com"}, DNSNames: []string{"shop.example.com"}}, s.root))
		}, nil, 401, "bad_certificate"},
		{"a certificate that nobody trusted has signed", func(s *site, _ *envelope) {
			s.serve(other.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "sns.amazonaws.com"}}, nil))
		}, nil, 401, "bad_certificate"},
		{"no certificate", func(s *site, _ *envelope) { s.files["sns.us-east-1.amazonaws.com"+pemPath] = []byte("hello") }, nil, 401, "bad_certificate"},
		{"a certificate that is not there", func(s *site, _ *envelope) { clear(s.files) }, nil, 401, "bad_certificate"},
		{"a huge certificate", func(s *site, _ *envelope) {
			s.files["sns.us-east-1.amazonaws.com"+pemPath] = make([]byte, maxCertificate+1)
		}, nil, 401, "bad_certificate"},
		{"its host away, for now", func(s *site, _ *envelope) { s.away = true }, nil, 503, "certificate_away"},
		{"its issuer away, for now", func(s *site, _ *envelope) { delete(s.files, "crt.r2m01.amazontrust.com/r2m01.cer") }, nil, 401, "bad_certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, nil)
			e := s.signed("1", c.before)
			if c.change != nil {
				c.change(s, &e)
			}
			status, code := s.post("/aws/sns", textOf(e))
			if status != c.status || code != c.code || len(s.taken) != 0 || s.told[0] != c.code {
				t.Errorf("%d %s, taken %d, told %q; want %d %s", status, code, len(s.taken), s.told, c.status, c.code)
			}
		})
	}
}

func (s *site) serve(certs ...*x509.Certificate) {
	s.files["sns.us-east-1.amazonaws.com"+pemPath] = pemOf(certs...)
}

func TestCertificatesElsewhereAreNotEvenFetched(t *testing.T) {
	for _, at := range []string{
		"http://sns.us-east-1.amazonaws.com" + pemPath,
		"https://sns.us-east-1.amazonaws.com.evil.example" + pemPath,
		"https://evil.example/sns.us-east-1.amazonaws.com" + pemPath,
		"https://sns.us-east-1.amazonaws.com@evil.example" + pemPath,
		"https://evil.example@sns.us-east-1.amazonaws.com" + pemPath,
		"https://sns.us-east-1.amazonaws.com:8443" + pemPath,
		"https://sns.us-east-1.evil.amazonaws.com" + pemPath,
		"https://bucket.s3.amazonaws.com" + pemPath,
		"https://sns.eu-west-1.amazonaws.com" + pemPath, // not the topic's region
		"https://sns.us-east-1.amazonaws.com/other.pem",
		"https://sns.us-east-1.amazonaws.com/x/.." + pemPath,
		"https://sns.us-east-1.amazonaws.com/?x=" + pemPath,
		"https://sns.us-east-1.amazonaws.com" + pemPath + "?x=1",
		"https://sns.us-east-1.amazonaws.com" + pemPath + "#x",
		"file:///etc/ssl/cert.pem", "//sns.us-east-1.amazonaws.com" + pemPath, "::", "http://127.0.0.1:4700/SimpleNotificationService-sandbox.pem",
	} {
		s := newSite(t, nil)
		e := s.signed("1", func(e *envelope) { e.SigningCertURL = at })
		if status, code := s.post("/aws/sns", textOf(e)); status != http.StatusUnauthorized || code != "certificate_elsewhere" || len(s.asked) != 0 || len(s.taken) != 0 {
			t.Errorf("%s: %d %s, fetched %q", at, status, code, s.asked)
		}
	}
}

func TestTheCertificatesBetweenMayBeInTheFile(t *testing.T) {
	s := newSite(t, nil)
	s.serve(s.leaf, s.middle)
	if status, code := s.post("/aws/sns", textOf(s.signed("2", nil))); status != http.StatusOK || len(s.asked) != 1 {
		t.Errorf("%d %s, fetched %q", status, code, s.asked)
	}
}

func TestCertificatesAreFetchedAnewAfterADay(t *testing.T) {
	s := newSite(t, nil)
	e := s.signed("1", nil)
	s.post("/aws/sns", textOf(e))
	s.clk.Set(noon.Add(keepCertificate))
	s.away = true
	e = s.signed("1", func(e *envelope) { e.Timestamp = noon.Add(keepCertificate).Format(time.RFC3339) })
	if status, code := s.post("/aws/sns", textOf(e)); status != http.StatusServiceUnavailable {
		t.Errorf("%d %s; want the certificate to be looked at again", status, code)
	}
}

// Anybody can name places at SNS's host where there is nothing. That costs Amazon, and us, no more than a few fetches, and
// those who name what is known are served all the while.
func TestAFloodOfCertificatesIsHeldBack(t *testing.T) {
	s := newSite(t, nil)
	if status, code := s.post("/aws/sns", textOf(s.signed("1", nil))); status != http.StatusOK {
		t.Fatal(status, code)
	}
	codes := map[string]int{}
	for i := range 200 {
		_, code := s.post("/aws/sns", textOf(s.signed("1", func(e *envelope) { e.SigningCertURL = fmt.Sprintf("%s/SimpleNotificationService-%d.pem", snsAt, i) })))
		codes[code]++
	}
	if codes["many_certificates"] < 100 || codes["bad_certificate"] < 1 || len(s.asked) > 100 {
		t.Errorf("%v, %d fetches", codes, len(s.asked))
	}
	if status, code := s.post("/aws/sns", textOf(s.signed("1", nil))); status != http.StatusOK {
		t.Errorf("a true message in the flood: %d %s", status, code)
	}
}

func TestRawDeliveryIsRefused(t *testing.T) {
	s := newSite(t, nil)
	raw := s.signed("1", nil).Message
	if status, code := s.post("/aws/sns", raw); status != http.StatusBadRequest || code != "raw_delivery" {
		t.Errorf("by its body: %d %s", status, code)
	}
	if status, code := s.post("/aws/sns", textOf(s.signed("1", nil)), "x-amz-sns-rawdelivery", "true"); status != http.StatusBadRequest || code != "raw_delivery" {
		t.Errorf("by its header: %d %s", status, code)
	}
	if len(s.taken) != 0 {
		t.Errorf("taken %+v", s.taken)
	}
}

// What the signature does not cover could be anybody's: an event beside the members of a true message, above all.
func TestMembersThatAreNotSignedAreDropped(t *testing.T) {
	s := newSite(t, nil)
	text := textOf(s.signed("1", nil))
	text = strings.TrimSuffix(text, "}") + `,"detail-type":"License Updated - Manufacturer","source":"aws.agreement-marketplace","detail":{"license":{"arn":"arn:forged"}},"action":"unsubscribe-success","UnsubscribeURL":"https://x"}`
	if status, code := s.post("/aws/sns", text); status != http.StatusOK {
		t.Fatal(status, code)
	}
	if n := intake.Parse(s.taken[0]); n.Kind != contract.SubscribeSuccess || strings.Contains(n.Body, "forged") || strings.Contains(n.Body, "UnsubscribeURL") {
		t.Errorf("%+v", n)
	}
}

func (s *site) confirmation(change func(*envelope)) string {
	return textOf(s.signed("1", func(e *envelope) {
		e.Type, e.Token, e.Message = contract.SNSSubscribed, "2336412f37", "You have chosen to subscribe"
		e.SubscribeURL = snsAt + "/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=" + e.Token
		if change != nil {
			change(e)
		}
	}))
}

func TestSubscriptionsAreConfirmed(t *testing.T) {
	s := newSite(t, nil)
	if status, code := s.post("/aws/sns", s.confirmation(nil)); status != http.StatusOK {
		t.Fatal(status, code)
	}
	if last := s.asked[len(s.asked)-1]; last != "sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn="+topic+"&Token=2336412f37" {
		t.Errorf("asked %q", last)
	}
	if n := intake.Parse(s.taken[0]); n.Kind != contract.SNSSubscribed || n.Outcome != license.Recorded || strings.Contains(n.Body, "2336412f37") {
		t.Errorf("%+v", n)
	}
	s.away = true
	if status, code := s.post("/aws/sns", s.confirmation(nil)); status != http.StatusServiceUnavailable || code != "confirmation_failed" {
		t.Errorf("while SNS is away: %d %s", status, code)
	}
}

func TestConfirmationsElsewhereAreNotVisited(t *testing.T) {
	for _, at := range []string{
		"https://evil.example/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=2336412f37",
		"http://169.254.169.254/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=2336412f37",
		"http://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=2336412f37",
		snsAt + "/?Action=Unsubscribe&TopicArn=" + topic + "&Token=2336412f37",
		snsAt + "/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-east-1:999999999999:mine&Token=2336412f37",
		snsAt + "/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=another",
		snsAt + "/elsewhere?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=2336412f37",
		"", "::",
	} {
		s := newSite(t, nil)
		status, code := s.post("/aws/sns", s.confirmation(func(e *envelope) { e.SubscribeURL = at }))
		if status != http.StatusUnauthorized || code != "confirmation_elsewhere" || len(s.taken) != 0 || len(s.asked) != 2 { // the certificates alone
			t.Errorf("%s: %d %s, asked %q", at, status, code, s.asked)
		}
	}
}

func TestTheEndOfASubscriptionIsKept(t *testing.T) {
	s := newSite(t, nil)
	text := s.confirmation(func(e *envelope) { e.Type = contract.SNSUnsubscribed })
	if status, code := s.post("/aws/sns", text); status != http.StatusOK {
		t.Fatal(status, code)
	}
	if n := intake.Parse(s.taken[0]); n.Kind != contract.SNSUnsubscribed || n.Outcome != license.Recorded || !strings.Contains(n.Why, "ended") || len(s.asked) != 2 {
		t.Errorf("%+v, asked %q", n, s.asked)
	}
}

func TestWhatCannotBeKeptIsAskedForAgain(t *testing.T) {
	s := newSite(t, nil)
	s.down = true
	if status, _ := s.post("/aws/sns", textOf(s.signed("1", nil))); status != http.StatusInternalServerError {
		t.Errorf("%d; SNS tries again after a 5xx alone", status)
	}
}

func TestATopicOfTheSellersOwn(t *testing.T) {
	const own = "arn:aws:sns:us-east-1:444455556666:marketplace"
	s := newSite(t, func(c *Config) { c.Topics = []string{own} })
	event := `{"detail-type":"License Updated - Manufacturer","source":"aws.agreement-marketplace","id":"e1","time":"2026-11-23T11:59:00Z","detail":{"requestId":"r1","license":{"arn":"arn:l"}}}`
	if status, code := s.post("/aws/sns", textOf(s.signed("2", func(e *envelope) { e.TopicARN, e.Message = own, event }))); status != http.StatusOK {
		t.Fatal(status, code)
	}
	if n := intake.Parse(s.taken[0]); n.Key != "event:r1:LicenseUpdated" || n.Channel != intake.EventBridge {
		t.Errorf("%+v", n)
	}
	if _, err := New(Config{Topics: []string{"marketplace"}}); err == nil {
		t.Error("want a topic's name to be refused")
	}
}

// The sandbox signs with a key of its own, which is new at each start.
func TestASandboxIsTrustedWhereItIsConfigured(t *testing.T) {
	const at = "http://127.0.0.1:80"
	s := newSite(t, func(c *Config) { c.Trust = at })
	self := s.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "sns.sandbox.invalid"}}, nil)
	place := func(e *envelope) { e.SigningCertURL = at + "/SimpleNotificationService-sandbox.pem" }
	s.files["127.0.0.1:80/SimpleNotificationService-sandbox.pem"] = pemOf(self)
	if status, code := s.post("/aws/sns", textOf(s.signed("1", place))); status != http.StatusOK {
		t.Fatal(status, code)
	}
	forged := s.signed("1", place)
	forged.Signature = base64.StdEncoding.EncodeToString(make([]byte, 256))
	if status, code := s.post("/aws/sns", textOf(forged)); status != http.StatusUnauthorized || code != "bad_signature" || len(s.asked) != 2 {
		t.Errorf("%d %s; asked %q: want the sandbox to be asked once more for its key", status, code, s.asked)
	}
	s = newSite(t, func(c *Config) { c.Trust = at + "/_sandbox/worlds/blue" })
	s.files["127.0.0.1:80/_sandbox/worlds/blue/SimpleNotificationService-sandbox.pem"] = pemOf(self)
	world := func(e *envelope) {
		e.SigningCertURL = at + "/_sandbox/worlds/blue/SimpleNotificationService-sandbox.pem"
	}
	if status, code := s.post("/aws/sns", textOf(s.signed("1", world))); status != http.StatusOK {
		t.Error("of a world:", status, code)
	}
	if status, code := s.post("/aws/sns", textOf(s.signed("1", place))); status != http.StatusUnauthorized || code != "certificate_elsewhere" {
		t.Error("of another world at the same address:", status, code)
	}
	for _, bad := range []string{"127.0.0.1:4700", "ftp://x", "http://x?y", "http://u@x"} {
		if _, err := New(Config{Trust: bad}); err == nil {
			t.Errorf("trust %q: want an error", bad)
		}
	}
}
