package opstest

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"souk.dev/souk/internal/goldentest"
)

// JSON is a request for an operation, named as X-Amz-Target does, in AWS JSON.
func JSON(target, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	return r
}

// CBOR is the same request in Smithy RPC v2 CBOR; body is what it says, in JSON.
func CBOR(t testing.TB, target, body string) *http.Request {
	t.Helper()
	var in any
	if err := json.Unmarshal([]byte(body), &in); err != nil {
		t.Fatal(err)
	}
	b, err := cbor.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	service, op, _ := strings.Cut(target, ".")
	r := httptest.NewRequest(http.MethodPost, "/service/"+service+"/operation/"+op, strings.NewReader(string(b)))
	r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
	return r
}

// Failure is what an error's body says.
type Failure struct {
	Type                                                 string `json:"__type"`
	Message, Reason, RequestID, ResourceID, ResourceType string
	Fields                                               []struct{ Name, Message string }
}

// Failure reads a JSON answer's error; it is empty where the answer is none. Header and body must agree, because some
// clients look at one and some at the other.
func (s *Stand) Failure(w *httptest.ResponseRecorder) Failure {
	s.T.Helper()
	var f Failure
	if err := json.Unmarshal(w.Body.Bytes(), &f); err != nil {
		s.T.Fatalf("the answer is not JSON: %v: %s", err, w.Body)
	}
	if w.Code == http.StatusOK {
		f = Failure{} // an output may have members of these names
	}
	if name := w.Header().Get("x-amzn-ErrorType"); f.Type != name || (name != "") != (w.Code != http.StatusOK) || (name != "" && f.Message == "") {
		s.T.Errorf("status %d, header %q, body %s", w.Code, name, w.Body)
	}
	return f
}

// Read reads a JSON answer that is no error into out.
func Read(t testing.TB, w *httptest.ResponseRecorder, out any) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), out); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
}

// Golden holds an answer against testdata/name.golden.txt: status, headers and every byte but the request's id.
func Golden(t *testing.T, name string, w *httptest.ResponseRecorder) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP %d\n", w.Code)
	for _, h := range []string{"Content-Type", "X-Amzn-Errortype", "Smithy-Protocol"} {
		if v := w.Header().Get(h); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", h, v)
		}
	}
	id := w.Header().Get("X-Amzn-Requestid")
	if len(id) != 36 {
		t.Errorf("%s: the request id %q is no UUID", name, id)
	}
	body := strings.ReplaceAll(w.Body.String(), id, "00000000-0000-0000-0000-000000000000")
	if w.Header().Get("Content-Type") == "application/cbor" {
		body = hex.Dump([]byte(body))
	}
	fmt.Fprintf(&b, "\n%s\n", body)
	goldentest.Compare(t, name+".golden.txt", b.String())
}
