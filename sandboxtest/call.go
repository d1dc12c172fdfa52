package sandboxtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Refusal is the marketplace's no to a call of its control API.
type Refusal struct {
	Status int    `json:"status"` // of HTTP
	Code   string `json:"code"`   // for programs, such as "unknown_product"
	Detail string `json:"detail"` // for people
}

// Error implements error.
func (r *Refusal) Error() string { return r.Detail }

// Call makes a call of the control API that no method here makes: path is what follows /_sandbox/, in is the body and
// out takes the answer; both may be nil. The calls are described in the OpenAPI document at /openapi.json.
// Where the marketplace refuses, the error is a *[Refusal].
func (m *Market) Call(method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: encode the body: %w", method, path, err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, m.URL+"/_sandbox/"+strings.TrimPrefix(path, "/"), body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := m.hc.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	if err := refused(res, text, method+" /_sandbox/"+path); err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	return nil
}

// refused is the refusal that res has, if it is one.
func refused(res *http.Response, text []byte, what string) error {
	if res.StatusCode <= 299 {
		return nil
	}
	r := &Refusal{}
	if json.Unmarshal(text, r) != nil || r.Detail == "" {
		r.Detail = fmt.Sprintf("%s was answered %s", what, res.Status)
	}
	r.Status = res.StatusCode
	return r
}

// list reads every page of a list. Names without a value are left out of the query.
func list[T any](m *Market, path string, query map[string]string) (all []T, err error) {
	q := url.Values{"limit": {"1000"}}
	for name, value := range query {
		if value != "" {
			q.Set(name, value)
		}
	}
	for {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}
		if err := m.Call(http.MethodGet, path+"?"+q.Encode(), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all, nil
		}
		q.Set("cursor", page.Next)
	}
}
