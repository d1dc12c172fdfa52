package push

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
)

// envelope is a message as SNS posts it. Source: Amazon SNS Developer Guide, "Amazon SNS message and JSON formats".
type envelope struct {
	Type             string `json:"Type"`
	MessageID        string `json:"MessageId"`
	TopicARN         string `json:"TopicArn"`
	Subject          string `json:"Subject,omitempty"`
	Message          string `json:"Message"`
	Timestamp        string `json:"Timestamp"`
	SignatureVersion string `json:"SignatureVersion"`
	Signature        string `json:"Signature"`
	SigningCertURL   string `json:"SigningCertURL"`

	// Of a confirmation. Whoever has them can end or begin the subscription: they are not kept.
	Token        string `json:"Token,omitempty"`
	SubscribeURL string `json:"SubscribeURL,omitempty"`
}

// readEnvelope reads a body. What is not a whole, signed message of a known type is fail.Invalid.
func readEnvelope(body []byte) (e envelope, at time.Time, err error) {
	if err := json.Unmarshal(body, &e); err != nil {
		return e, at, fail.New(fail.Invalid, "not_sns", "The body is not a message of SNS.")
	}
	switch {
	case e.Signature == "" && e.Type == "":
		return e, at, rawDelivery()
	case e.Signature == "":
		return e, at, fail.New(fail.Invalid, "unsigned", "The message has no signature.")
	case e.Type != contract.SNSNotification && e.Type != contract.SNSSubscribed && e.Type != contract.SNSUnsubscribed:
		return e, at, fail.New(fail.Invalid, "sns_type", "The message is of an unknown type.")
	case e.MessageID == "" || e.TopicARN == "" || e.SigningCertURL == "":
		return e, at, fail.New(fail.Invalid, "not_sns", "The message lacks its id, its topic or the place of its certificate.")
	}
	if at, err = time.Parse(time.RFC3339Nano, e.Timestamp); err != nil {
		return e, at, fail.New(fail.Invalid, "not_sns", "The message's time cannot be read.")
	}
	return e, at.UTC(), nil
}

func rawDelivery() error {
	return fail.New(fail.Invalid, "raw_delivery", "Raw delivery has no signature, so that nobody can tell who speaks; turn it off for this subscription.")
}

// stringToSign is what SNS signs: names and values of some members, a line each.
// Source: Amazon SNS Developer Guide, "Verifying the signatures of Amazon SNS messages".
func (e envelope) stringToSign() string {
	fields := []string{"Message", e.Message, "MessageId", e.MessageID}
	if e.Type == contract.SNSNotification {
		if e.Subject != "" {
			fields = append(fields, "Subject", e.Subject)
		}
		fields = append(fields, "Timestamp", e.Timestamp)
	} else {
		fields = append(fields, "SubscribeURL", e.SubscribeURL, "Timestamp", e.Timestamp, "Token", e.Token)
	}
	fields = append(fields, "TopicArn", e.TopicARN, "Type", e.Type)
	return strings.Join(fields, "\n") + "\n"
}

// signedBy reports whether the owner of key signed e.
func (e envelope) signedBy(key *rsa.PublicKey) bool {
	signature, err := base64.StdEncoding.DecodeString(e.Signature)
	if err != nil {
		return false
	}
	text := []byte(e.stringToSign())
	switch e.SignatureVersion {
	case "1": // SHA1 is SNS's default; AWS Marketplace owns its topics, and chooses
		sum := sha1.Sum(text)
		return rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], signature) == nil
	case "2":
		sum := sha256.Sum256(text)
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
	}
	return false
}

// proven is e as it is kept: what the signature covers, and the signature. A member that it does not cover could have
// been put in by anybody on the way, and would be read as if AWS had written it.
func (e envelope) proven() string {
	e.Token, e.SubscribeURL = "", ""
	if e.Type != contract.SNSNotification {
		e.Subject = "" // of a confirmation it is not signed
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(e) // strings all through
	return strings.TrimSuffix(b.String(), "\n")
}
