package push

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/intake"
)

const (
	// maxAge is how old a message may be. SNS tries for an hour at most; the rest is for clocks that disagree. Within it,
	// a message that comes again is known by its id. Source: Amazon SNS Developer Guide, "Message delivery retries".
	maxAge = time.Hour + maxAhead
	// maxAhead is how far the sender's clock may be ahead of ours.
	maxAhead = 15 * time.Minute
)

// postSNS takes a message of a topic.
func (d *Door) postSNS(w http.ResponseWriter, r *http.Request) error {
	if r.Header.Get("x-amz-sns-rawdelivery") == "true" {
		return rawDelivery()
	}
	text, err := body(w, r)
	if err != nil {
		return err
	}
	e, at, err := readEnvelope(text)
	if err != nil {
		return err
	}
	if err := d.prove(r.Context(), e, at); err != nil {
		return err
	}
	if e.Type == contract.SNSSubscribed {
		if err := d.confirm(r.Context(), e); err != nil {
			return err
		}
		d.c.Log.InfoContext(r.Context(), "a topic's subscription is confirmed", "topic", e.TopicARN)
	}
	if _, err := d.c.Intake.Take(r.Context(), intake.Message{Way: intake.ByTopic, Body: e.proven(), SentAt: at}); err != nil {
		return err
	}
	if e.Type == contract.SNSUnsubscribed {
		d.c.Log.WarnContext(r.Context(), "a topic's subscription has ended; its notices come here no more", "topic", e.TopicARN)
	}
	return done(w)
}

// prove makes sure that AWS speaks: the topic is one of ours, the message is not old, and Amazon signed it. What costs
// nothing comes first.
func (d *Door) prove(ctx context.Context, e envelope, at time.Time) error {
	if !d.topics[e.TopicARN] {
		return fail.New(fail.Denied, "unexpected_topic", "No messages are expected of that topic; see --sns-topics and --products.")
	}
	now := d.c.Clock.Now()
	switch {
	case now.Sub(at) > maxAge:
		return fail.New(fail.Denied, "stale", "The message is older than %s.", maxAge)
	case at.Sub(now) > maxAhead:
		return fail.New(fail.Denied, "from_the_future", "The message's time is more than %s ahead of ours.", maxAhead)
	}
	place, err := d.placeOf(e.SigningCertURL, e.TopicARN)
	if err != nil {
		return err
	}
	for {
		key, cached, err := d.certs.key(ctx, place)
		if err != nil {
			return err
		}
		if e.signedBy(key) {
			return nil
		}
		if !cached || !place.sandbox {
			return fail.New(fail.Denied, "bad_signature", "The message's signature is not that of its certificate.")
		}
		d.certs.forget(place) // a sandbox that was started again has a new key at the old place
	}
}

// place is where a certificate, or a link of SNS's, is.
type place struct {
	url     string
	host    string
	path    string // behind the host, or behind the sandbox's address
	region  string
	sandbox bool // it is the sandbox that is trusted
}

// placeOf tells whether a certificate may be fetched from raw for a message of the topic: from SNS's own host in the
// topic's region, or from the sandbox that is trusted. The name of the host decides, and TLS proves it.
func (d *Door) placeOf(raw, topic string) (p place, err error) {
	u, err := url.Parse(raw)
	if err == nil && u.RawQuery == "" {
		if p, ok := d.certs.origin(u, topic); ok && certificatePath.MatchString(p.path) {
			return p, nil
		}
	}
	return p, fail.New(fail.Denied, "certificate_elsewhere", "The certificate's place is not SNS's own.")
}

// confirm tells the topic that its messages are wanted, by the link in a proven message.
func (d *Door) confirm(ctx context.Context, e envelope) error {
	elsewhere := fail.New(fail.Denied, "confirmation_elsewhere", "The link that confirms the subscription is not SNS's own, or for another topic.")
	u, err := url.Parse(e.SubscribeURL)
	if err != nil {
		return elsewhere
	}
	if q := u.Query(); q.Get("Action") != "ConfirmSubscription" || q.Get("TopicArn") != e.TopicARN || q.Get("Token") == "" || q.Get("Token") != e.Token {
		return elsewhere
	}
	p, ok := d.certs.origin(u, e.TopicARN)
	if !ok || strings.Trim(p.path, "/") != "" {
		return elsewhere
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return elsewhere
	}
	res, err := d.certs.http.Do(req)
	if err != nil {
		// The error would quote the link and its token.
		return fail.New(fail.Later, "confirmation_failed", "SNS could not be told that the subscription is wanted; it asks again.")
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxBody))
	if res.StatusCode != http.StatusOK {
		return fail.New(fail.Later, "confirmation_failed", "SNS answers the confirmation with the status %d.", res.StatusCode)
	}
	return nil
}
