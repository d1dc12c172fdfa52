package control

import (
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/world"
)

// The calls of this file play both parties of a seller's request. Who acts is never asked: the agreement says it.

func (c *Control) getCancellations(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	return answerSlice(w, r, c.opt.World.Cancellations(world.CancellationQuery{AgreementID: q.Get("agreementId"), BuyerAccount: q.Get("buyerAccountId"),
		SellerAccount: q.Get("sellerAccountId"), Status: world.RequestStatus(q.Get("status"))}))
}

func (c *Control) getCancellation(w http.ResponseWriter, r *http.Request) error {
	one, err := c.opt.World.Cancellation(r.PathValue("id"))
	return answer(w, http.StatusOK, one, err)
}

// postCancellation is the seller's request to end an agreement.
func (c *Control) postCancellation(w http.ResponseWriter, r *http.Request) error {
	var in world.NewCancellation
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	a, err := c.opt.World.Agreement(in.AgreementID)
	if err != nil {
		return err
	}
	one, err := c.opt.World.RequestCancellation(c.opt.Clock.Now(), a.SellerAccount, in)
	return c.acting(w, r, http.StatusCreated, one, err)
}

// postCancellationAct is the buyer's answer to a request, or the seller's end of it.
func (c *Control) postCancellationAct(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Reason string `json:"reason"`
	}
	if err := optional(w, r, &in); err != nil {
		return err
	}
	one, err := c.opt.World.Cancellation(r.PathValue("id"))
	if err != nil {
		return err
	}
	now := c.opt.Clock.Now()
	switch r.PathValue("act") {
	case "accept":
		one, err = c.opt.World.AcceptCancellation(now, one.BuyerAccount, one.ID)
	case "reject":
		one, err = c.opt.World.RejectCancellation(now, one.BuyerAccount, one.ID, in.Reason)
	case "cancel":
		one, err = c.opt.World.WithdrawCancellation(now, one.SellerAccount, one.ID, in.Reason)
	default:
		return noSuchCall(w, r)
	}
	return c.acting(w, r, http.StatusOK, one, err)
}

func (c *Control) getPayments(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	return answerSlice(w, r, c.opt.World.Payments(world.PaymentQuery{AgreementID: q.Get("agreementId"), BuyerAccount: q.Get("buyerAccountId"),
		SellerAccount: q.Get("sellerAccountId"), Status: world.RequestStatus(q.Get("status"))}))
}

func (c *Control) getPayment(w http.ResponseWriter, r *http.Request) error {
	one, err := c.opt.World.Payment(r.PathValue("id"))
	return answer(w, http.StatusOK, one, err)
}

// postPayment is the seller's request for a payment. Without a term, it is under the only one that there can be.
func (c *Control) postPayment(w http.ResponseWriter, r *http.Request) error {
	var in world.NewPayment
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	a, err := c.opt.World.Agreement(in.AgreementID)
	if err != nil {
		return err
	}
	if in.TermID == "" {
		in.TermID = world.TermID(a.OfferID, world.TermVariable)
	}
	one, err := c.opt.World.RequestPayment(c.opt.Clock.Now(), a.SellerAccount, in)
	return c.acting(w, r, http.StatusCreated, one, err)
}

// postPaymentAct is the buyer's answer to a payment request, or the seller's end of it.
func (c *Control) postPaymentAct(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Reason        string `json:"reason"`
		PurchaseOrder string `json:"purchaseOrderReference"`
	}
	if err := optional(w, r, &in); err != nil {
		return err
	}
	one, err := c.opt.World.Payment(r.PathValue("id"))
	if err != nil {
		return err
	}
	now := c.opt.Clock.Now()
	switch r.PathValue("act") {
	case "accept":
		one, err = c.opt.World.AcceptPayment(now, one.BuyerAccount, one.ID, in.PurchaseOrder)
	case "reject":
		one, err = c.opt.World.RejectPayment(now, one.BuyerAccount, one.ID, in.Reason)
	case "cancel":
		one, err = c.opt.World.WithdrawPayment(now, one.SellerAccount, one.ID)
	default:
		return noSuchCall(w, r)
	}
	return c.acting(w, r, http.StatusOK, one, err)
}

// acting answers what an act made of something, once what it made due has happened.
func (c *Control) acting(w http.ResponseWriter, r *http.Request, status int, one any, err error) error {
	if err == nil {
		c.acted(r.Context())
	}
	return answer(w, status, one, err)
}

// answer answers one, unless err says why there is none.
func answer(w http.ResponseWriter, status int, one any, err error) error {
	if err != nil {
		return err
	}
	return httpx.JSON(w, status, one)
}

// optional decodes a body that may be missing.
func optional(w http.ResponseWriter, r *http.Request, in any) error {
	if err := httpx.Decode(w, r, in); err != nil && fail.CodeOf(err) != "empty_body" {
		return err
	}
	return nil
}
