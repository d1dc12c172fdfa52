package opstest

import (
	"net/http"
	"net/http/httptest"
	"strings"
)

// REST is a request for an operation, named by its path, in REST-JSON.
func REST(path, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}
