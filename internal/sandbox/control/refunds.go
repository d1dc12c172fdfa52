package control

import (
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/world"
)

func (c *Control) getInvoices(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	return answerSlice(w, r, c.opt.World.Invoices(world.InvoiceQuery{AgreementID: q.Get("agreementId"), BuyerAccount: q.Get("accountId"),
		SellerAccount: q.Get("sellerAccountId"), Type: world.InvoiceType(q.Get("invoiceType")), Month: q.Get("month")}))
}

func (c *Control) getInvoice(w http.ResponseWriter, r *http.Request) error {
	one, err := c.opt.World.Invoice(r.PathValue("id"))
	return answer(w, http.StatusOK, one, err)
}

func (c *Control) getAdjustments(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	return answerSlice(w, r, c.opt.World.Adjustments(world.AdjustmentQuery{AgreementID: q.Get("agreementId"), BuyerAccount: q.Get("buyerAccountId"),
		SellerAccount: q.Get("sellerAccountId"), Status: world.AdjustmentStatus(q.Get("status"))}))
}

func (c *Control) getAdjustment(w http.ResponseWriter, r *http.Request) error {
	one, err := c.opt.World.Adjustment(r.PathValue("id"))
	return answer(w, http.StatusOK, one, err)
}

// postAdjustments is the seller's batch of billing adjustments for one agreement.
func (c *Control) postAdjustments(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Entries []world.NewAdjustment `json:"entries"`
	}
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	seller := ""
	if len(in.Entries) > 0 {
		a, err := c.opt.World.Agreement(in.Entries[0].AgreementID)
		if err != nil {
			return err
		}
		seller = a.SellerAccount
	}
	items, errs, err := c.opt.World.Adjust(c.opt.Clock.Now(), seller, in.Entries)
	return c.acting(w, r, http.StatusCreated, struct {
		Items  []world.Adjustment      `json:"items"`
		Errors []world.AdjustmentError `json:"errors"`
	}{items, errs}, err)
}

// postRefund is an operator of AWS giving money back at once.
func (c *Control) postRefund(w http.ResponseWriter, r *http.Request) error {
	var in world.Refund
	if err := optional(w, r, &in); err != nil {
		return err
	}
	a, err := c.opt.World.Refund(c.opt.Clock.Now(), r.PathValue("id"), in)
	return c.acting(w, r, http.StatusOK, view(a), err)
}

func (c *Control) getCases(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	return answerSlice(w, r, c.opt.World.Cases(world.CaseQuery{AgreementID: q.Get("agreementId"), BuyerAccount: q.Get("buyerAccountId"),
		SellerAccount: q.Get("sellerAccountId"), Status: world.CaseStatus(q.Get("status"))}))
}

func (c *Control) getCase(w http.ResponseWriter, r *http.Request) error {
	one, err := c.opt.World.Case(r.PathValue("id"))
	return answer(w, http.StatusOK, one, err)
}

// postCase is a buyer's letter to AWS Support.
func (c *Control) postCase(w http.ResponseWriter, r *http.Request) error {
	var in world.NewCase
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	one, err := c.opt.World.OpenCase(c.opt.Clock.Now(), in)
	return c.acting(w, r, http.StatusCreated, one, err)
}

// postCaseAct is the seller's word on a case (authorize, refuse), or the operator's haste (grant).
func (c *Control) postCaseAct(w http.ResponseWriter, r *http.Request) error {
	var in world.Decision
	if err := optional(w, r, &in); err != nil {
		return err
	}
	one, err := c.opt.World.Case(r.PathValue("id"))
	if err != nil {
		return err
	}
	now := c.opt.Clock.Now()
	switch act := r.PathValue("act"); {
	case act == "authorize" && in.Grant == "":
		return fail.New(fail.Invalid, "refund_kind", "Say what is authorised: {\"grant\":%q} or {\"grant\":%q}.", world.FullRefund, world.ProratedRefund)
	case act == "authorize":
		one, err = c.opt.World.DecideCase(now, one.SellerAccount, one.CaseID, in)
	case act == "refuse" && in.Grant != "":
		return fail.New(fail.Invalid, "refund_kind", "A refusal grants nothing; leave grant out.")
	case act == "refuse":
		one, err = c.opt.World.DecideCase(now, one.SellerAccount, one.CaseID, in)
	case act == "grant":
		one, err = c.opt.World.GrantCase(now, one.CaseID)
	default:
		return noSuchCall(w, r)
	}
	return c.acting(w, r, http.StatusOK, one, err)
}
