package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox"
)

var noon = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)

const (
	seller  = "444455556666"
	acme    = "111122223333"
	globex  = "222233334444"
	inkwell = "1nkwe11payasyoug0abcdefgh" // by licence
	classic = "1nkwe11c1ass1c0abcdefghij" // by customer identifier

	teams        = "1nkwe11teams00upfr0ntabcd" // contract
	press        = "1nkwe11press00t1eredabcde" // contract with consumption, in tiers
	classicTeams = "1nkwe11c1ass1cteamsabcdef" // contract, by customer identifier
)

// stage is a whole sandbox behind a listener, whose clock stands still at noon.
type stage struct {
	t       testing.TB
	url     string
	sandbox *sandbox.Worlds
	stop    func()
}

// open starts a sandbox.
func open(t testing.TB, data string) *stage {
	t.Helper()
	st := again(t, data)
	st.post("/_sandbox/clock", map[string]any{"frozen": true}, nil)
	st.post("/_sandbox/clock", map[string]any{"set": begin}, nil) // a round instant: time ran while it started
	return st
}

// again starts a sandbox from what data keeps, and leaves its clock as it is.
func again(t testing.TB, data string) *stage {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	st := &stage{t: t, url: "http://" + ln.Addr().String()}
	st.sandbox, err = sandbox.Open(t.Context(), sandbox.Config{Now: noon, BaseURL: st.url, Data: data, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	srv := &httptest.Server{Listener: ln, Config: &http.Server{Handler: st.sandbox.Handler()}}
	srv.Start()
	st.stop = func() {
		srv.CloseClientConnections()
		srv.Close()
		_ = st.sandbox.Close()
	}
	t.Cleanup(func() { st.stop() })
	return st
}

// begin is where [open] leaves the clock.
var begin = noon.Add(time.Minute)

// do makes a call. A status of 300 or more is a problem document, which must be one.
func (st *stage) do(method, path string, in, out any) (int, httpx.Problem) {
	st.t.Helper()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			st.t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(st.t.Context(), method, st.url+path, body)
	if err != nil {
		st.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		st.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		st.t.Fatal(err)
	}
	var p httpx.Problem
	if res.StatusCode >= 300 {
		if ct := res.Header.Get("Content-Type"); ct != "application/problem+json" || json.Unmarshal(text, &p) != nil || p.Status != res.StatusCode || p.Detail == "" {
			st.t.Fatalf("%s %s: %s, %s: not a problem document: %s", method, path, res.Status, ct, text)
		}
		return res.StatusCode, p
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			st.t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return res.StatusCode, p
}

func (st *stage) must(method, path string, in, out any) {
	st.t.Helper()
	if status, p := st.do(method, path, in, out); status >= 300 {
		st.t.Fatalf("%s %s: %d %s", method, path, status, p.Detail)
	}
}

func (st *stage) get(path string, out any) { st.t.Helper(); st.must(http.MethodGet, path, nil, out) }
func (st *stage) post(path string, in, out any) {
	st.t.Helper()
	st.must(http.MethodPost, path, in, out)
}

// agreement is what the tests look at of one.
type agreement struct {
	AgreementID        string
	LicenseARN         string `json:"licenseArn"`
	CustomerIdentifier string
	RegistrationToken  string
	FulfillmentURL     string
	Status             string
	History            []struct{ What string }
}

func (st *stage) buy(buyer, product string) (a agreement) {
	st.t.Helper()
	st.post("/_sandbox/agreements", map[string]any{"buyerAccountId": buyer, "productCode": product}, &a)
	return a
}

func (st *stage) cancel(a agreement) {
	st.t.Helper()
	st.post("/_sandbox/agreements/"+a.AgreementID+"/cancel", map[string]any{}, nil)
}

func (st *stage) advance(d string) {
	st.t.Helper()
	st.post("/_sandbox/clock", map[string]any{"advance": d}, nil)
}

func (st *stage) now() time.Time {
	st.t.Helper()
	var c struct{ Now time.Time }
	st.get("/_sandbox/clock", &c)
	return c.Now
}

func (st *stage) sqs() *sqs.Client {
	return sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &st.url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("any", "secret", "")})
}

func (st *stage) queueURL() *string {
	return aws.String(st.url + "/" + seller + "/marketplace-notices")
}

// receive takes up to ten messages from the seller's queue, without waiting and without deleting.
// receive reads the queue. A follower may be at it when the test's own context has ended and its clean-up has not: it is
// let finish.
func (st *stage) receive() []types.Message {
	st.t.Helper()
	out, err := st.sqs().ReceiveMessage(context.WithoutCancel(st.t.Context()), &sqs.ReceiveMessageInput{QueueUrl: st.queueURL(), MaxNumberOfMessages: 10})
	if err != nil {
		st.t.Fatal(err)
	}
	return out.Messages
}

func (st *stage) delete(messages ...types.Message) {
	st.t.Helper()
	for _, m := range messages {
		if _, err := st.sqs().DeleteMessage(context.WithoutCancel(st.t.Context()), &sqs.DeleteMessageInput{QueueUrl: st.queueURL(), ReceiptHandle: m.ReceiptHandle}); err != nil {
			st.t.Fatal(err)
		}
	}
}

// seconds tells of each message what it is and how long after from it happened.
func seconds(t testing.TB, from time.Time, messages []types.Message) (out []string) {
	t.Helper()
	for _, m := range messages {
		var e struct {
			DetailType string `json:"detail-type"`
			Time       time.Time
			Timestamp  time.Time
			Message    string
		}
		if err := json.Unmarshal([]byte(*m.Body), &e); err != nil {
			t.Fatal(err)
		}
		kind, at := strings.Split(e.DetailType, " - ")[0], e.Time
		if e.Message != "" {
			var inner struct{ Action string }
			if err := json.Unmarshal([]byte(e.Message), &inner); err != nil {
				t.Fatal(err)
			}
			kind, at = inner.Action, e.Timestamp
		}
		out = append(out, fmt.Sprintf("%s +%d", kind, int(at.Sub(from).Seconds())))
	}
	return out
}
