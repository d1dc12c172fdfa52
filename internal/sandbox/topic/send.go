package topic

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"souk.dev/souk/internal/sandbox/parcel"
	"souk.dev/souk/internal/sandbox/queue"
)

// service is SNS's name in policies.
const service = "sns.amazonaws.com"

// httpTimeout is how long an endpoint has to answer. Source: Amazon SNS Developer Guide, "Sending messages to HTTP/HTTPS".
const httpTimeout = 15 * time.Second

// Match lists where m goes: the confirmed subscriptions of its topic whose filters let it through.
func (s *Service) Match(m Message) []parcel.Stop {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.topics[m.Topic]
	if t == nil {
		return nil
	}
	var out []parcel.Stop
	for _, b := range t.subs {
		if b.Confirmed && b.rules.pass(m) {
			out = append(out, parcel.Stop{Via: b.ARN, To: b.Endpoint})
		}
	}
	return out
}

// Parcel is what m becomes for the subscription via; [NotFound] if that is there no more.
func (s *Service) Parcel(via string, m Message) (parcel.Parcel, error) {
	s.mu.Lock()
	b := s.subs[via]
	t := s.topics[m.Topic]
	if b == nil || t == nil {
		s.mu.Unlock()
		return parcel.Parcel{}, refuse(NotFound, "The subscription was ended meanwhile.")
	}
	to, r, version, trusted := b.copy(), b.rules, t.version(), b.builtin
	s.mu.Unlock()

	if text, ok := m.PerWay[to.Protocol]; ok {
		m.Text = text
	}
	p := parcel.Parcel{Service: service, Source: m.Topic, Trusted: trusted, DeadLetter: r.deadLetter, DeadAttributes: deadAttributes}
	raw := r.raw && m.Kind == Notification
	if raw {
		p.Body = m.Text
	} else {
		p.Body = s.envelope(m, version, to.ARN)
	}
	p.DeadBody = p.Body
	if to.Protocol == SQS {
		p.Queue = to.Endpoint
		if raw {
			p.Attributes = queueAttributes(m.Attributes)
		}
		return p, nil
	}
	p.URL, p.Method, p.Timeout, p.Final, p.Retry = to.Endpoint, http.MethodPost, httpTimeout, final, r.retries.patience()
	p.Header = map[string]string{"Content-Type": "text/plain; charset=UTF-8", "User-Agent": "Amazon Simple Notification Service Agent",
		"x-amz-sns-message-type": string(m.Kind), "x-amz-sns-message-id": m.ID, "x-amz-sns-topic-arn": topicOf(m)}
	if m.Kind != SubscriptionConfirmation {
		p.Header["x-amz-sns-subscription-arn"] = to.ARN
	}
	if raw {
		p.Header["x-amz-sns-rawdelivery"] = "true"
	}
	if r.contentType != "" && m.Kind == Notification {
		p.Header["Content-Type"] = r.contentType
	}
	return p, nil
}

// final tells which answers of an endpoint are its last word: those that find fault with the request, but for 429.
// Source: Amazon SNS Developer Guide, "Amazon SNS message delivery retries".
func final(status int) bool {
	return status >= 300 && status < 500 && status != http.StatusTooManyRequests
}

// topicOf is where m says that it comes from.
func topicOf(m Message) string {
	if m.Forged {
		return strings.Replace(m.Topic, ":"+Marketplace+":", ":999999999999:", 1)
	}
	return m.Topic
}

// document is a message as SNS writes it; the order of its members is that of SNS.
// Source: Amazon SNS Developer Guide, "Parsing Amazon SNS message formats".
type document struct {
	Type              Kind                 `json:"Type"`
	MessageID         string               `json:"MessageId"`
	Token             string               `json:"Token,omitempty"`
	TopicARN          string               `json:"TopicArn"`
	Subject           string               `json:"Subject,omitempty"`
	Message           string               `json:"Message"`
	SubscribeURL      string               `json:"SubscribeURL,omitempty"`
	Timestamp         string               `json:"Timestamp"` // milliseconds
	SignatureVersion  string               `json:"SignatureVersion"`
	Signature         string               `json:"Signature"`
	SigningCertURL    string               `json:"SigningCertURL"`
	UnsubscribeURL    string               `json:"UnsubscribeURL,omitempty"`
	MessageAttributes map[string]Attribute `json:"MessageAttributes,omitempty"`
}

// Envelope is m as a subscriber without raw delivery gets it. subscription may be empty.
func (s *Service) Envelope(m Message, subscription string) string {
	s.mu.Lock()
	version := "1"
	if t := s.topics[m.Topic]; t != nil {
		version = t.version()
	}
	s.mu.Unlock()
	return s.envelope(m, version, subscription)
}

func (s *Service) envelope(m Message, version, subscription string) string {
	base := s.opt.Base()
	d := document{Type: m.Kind, MessageID: m.ID, Token: m.Token, TopicARN: topicOf(m), Subject: m.Subject, Message: m.Text,
		Timestamp: m.At.UTC().Format("2006-01-02T15:04:05.000Z"), SignatureVersion: version, SigningCertURL: base + CertificatePath, MessageAttributes: m.Attributes}
	if m.Kind == Notification {
		d.UnsubscribeURL = base + "/?" + url.Values{"Action": {"Unsubscribe"}, "SubscriptionArn": {subscription}}.Encode()
	} else {
		d.SubscribeURL = base + "/?" + url.Values{"Action": {"ConfirmSubscription"}, "TopicArn": {m.Topic}, "Token": {m.Token}}.Encode()
	}
	if m.Forged {
		d.Signature, d.SigningCertURL, d.UnsubscribeURL = "Zm9yZ2Vk", "https://forger.invalid/cert.pem", "https://forger.invalid/"
	} else {
		d.Signature = s.signer.sign(d.stringToSign(), version)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(d) // strings all through
	return strings.TrimSuffix(b.String(), "\n")
}

// stringToSign is what SNS signs: names and values of some members, a line each.
// Source: Amazon SNS Developer Guide, "Verifying the signatures of Amazon SNS messages".
func (d document) stringToSign() string {
	var b strings.Builder
	line := func(name, value string) { b.WriteString(name + "\n" + value + "\n") }
	line("Message", d.Message)
	line("MessageId", d.MessageID)
	if d.Type == Notification {
		if d.Subject != "" {
			line("Subject", d.Subject)
		}
		line("Timestamp", d.Timestamp)
	} else {
		line("SubscribeURL", d.SubscribeURL)
		line("Timestamp", d.Timestamp)
		line("Token", d.Token)
	}
	line("TopicArn", d.TopicARN)
	line("Type", string(d.Type))
	return b.String()
}

// queueAttributes are m's attributes as a raw delivery gives them to a queue's message.
func queueAttributes(in map[string]Attribute) map[string]queue.Attribute {
	if len(in) == 0 {
		return nil
	}
	out := make(map[string]queue.Attribute, len(in))
	for name, a := range in {
		if strings.HasPrefix(a.Type, "Binary") {
			raw, _ := base64.StdEncoding.DecodeString(a.Value) // it was checked when it was published
			out[name] = queue.Attribute{DataType: a.Type, Binary: raw}
			continue
		}
		out[name] = queue.Attribute{DataType: a.Type, String: a.Value}
	}
	return out
}

// deadAttributes are what a dead letter says of its message. Source: Amazon SNS Developer Guide, "Amazon SNS dead-letter
// queues".
func deadAttributes(f parcel.Failure) map[string]queue.Attribute {
	return map[string]queue.Attribute{"ErrorCode": parcel.Text(f.Code), "ErrorMessage": parcel.Text(f.Message)}
}
