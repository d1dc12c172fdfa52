package control

import (
	"net/http"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/world"
)

// agreementView is an agreement with everything that is known of it.
type agreementView struct {
	world.Agreement
	LicenseARN string `json:"licenseArn"`
	// RegistrationToken, FulfillmentURL and OfferType come with the purchase only: where the buyer's browser would go next,
	// and with what.
	RegistrationToken string `json:"registrationToken,omitempty"`
	FulfillmentURL    string `json:"fulfillmentUrl,omitempty"`
	OfferType         string `json:"offerType,omitempty"` // posted as x-amzn-marketplace-offer-type
}

func view(a world.Agreement) agreementView {
	return agreementView{Agreement: a, LicenseARN: a.License.ARN}
}

func (c *Control) getAgreements(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	p, err := pageOf(q)
	if err != nil {
		return err
	}
	part, next := c.opt.World.AgreementsFrom(int(p.after), p.limit, world.AgreementQuery{BuyerAccount: q.Get("buyerAccountId"), ProductCode: q.Get("productCode"),
		Status: world.AgreementStatus(q.Get("status")), LicenseARN: q.Get("licenseArn")})
	out := httpx.List[agreementView]{Items: []agreementView{}}
	for _, a := range part {
		out.Items = append(out.Items, view(a))
	}
	if next > 0 {
		out.Next = strconv.Itoa(next)
	}
	return httpx.JSON(w, http.StatusOK, out)
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
	v.RegistrationToken, v.FulfillmentURL, v.OfferType = t.Text, t.FulfillmentURL, t.OfferType
	return httpx.JSON(w, http.StatusCreated, v)
}

// tokenView is a registration token, and where the buyer's browser posts it to.
type tokenView struct {
	RegistrationToken string    `json:"registrationToken"`
	FulfillmentURL    string    `json:"fulfillmentUrl"`
	OfferType         string    `json:"offerType,omitempty"` // posted as x-amzn-marketplace-offer-type
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
	return httpx.JSON(w, http.StatusCreated, tokenView{t.Text, t.FulfillmentURL, t.OfferType, t.ExpiresAt})
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

// postReplace is the buyer's acceptance of an offer in place of a running agreement. It answers the new agreement.
func (c *Control) postReplace(w http.ResponseWriter, r *http.Request) error {
	var in world.Replacement
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	a, err := c.opt.World.Replace(c.opt.Clock.Now(), r.PathValue("id"), in)
	if err != nil {
		return err
	}
	c.acted(r.Context())
	return httpx.JSON(w, http.StatusOK, view(a))
}

// postIncrease is the seller's choice from an agreed range of price increases.
func (c *Control) postIncrease(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Percentage *decimal.Decimal `json:"percentage"`
	}
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	if in.Percentage == nil {
		return fail.New(fail.Invalid, "percentage", "Say by how many per cent the price rises: {\"percentage\":\"3.5\"}.")
	}
	a, err := c.opt.World.ChooseIncrease(c.opt.Clock.Now(), r.PathValue("id"), *in.Percentage)
	if err != nil {
		return err
	}
	c.acted(r.Context())
	return httpx.JSON(w, http.StatusOK, view(a))
}

// acts are what may be done to an agreement in a word.
var acts = map[string]func(w *world.World, now time.Time, id string) (world.Agreement, error){
	"cancel":           (*world.World).Cancel,
	"expire":           (*world.World).Expire,
	"terminate":        (*world.World).Terminate,
	"fail-payment":     (*world.World).FailPayment,
	"renew":            (*world.World).Renew,
	"opt-out":          (*world.World).OptOutOfRenewal,
	"advise":           (*world.World).Advise,
	"resolve-advisory": (*world.World).ResolveAdvisory,
}

func (c *Control) postAct(w http.ResponseWriter, r *http.Request) error {
	id, name := r.PathValue("id"), r.PathValue("act")
	act, known := acts[name]
	if !known {
		return noSuchCall(w, r)
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
