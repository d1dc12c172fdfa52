package awsapi

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/intake"
)

// fakeSQS is a queue behind the wire: it keeps messages until they are deleted.
type fakeSQS struct {
	mu      sync.Mutex
	bodies  []string // "" for a deleted one
	refuse  int      // the index of a message that cannot be deleted; -1: none
	waits   []float64
	regions []string
	status  int
}

func (f *fakeSQS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	scope := strings.Split(r.Header.Get("Authorization"), "/")
	f.regions = append(f.regions, scope[2])
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if f.status != 0 {
		w.WriteHeader(f.status)
		_, _ = io.WriteString(w, `{"__type":"AccessDeniedException","message":"no"}`)
		return
	}
	var in struct {
		QueueURL        string  `json:"QueueUrl"`
		WaitTimeSeconds float64 `json:"WaitTimeSeconds"`
		Entries         []struct{ Id, ReceiptHandle string }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.QueueURL == "" {
		http.Error(w, "bad", http.StatusBadRequest)
		return
	}
	var out any
	switch r.Header.Get("X-Amz-Target") {
	case "AmazonSQS.ReceiveMessage":
		f.waits = append(f.waits, in.WaitTimeSeconds)
		ms := []map[string]any{}
		for i, b := range f.bodies {
			if b != "" && len(ms) < 10 {
				ms = append(ms, map[string]any{"MessageId": "m" + string(rune('a'+i)), "ReceiptHandle": "r" + string(rune('a'+i)), "Body": b, "Attributes": map[string]string{"SentTimestamp": "1787235862123"}})
			}
		}
		if len(ms) == 0 {
			out = map[string]any{} // as AWS answers for an empty queue
		} else {
			out = map[string]any{"Messages": ms}
		}
	case "AmazonSQS.DeleteMessageBatch":
		ok, bad := []map[string]any{}, []map[string]any{}
		for _, e := range in.Entries {
			i := int(e.ReceiptHandle[1] - 'a')
			if i == f.refuse {
				bad = append(bad, map[string]any{"Id": e.Id, "SenderFault": true, "Code": "ReceiptHandleIsInvalid", "Message": "gone"})
				continue
			}
			f.bodies[i] = ""
			ok = append(ok, map[string]any{"Id": e.Id})
		}
		out = map[string]any{"Successful": ok, "Failed": bad}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func queueOf(t *testing.T, f *fakeSQS, url string, observe func(service, operation, outcome string, took time.Duration)) *Queue {
	t.Helper()
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	t.Setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1") // what was told in the configuration wins over it
	cfg, err := Load(t.Context(), Settings{Endpoint: srv.URL, Region: "eu-west-1", AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret", Observe: observe})
	if err != nil {
		t.Fatal(err)
	}
	q, err := NewQueue(cfg, url)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestQueueOverTheWire(t *testing.T) {
	f := &fakeSQS{refuse: -1}
	for range 12 {
		f.bodies = append(f.bodies, `{"a":"ü"}`)
	}
	var seen []string
	q := queueOf(t, f, "https://sqs.us-east-1.amazonaws.com/444455556666/souk", func(service, operation, outcome string, _ time.Duration) {
		seen = append(seen, service+" "+operation+" "+outcome)
	})
	var all []intake.Message
	for {
		ms, err := q.Receive(t.Context(), len(all) == 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(ms) == 0 {
			break
		}
		if ms[0].Body != `{"a":"ü"}` || !ms[0].SentAt.Equal(time.UnixMilli(1787235862123)) || ms[0].ID == "" {
			t.Errorf("%+v", ms[0])
		}
		if err := q.Remove(t.Context(), ms); err != nil {
			t.Fatal(err)
		}
		all = append(all, ms...)
	}
	if len(all) != 12 {
		t.Errorf("%d messages", len(all))
	}
	if !slices.Equal(f.waits, []float64{20, 0, 0}) {
		t.Errorf("waited %v", f.waits)
	}
	if slices.ContainsFunc(f.regions, func(r string) bool { return r != "us-east-1" }) {
		t.Errorf("asked in %v, not where the queue is", f.regions)
	}
	if len(seen) != 5 || seen[0] != "SQS ReceiveMessage ok" || seen[1] != "SQS DeleteMessageBatch ok" {
		t.Errorf("observed %v", seen)
	}
}

func TestQueueSaysWhatItCouldNotRemove(t *testing.T) {
	f := &fakeSQS{bodies: []string{"{}", "{}"}, refuse: 1}
	q := queueOf(t, f, "http://127.0.0.1:4700/444455556666/souk", nil)
	ms, err := q.Receive(t.Context(), false)
	if err != nil || len(ms) != 2 {
		t.Fatalf("%v, %v", ms, err)
	}
	if err := q.Remove(t.Context(), ms); err == nil || !strings.Contains(err.Error(), "ReceiptHandleIsInvalid") {
		t.Errorf("%v", err)
	}
	if f.bodies[0] != "" {
		t.Error("one that cannot be removed kept its neighbour")
	}
}

func TestQueueThatRefuses(t *testing.T) {
	var seen []string
	q := queueOf(t, &fakeSQS{status: http.StatusBadRequest}, "http://127.0.0.1:4700/444455556666/souk", func(_, operation, outcome string, _ time.Duration) {
		seen = append(seen, operation+" "+outcome)
	})
	if _, err := q.Receive(t.Context(), false); !fail.Is(err, fail.Later) {
		t.Errorf("%v", err)
	}
	if !slices.Equal(seen, []string{"ReceiveMessage AccessDeniedException"}) {
		t.Errorf("observed %v", seen)
	}
}

func TestWhatIsNoQueue(t *testing.T) {
	cfg, err := Load(t.Context(), Settings{Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []string{"souk", "arn:aws:sqs:us-east-1:444455556666:souk", "ftp://x/y"} {
		if _, err := NewQueue(cfg, u); !fail.Is(err, fail.Invalid) {
			t.Errorf("%q: %v", u, err)
		}
	}
}

func TestQueueRegion(t *testing.T) {
	for host, want := range map[string]string{
		"sqs.us-east-1.amazonaws.com": "us-east-1", "us-gov-west-1.queue.amazonaws.com": "us-gov-west-1", "sqs.us-east-1.api.aws": "us-east-1",
		"127.0.0.1": "", "localhost": "", "queue.example.com": "", "sqs.cn-northwest-1.amazonaws.com.cn": "cn-northwest-1",
	} {
		got := ""
		if m := queueRegion.FindStringSubmatch(host); m != nil {
			got = m[1]
		}
		if got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}

func TestMeteringEndpoint(t *testing.T) {
	for _, c := range []struct {
		name, env, endpoint, want string
	}{
		{"AWS's own", "", "", "https://metering.marketplace.us-east-1.amazonaws.com"},
		{"by variable", "http://127.0.0.1:4700", "", "http://127.0.0.1:4700"},
		{"by configuration", "", "http://127.0.0.1:4701", "http://127.0.0.1:4701"},
		{"both", "http://127.0.0.1:4700", "http://127.0.0.1:4701", "http://127.0.0.1:4701"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("AWS_ENDPOINT_URL", "")
			t.Setenv("AWS_ENDPOINT_URL_MARKETPLACE_METERING", c.env)
			cfg, err := Load(t.Context(), Settings{Endpoint: c.endpoint, Region: "us-east-1"})
			if err != nil {
				t.Fatal(err)
			}
			u, err := MeteringEndpoint(t.Context(), cfg)
			if err != nil || u.String() != c.want {
				t.Errorf("%v, %v; want %s", u, err, c.want)
			}
		})
	}
}
