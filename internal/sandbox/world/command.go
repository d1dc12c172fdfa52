package world

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
)

// Act names what a [Command] does.
type Act string

const (
	actSubscribe       Act = "subscribe"
	actEnd             Act = "end"
	actAdvise          Act = "advise"
	actResolveAdvisory Act = "resolve-advisory"
	actFailPayment     Act = "fail-payment"
	actAmend           Act = "amend"
	actRenew           Act = "renew"
	actMintToken       Act = "mint-token"
	actMintAPIToken    Act = "mint-api-token"
	actUseToken        Act = "use-token"
	actMeter           Act = "meter"
	actCalendar        Act = "calendar"
	actCreateBuyer     Act = "create-buyer"
	actChangeBuyer     Act = "change-buyer"
	actCreateProduct   Act = "create-product"
	actChangeProduct   Act = "change-product"
	actProfiles        Act = "profiles"
	actReset           Act = "reset"

	actRequestCancellation Act = "request-cancellation"
	actAnswerCancellation  Act = "answer-cancellation"
	actQuote               Act = "quote"
	actAccept              Act = "accept"
	actReplace             Act = "replace"
	actOptOut              Act = "opt-out-of-renewal"
	actChooseIncrease      Act = "choose-increase"
	actPurchaseOrders      Act = "purchase-orders"
	actCreateOffer         Act = "create-offer"
	actChangeOffer         Act = "change-offer"
	actRequestPayment      Act = "request-payment"
	actAnswerPayment       Act = "answer-payment"
	actAdjust              Act = "adjust"
	actRefund              Act = "refund"
	actOpenCase            Act = "open-case"
	actDecideCase          Act = "decide-case"
	actGrantCase           Act = "grant-case"
)

// Command is an act that changed the world, as a journal keeps it. Identifiers that it drew are not in it: applied in
// the same order to a world of the same file and seed, it draws the same again.
type Command struct {
	At             time.Time         `json:"at"`
	Act            Act               `json:"act"`
	ID             string            `json:"id,omitempty"`      // of the agreement, offer, buyer, product or request
	Account        string            `json:"account,omitempty"` // that acts, where it is not the only one that may
	Subscribe      *Subscribe        `json:"subscribe,omitempty"`
	Status         AgreementStatus   `json:"status,omitempty"`
	Why            string            `json:"why,omitempty"`
	Amendment      *Amendment        `json:"amendment,omitempty"`
	Token          string            `json:"token,omitempty"`
	Buyer          *Buyer            `json:"buyer,omitempty"`
	BuyerPatch     *BuyerPatch       `json:"buyerPatch,omitempty"`
	Product        *Product          `json:"product,omitempty"`
	ProductPatch   *ProductPatch     `json:"productPatch,omitempty"`
	Offer          *Offer            `json:"offer,omitempty"`
	OfferPatch     *OfferPatch       `json:"offerPatch,omitempty"`
	Order          *Order            `json:"order,omitempty"`
	Replacement    *Replacement      `json:"replacement,omitempty"`
	Percent        *decimal.Decimal  `json:"percent,omitempty"`
	ChargeOrders   []ChargeOrder     `json:"chargeOrders,omitempty"`
	PurchaseOrders []PurchaseOrder   `json:"purchaseOrders,omitempty"`
	Profiles       map[string]string `json:"profiles,omitempty"`
	Shuffle        uint64            `json:"shuffle,omitempty"` // the seed that Profiles were chosen by
	Batch          *Batch            `json:"batch,omitempty"`
	Cancellation   *NewCancellation  `json:"cancellation,omitempty"`
	Answer         RequestStatus     `json:"answer,omitempty"`
	Adjustments    []NewAdjustment   `json:"adjustments,omitempty"`
	Payment        *NewPayment       `json:"payment,omitempty"`
	Refund         *Refund           `json:"refund,omitempty"`
	Case           *NewCase          `json:"case,omitempty"`
	Decision       *Decision         `json:"decision,omitempty"`
}

// Apply does c again. Its notices go to the sink as they did the first time. An error says that the journal does not
// fit this world.
func (w *World) Apply(c Command) error {
	var err error
	switch {
	case c.Act == actSubscribe && c.Subscribe != nil:
		_, err = w.Subscribe(c.At, *c.Subscribe)
	case c.Act == actEnd:
		_, err = w.end(c.At, c.ID, c.Status, c.Why)
	case c.Act == actAdvise:
		_, err = w.Advise(c.At, c.ID)
	case c.Act == actResolveAdvisory:
		_, err = w.ResolveAdvisory(c.At, c.ID)
	case c.Act == actFailPayment:
		_, err = w.FailPayment(c.At, c.ID)
	case c.Act == actAmend && c.Amendment != nil:
		_, err = w.Amend(c.At, c.ID, *c.Amendment)
	case c.Act == actRenew:
		_, err = w.Renew(c.At, c.ID)
	case c.Act == actMintToken:
		_, err = w.MintToken(c.At, c.ID)
	case c.Act == actMintAPIToken:
		_, err = w.MintAPIToken(c.At, c.ID)
	case c.Act == actUseToken:
		err = w.useToken(c.Token)
	case c.Act == actMeter && c.Batch != nil:
		_, err = w.MeterBatch(c.At, *c.Batch)
	case c.Act == actCalendar:
		_, err = w.RunDue(c.At)
	case c.Act == actCreateBuyer && c.Buyer != nil:
		_, err = w.CreateBuyer(c.At, *c.Buyer)
	case c.Act == actChangeBuyer && c.BuyerPatch != nil:
		_, err = w.ChangeBuyer(c.At, c.ID, *c.BuyerPatch)
	case c.Act == actCreateProduct && c.Product != nil:
		_, err = w.CreateProduct(c.At, *c.Product)
	case c.Act == actChangeProduct && c.ProductPatch != nil:
		_, err = w.changeProduct(c.At, c.ID, *c.ProductPatch, letThrough)
	case c.Act == actQuote && c.Order != nil:
		_, err = w.Quote(c.At, *c.Order)
	case c.Act == actPurchaseOrders:
		_, err = w.SetPurchaseOrders(c.At, c.Account, c.ChargeOrders)
	case c.Act == actAccept:
		_, err = w.Accept(c.At, c.Account, c.ID, c.PurchaseOrders)
	case c.Act == actReplace && c.Replacement != nil:
		_, err = w.Replace(c.At, c.ID, *c.Replacement)
	case c.Act == actOptOut:
		_, err = w.OptOutOfRenewal(c.At, c.ID)
	case c.Act == actChooseIncrease && c.Percent != nil:
		_, err = w.ChooseIncrease(c.At, c.ID, *c.Percent)
	case c.Act == actCreateOffer && c.Offer != nil:
		_, err = w.CreateOffer(c.At, *c.Offer)
	case c.Act == actChangeOffer && c.OfferPatch != nil:
		_, err = w.ChangeOffer(c.At, c.ID, *c.OfferPatch)
	case c.Act == actProfiles:
		err = w.choose(c.At, c.Profiles, c.Shuffle)
	case c.Act == actRequestCancellation && c.Cancellation != nil:
		_, err = w.RequestCancellation(c.At, c.Account, *c.Cancellation)
	case c.Act == actAnswerCancellation:
		_, err = w.answer(c.At, c.Answer, c.Account, c.ID, c.Why)
	case c.Act == actAdjust:
		_, _, err = w.Adjust(c.At, c.Account, c.Adjustments)
	case c.Act == actRequestPayment && c.Payment != nil:
		_, err = w.RequestPayment(c.At, c.Account, *c.Payment)
	case c.Act == actAnswerPayment:
		_, err = w.answerPayment(c.At, c.Answer, c.Account, c.ID, c.Why)
	case c.Act == actRefund && c.Refund != nil:
		_, err = w.Refund(c.At, c.ID, *c.Refund)
	case c.Act == actOpenCase && c.Case != nil:
		_, err = w.OpenCase(c.At, *c.Case)
	case c.Act == actDecideCase && c.Decision != nil:
		_, err = w.DecideCase(c.At, c.Account, c.ID, *c.Decision)
	case c.Act == actGrantCase:
		_, err = w.GrantCase(c.At, c.ID)
	case c.Act == actReset:
		err = w.Reset(c.At)
	default:
		return fail.New(fail.Invalid, "unknown_act", "The act %q is unknown, or incomplete.", c.Act)
	}
	if err != nil {
		return fmt.Errorf("do %q of %s again: %w", c.Act, c.At.Format(time.RFC3339), err)
	}
	return nil
}

// useToken marks a token as resolved.
func (w *World) useToken(text string) error {
	defer w.act()()
	t, ok := w.tokens[text]
	if !ok {
		return fail.New(fail.NotFound, "unknown_token", "There is no such token.")
	}
	if err := w.record(Command{Act: actUseToken, Token: text}); err != nil {
		return err
	}
	t.used = true
	return nil
}

// Plans reports whether c may change what is due. Metering, the most frequent act by far, never does.
func (c Command) Plans() bool { return c.Act != actMeter && c.Act != actUseToken }
