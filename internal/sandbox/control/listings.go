package control

import (
	"net/http"

	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

func (c *Control) getProducts(w http.ResponseWriter, r *http.Request) error {
	return answerSlice(w, r, c.opt.World.Products())
}

func (c *Control) getProduct(w http.ResponseWriter, r *http.Request) error {
	p, err := c.opt.World.Product(r.PathValue("id"))
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, p)
}

func (c *Control) postProduct(w http.ResponseWriter, r *http.Request) error {
	var in world.Product
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	p, err := c.opt.World.CreateProduct(c.opt.Clock.Now(), in)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusCreated, p)
}

func (c *Control) patchProduct(w http.ResponseWriter, r *http.Request) error {
	var in world.ProductPatch
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	p, err := c.opt.World.ChangeProduct(c.opt.Clock.Now(), r.PathValue("id"), in)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, p)
}

func (c *Control) getOffers(w http.ResponseWriter, r *http.Request) error {
	return answerSlice(w, r, c.opt.World.Offers())
}

func (c *Control) getOffer(w http.ResponseWriter, r *http.Request) error {
	o, err := c.opt.World.Offer(r.PathValue("id"))
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, o)
}

func (c *Control) postOffer(w http.ResponseWriter, r *http.Request) error {
	var in world.Offer
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	o, err := c.opt.World.CreateOffer(c.opt.Clock.Now(), in)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusCreated, o)
}

func (c *Control) patchOffer(w http.ResponseWriter, r *http.Request) error {
	var in world.OfferPatch
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	o, err := c.opt.World.ChangeOffer(c.opt.Clock.Now(), r.PathValue("id"), in)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, o)
}

// buyer is a buyer with the access key that its programs call with.
type buyer struct {
	world.Buyer
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey,omitempty"`
}

func (c *Control) withKey(b world.Buyer) (buyer, error) {
	k, err := c.opt.World.BuyerKey(b.AccountID)
	return buyer{b, wire.InWorld(k.ID, c.opt.Name), k.Secret}, err
}

func (c *Control) getBuyers(w http.ResponseWriter, r *http.Request) error {
	all := []buyer{}
	for _, b := range c.opt.World.Buyers() {
		shown, err := c.withKey(b)
		if err != nil {
			return err
		}
		all = append(all, shown)
	}
	return answerSlice(w, r, all)
}

func (c *Control) getBuyer(w http.ResponseWriter, r *http.Request) error {
	b, err := c.opt.World.Buyer(r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answerBuyer(w, http.StatusOK, b)
}

func (c *Control) postBuyer(w http.ResponseWriter, r *http.Request) error {
	var in world.Buyer
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	b, err := c.opt.World.CreateBuyer(c.opt.Clock.Now(), in)
	if err != nil {
		return err
	}
	return c.answerBuyer(w, http.StatusCreated, b)
}

func (c *Control) patchBuyer(w http.ResponseWriter, r *http.Request) error {
	var in world.BuyerPatch
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	b, err := c.opt.World.ChangeBuyer(c.opt.Clock.Now(), r.PathValue("id"), in)
	if err != nil {
		return err
	}
	return c.answerBuyer(w, http.StatusOK, b)
}

func (c *Control) answerBuyer(w http.ResponseWriter, status int, b world.Buyer) error {
	shown, err := c.withKey(b)
	if err != nil {
		return err
	}
	return httpx.JSON(w, status, shown)
}
