package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Reason says in a word why a check came out as it did.
type Reason string

// The reasons. Those that allow come first; NotKnown and Stale allow where the product is configured to fail open.
const (
	ByAccess    Reason = "access"       // the license gives access, and the dimension is not one that is bought in advance
	Entitled    Reason = "entitled"     // it is within what was bought
	Overage     Reason = "overage"      // it is beyond what was bought, and billed as usage
	NotKnown    Reason = "not_known"    // AWS has not said what was bought
	Stale       Reason = "stale"        // what AWS said is too old to be relied on
	NoAccess    Reason = "no_access"    // the license gives no access
	NotEntitled Reason = "not_entitled" // AWS lists nothing of the dimension
	Exceeded    Reason = "exceeded"     // it is beyond what was bought
	Expired     Reason = "expired"      // what was bought is over
)

// Check is what [Client.Check] came to.
type Check struct {
	Allowed bool   `json:"allowed"`
	Reason  Reason `json:"reason"`
	Why     string `json:"why"` // a sentence

	// Entitled is what was bought of the dimension: a number, a boolean or a text; empty where nothing is known to be.
	Entitled json.RawMessage `json:"entitled"`
	// Used is how much of it is used up, of dimensions that are metered, too; empty of others.
	Used Quantity `json:"-"`

	ExpiresAt *time.Time `json:"expiresAt"` // the earliest instant at which Entitled may change by its date
	AsOf      *time.Time `json:"asOf"`      // when AWS said so; nil where its answer had no part in it
}

// UnmarshalJSON reads the gateway's answer: its used is a number, which is taken digit by digit.
func (c *Check) UnmarshalJSON(data []byte) error {
	type plain Check
	in := struct {
		*plain
		Used json.Number `json:"used"`
	}{plain: (*plain)(c)}
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	c.Used = Quantity(in.Used)
	return nil
}

// MarshalJSON writes the gateway's form.
func (c Check) MarshalJSON() ([]byte, error) {
	type plain Check
	return json.Marshal(struct {
		plain
		Used json.Number `json:"used,omitempty"`
	}{plain(c), json.Number(c.Used)})
}

// Limit is Entitled as a whole number; ok is false where it is none.
func (c Check) Limit() (n int64, ok bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(string(c.Entitled)), 10, 64)
	return n, err == nil
}

// Check asks whether a license may use quantity of a dimension: that much more than what the answer's Used says or, where
// it has none, that much in all. An empty dimension asks for access alone; an empty quantity is 1. The gateway answers from
// memory, and is made to be asked on every request of your product.
func (c *Client) Check(ctx context.Context, licenseID, dimension string, quantity Quantity) (Check, error) {
	path := "/v1/licenses/" + url.PathEscape(licenseID) + "/check"
	if v := (query{"dimension": dimension, "quantity": string(quantity)}).values(); len(v) > 0 {
		path += "?" + v.Encode()
	}
	var answer Check
	err := c.call(ctx, http.MethodGet, path, nil, &answer)
	return answer, err
}

// Finalize says that no more usage of a license will be reported, which is ending: its last records go to AWS without
// waiting for the last window's end.
func (c *Client) Finalize(ctx context.Context, licenseID string) error {
	return c.call(ctx, http.MethodPost, "/v1/licenses/"+url.PathEscape(licenseID)+"/finalize", nil, nil)
}
