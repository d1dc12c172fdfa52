package control

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/world"
)

// agreementView is an agreement with everything that is known of it.
type agreementView struct {
	world.Agreement
	LicenseARN string `json:"licenseArn"`
	// RegistrationToken and FulfillmentURL come with the purchase only: where the buyer's browser would go next.
	RegistrationToken string `json:"registrationToken,omitempty"`
	FulfillmentURL    string `json:"fulfillmentUrl,omitempty"`
}

func view(a world.Agreement) agreementView {
	return agreementView{Agreement: a, LicenseARN: a.License.ARN}
}

func (c *Control) getAgreements(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	all := c.opt.World.Agreements(world.AgreementQuery{BuyerAccount: q.Get("buyerAccountId"), ProductCode: q.Get("productCode"),
		Status: world.AgreementStatus(q.Get("status")), LicenseARN: q.Get("licenseArn")})
	views := make([]agreementView, len(all))
	for i, a := range all {
		views[i] = view(a)
	}
	return answerSlice(w, r, views)
}

func (c *Control) getAgreement(w http.ResponseWriter, r *http.Request) error {
	a, err := c.opt.World.Agreement(r.PathValue("id"))
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, view(a))
}

// postAgreement is a purchase, up to the press of "Set up your account".
func (c *Control) postAgreement(w http.ResponseWriter, r *http.Request) error {
	var in world.Subscribe
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	now := c.opt.Clock.Now()
	a, err := c.opt.World.Subscribe(now, in)
	if err != nil {
		return err
	}
	t, err := c.opt.World.MintToken(now, a.AgreementID)
	if err != nil {
		return err
	}
	c.acted(r.Context())
	v := view(a)
	v.RegistrationToken, v.FulfillmentURL = t.Text, t.FulfillmentURL
	return httpx.JSON(w, http.StatusCreated, v)
}

// tokenView is a registration token, and where the buyer's browser posts it to.
type tokenView struct {
	RegistrationToken string    `json:"registrationToken"`
	FulfillmentURL    string    `json:"fulfillmentUrl"`
	ExpiresAt         time.Time `json:"expiresAt"`
}

// postToken is "Set up your account": a fresh token each time.
func (c *Control) postToken(w http.ResponseWriter, r *http.Request) error {
	if err := noBody(w, r); err != nil {
		return err
	}
	t, err := c.opt.World.MintToken(c.opt.Clock.Now(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusCreated, tokenView{t.Text, t.FulfillmentURL, t.ExpiresAt})
}

// postAmend is the buyer's change of a running contract.
func (c *Control) postAmend(w http.ResponseWriter, r *http.Request) error {
	var in world.Amendment
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	a, err := c.opt.World.Amend(c.opt.Clock.Now(), r.PathValue("id"), in)
	if err != nil {
		return err
	}
	c.acted(r.Context())
	return httpx.JSON(w, http.StatusOK, view(a))
}

// acts are what may be done to an agreement in a word. Those without a function are refused with what to do instead.
var acts = map[string]func(w *world.World, now time.Time, id string) (world.Agreement, error){
	"cancel":       (*world.World).Cancel,
	"expire":       (*world.World).Expire,
	"terminate":    (*world.World).Terminate,
	"fail-payment": (*world.World).FailPayment,
	"renew":        (*world.World).Renew,
	"replace":      nil,
}

func (c *Control) postAct(w http.ResponseWriter, r *http.Request) error {
	id, name := r.PathValue("id"), r.PathValue("act")
	act, known := acts[name]
	switch {
	case !known:
		return noSuchCall(w, r)
	case act == nil:
		return c.opt.World.Unsupported(name, id)
	}
	if err := noBody(w, r); err != nil {
		return err
	}
	a, err := act(c.opt.World, c.opt.Clock.Now(), id)
	if err != nil {
		return err
	}
	c.acted(r.Context())
	return httpx.JSON(w, http.StatusOK, view(a))
}

// noBody takes a request that has nothing to say: no body, or an empty object.
func noBody(w http.ResponseWriter, r *http.Request) error {
	return optional(w, r, &struct{}{})
}
