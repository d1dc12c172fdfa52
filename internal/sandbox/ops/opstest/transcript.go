package opstest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"souk.dev/souk/internal/goldentest"
)

// Exchange is a request whose answer is held fast, byte for byte.
type Exchange struct {
	Name   string
	Target string // the operation, in AWS JSON; empty: the query protocol
	Path   string // "/" if empty
	Body   string
}

// Tongue is how a service is spoken to.
type Tongue struct {
	Scope  string // in signatures
	Target string // before the dot in X-Amz-Target
	JSON   string // the media type of its AWS JSON
}

// Ask sends one request to front, signed as the seller's.
func (to Tongue) Ask(front http.Handler, x Exchange) *httptest.ResponseRecorder {
	path := x.Path
	if path == "" {
		path = "/"
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(x.Body))
	r.Header.Set("Authorization", strings.Replace(Signed("AKIDEXAMPLE", "us-east-1"), "/aws-marketplace/", "/"+to.Scope+"/", 1))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if x.Target != "" {
		r.Header.Set("X-Amz-Target", to.Target+"."+x.Target)
		r.Header.Set("Content-Type", to.JSON)
	}
	w := httptest.NewRecorder()
	front.ServeHTTP(w, r)
	return w
}

// Transcript has list asked of front, one after the other, and holds it all against testdata/file.
func (to Tongue) Transcript(t *testing.T, front http.Handler, file string, list []Exchange) {
	t.Helper()
	var b strings.Builder
	for _, x := range list {
		w := to.Ask(front, x)
		path := x.Path
		if path == "" {
			path = "/"
		}
		fmt.Fprintf(&b, "## %s\n> %s %s\n> %s\n< %d %s\n", x.Name, path, x.Target, x.Body, w.Code, w.Header().Get("Content-Type"))
		if e := w.Header().Get("x-amzn-query-error"); e != "" {
			fmt.Fprintf(&b, "< x-amzn-query-error: %s\n", e)
		}
		fmt.Fprintf(&b, "%s\n\n", strings.ReplaceAll(w.Body.String(), w.Header().Get("x-amzn-RequestId"), "REQUEST-ID"))
	}
	goldentest.Compare(t, file, b.String())
}
