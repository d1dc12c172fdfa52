package client

import (
	"context"
	"net/http"
	"net/url"
)

// SignIn is a person who has just signed in at the gateway, on the way to your product.
type SignIn struct {
	Account  Account   `json:"account"`
	Person   Person    `json:"person"`   // who signed in: one of the account's people
	Licenses []License `json:"licenses"` // the account's licenses for your product: what names them and their state
}

// Account is one of your customers, as they registered at the gateway. Email and Name are whom to ask: the owner who has been one
// for longest.
type Account struct {
	ID      string `json:"id"`
	Email   string `json:"email"`
	Name    string `json:"name"`
	Company string `json:"company"`
}

// Person is somebody who signs in for an account.
type Person struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	Name  string `json:"name"`
	Role  string `json:"role"` // "owner" or "member"
}

// SignInURL is where to send a browser to sign in for the product: afterwards the gateway sends it on to returnTo, with a
// handle in the query parameter [SignInParam].
func (c *Client) SignInURL(productCode, returnTo string) string {
	return c.base + "/signin?" + url.Values{"product": {productCode}, "return": {returnTo}}.Encode()
}

// SignInParam is the query parameter in which a browser brings a sign-in's handle.
const SignInParam = "souk_signin"

// RedeemSignIn exchanges the handle for who it was. A handle is good for one browser, once, and for a short time: one that is
// unknown, used or too old is a [Problem] that is not temporary; send the browser to [Client.SignInURL] again.
func (c *Client) RedeemSignIn(ctx context.Context, handle string) (SignIn, error) {
	var s SignIn
	err := c.call(ctx, http.MethodPost, "/v1/signins/"+url.PathEscape(handle)+"/redeem", nil, &s)
	return s, err
}
