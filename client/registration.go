package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Registration is a buyer's way from AWS Marketplace to an account. Who arrived is proven: the gateway has asked AWS.
type Registration struct {
	ID    string            `json:"id"`
	State RegistrationState `json:"state"`
	Why   string            `json:"why"` // a sentence: why it is in this state
	Since time.Time         `json:"since"`
	By    time.Time         `json:"by"` // while you make the account ready: by when the buyer was told that you contact them

	License              string `json:"license"` // the gateway's id; [Client.License] tells whether it gives access
	ProductCode          string `json:"productCode"`
	LicenseARN           string `json:"licenseArn"`
	CustomerAWSAccountID string `json:"customerAWSAccountId"` // show it to the buyer: it is whose bill this is on
	CustomerIdentifier   string `json:"customerIdentifier"`
	OfferType            string `json:"offerType"` // as the buyer's browser said, "free-trial" for one; believe nothing by it

	// Reference is your own name for the customer, once the registration is complete. It is told by [Client.RedeemRegistration]
	// and [Client.CompleteRegistration].
	Reference string    `json:"reference"`
	Account   string    `json:"account"`  // the gateway's id of the customer
	Arrivals  int       `json:"arrivals"` // how often the buyer has pressed Set up your account
	ArrivedAt time.Time `json:"arrivedAt"`
	// Answers are to the questions of your own that the gateway puts on the sign-up form (its setting form-fields), in their order.
	Answers []Answer `json:"answers"`
}

// Answer is what a buyer answered to one of your questions.
type Answer struct {
	Name  string `json:"name"`
	Label string `json:"label"` // the question, as it was asked
	Type  string `json:"type"`  // text, email, long_text, choice or checkbox
	Value string `json:"value"` // a checkbox's is "true" or "false"
}

// RegistrationState is where a registration is.
type RegistrationState string

// The states of a registration.
const (
	RegistrationOpen      RegistrationState = "open"       // the buyer has no account yet
	RegistrationSettingUp RegistrationState = "setting_up" // the buyer has an account, which you make ready by hand
	RegistrationComplete  RegistrationState = "complete"   // a customer owns the license, and their account is ready
)

// RegistrationParam is the query parameter in which a browser brings a registration's handle to your sign-up page, for
// products whose accounts you keep yourself (those with a signUpUrl).
const RegistrationParam = "souk_registration"

// RedeemRegistration exchanges the handle that a browser brought to the sign-up page of productCode for who has arrived.
// Where the registration is complete, it is your customer Reference's: ask them to sign in. Otherwise keep its ID in
// the browser's session, sign the buyer up or in, and call [Client.CompleteRegistration].
//
// A handle is good once, for five minutes, for one product. One that is not is a [Problem] that is not temporary: show the
// buyer that pressing Set up your account in AWS Marketplace again helps.
func (c *Client) RedeemRegistration(ctx context.Context, handle, productCode string) (Registration, error) {
	in := struct {
		ProductCode string `json:"productCode"`
	}{productCode}
	var r Registration
	err := c.call(ctx, http.MethodPost, "/v1/registrations/"+url.PathEscape(handle)+"/redeem", in, &r)
	return r, err
}

// Customer is one of yours, whose account you keep.
type Customer struct {
	// Reference is the id of the account with you. It never means another customer.
	Reference string `json:"account"`
	// The rest is for people, and may be empty: the gateway names the customer by it to you, and in mails.
	Email   string `json:"email,omitempty"`
	Name    string `json:"name,omitempty"`
	Company string `json:"company,omitempty"`
}

// CompleteRegistration gives the license of the registration called id to a customer of yours, for good. One customer may
// have any number of licenses. Repeating is safe; a license that is another customer's is a [Problem] with the code "claimed".
func (c *Client) CompleteRegistration(ctx context.Context, id string, who Customer) (Registration, error) {
	var r Registration
	err := c.call(ctx, http.MethodPost, "/v1/registrations/"+url.PathEscape(id)+"/complete", who, &r)
	return r, err
}

// ReadyRegistration says that the account of a registration which you make ready by hand is ready; its owner is told. Repeating is
// safe; where nothing is made ready by hand, it is a [Problem] with the code "not_setting_up".
func (c *Client) ReadyRegistration(ctx context.Context, id string) (Registration, error) {
	var r Registration
	err := c.call(ctx, http.MethodPost, "/v1/registrations/"+url.PathEscape(id)+"/ready", nil, &r)
	return r, err
}

// Registrations goes through all registrations, oldest first. It ends after an error.
func (c *Client) Registrations(ctx context.Context) iter.Seq2[Registration, error] {
	return list[Registration](ctx, c, "/v1/registrations", nil)
}
