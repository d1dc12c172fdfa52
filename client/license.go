package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// State is where a license is in its life.
type State string

// The states.
const (
	Pending     State = "pending"      // the buyer has arrived; AWS Marketplace has not said that the subscription is active
	Active      State = "active"       // it has
	WindingDown State = "winding_down" // the subscription is ending: the last usage is metered, then access ends
	Ended       State = "ended"
	Failed      State = "failed" // the buyer's payment failed before it became active
)

// Access reports whether a license in this state gives access: from AWS Marketplace's word that the subscription is
// active until its end, and neither before nor after.
func (s State) Access() bool { return s == Active || s == WindingDown }

// License is one buyer's subscription to one product.
type License struct {
	ID    string    `json:"id"`
	State State     `json:"state"`
	Why   string    `json:"why"` // a sentence: why it is in this state
	Since time.Time `json:"since"`
	// Next says what happens next by itself, and By when; both are absent where only a notice from AWS changes anything.
	Next string     `json:"next"`
	By   *time.Time `json:"by"`
	// EndReason is why the subscription is ending or has ended, by AWS's word: CANCELLED, EXPIRED, TERMINATED, RENEWED or REPLACED. Empty
	// where it goes on, or AWS has not said.
	EndReason string `json:"endReason"`

	ActivatedAt *time.Time `json:"activatedAt"` // when AWS said that it is active; absent if it never did
	// The last window for metering, once a subscription is ending: usage is taken until it closes, and billed.
	FinalWindowOpensAt  *time.Time `json:"finalWindowOpensAt"`
	FinalWindowClosesAt *time.Time `json:"finalWindowClosesAt"`
	// AdvisedAt is when AWS told of a risk with the buyer that it has not called over since; it revokes nothing. Absent: there is none.
	AdvisedAt *time.Time `json:"advisedAt"`

	ProductCode          string   `json:"productCode"`
	LicenseARN           string   `json:"licenseArn"`           // empty for products of the generation before license ARNs
	CustomerAWSAccountID string   `json:"customerAWSAccountId"` // the buyer's AWS account
	CustomerIdentifier   string   `json:"customerIdentifier"`
	AgreementIDs         []string `json:"agreementIds"`
	OfferID              string   `json:"offerId"`
	Account              string   `json:"account"` // the gateway's id of the account that registered; empty until someone has
}

// License asks for one license, by the gateway's id or the license ARN. One that is unknown is a [Problem] with
// status 404.
func (c *Client) License(ctx context.Context, id string) (License, error) {
	var l License
	err := c.call(ctx, http.MethodGet, "/v1/licenses/"+url.PathEscape(id), nil, &l)
	return l, err
}

// LicenseFilter narrows [Client.Licenses]; empty fields do not.
type LicenseFilter struct {
	ProductCode string
	Account     string
	State       State
}

// Licenses goes through the licenses, page by page. It ends after an error.
func (c *Client) Licenses(ctx context.Context, f LicenseFilter) iter.Seq2[License, error] {
	return list[License](ctx, c, "/v1/licenses", query{"productCode": f.ProductCode, "account": f.Account, "state": string(f.State)})
}

type query map[string]string

func (q query) values() url.Values {
	v := url.Values{}
	for name, value := range q {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

// list goes through a list of the gateway, which is paged by cursor.
func list[T any](ctx context.Context, c *Client, path string, q query) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		v := q.values()
		v.Set("limit", strconv.Itoa(pageSize))
		for {
			var page struct {
				Items []T    `json:"items"`
				Next  string `json:"next"`
			}
			if err := c.call(ctx, http.MethodGet, path+"?"+v.Encode(), nil, &page); err != nil {
				yield(none, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			v.Set("cursor", page.Next)
		}
	}
}

// pageSize is how many entries of a list are asked for at once.
const pageSize = 100
