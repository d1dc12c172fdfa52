package agreement

import (
	"context"
	"iter"
	"regexp"
	"slices"
	"strconv"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/ops/terms"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// purchaseOrder is the buyer's own reference for a charge.
type purchaseOrder struct {
	ChargeID    *string `json:"chargeId"`
	Revision    *int64  `json:"chargeRevision"`
	AgreementID *string `json:"agreementId"`
	Reference   *string `json:"purchaseOrderReference"`
}

var requestIDs = regexp.MustCompile(`^ar-[A-Za-z0-9]+$`)

// readOrders checks purchase orders.
func readOrders(c *wire.Call, orders []purchaseOrder) ([]world.ChargeOrder, error) {
	if orders != nil && (len(orders) == 0 || len(orders) > contract.MaxPurchaseOrders) {
		return nil, invalid(c, "INVALID_PURCHASE_ORDERS", "purchaseOrders", "There are 1 to "+strconv.Itoa(contract.MaxPurchaseOrders)+" purchaseOrders.")
	}
	var all []world.ChargeOrder
	for i, o := range orders {
		at := "purchaseOrders." + strconv.Itoa(i+1) + "."
		agreement := idField(at+"agreementId", "AGREEMENT_ID", o.AgreementID, resourceID)
		agreement.needed = false
		reference := field{name: at + "purchaseOrderReference", about: "PURCHASE_ORDER_REFERENCE", value: o.Reference, needed: true, most: contract.MaxPurchaseOrder}
		if err := check(c, idField(at+"chargeId", "CHARGE_ID", o.ChargeID, resourceID), agreement, reference); err != nil {
			return nil, err
		}
		one := world.ChargeOrder{PurchaseOrder: world.PurchaseOrder{ChargeID: *o.ChargeID, Reference: *o.Reference}, AgreementID: orEmpty(o.AgreementID)}
		if o.Revision != nil {
			if *o.Revision < 1 {
				return nil, invalid(c, "INVALID_CHARGE_REVISION", at+"chargeRevision", "The chargeRevision is at least 1.")
			}
			one.Revision = int(*o.Revision)
		}
		if slices.ContainsFunc(all, func(have world.ChargeOrder) bool { return have.ChargeID == one.ChargeID }) {
			return nil, invalid(c, "DUPLICATE_CHARGES", at+"chargeId", "The charge "+one.ChargeID+" is there twice.")
		}
		all = append(all, one)
	}
	return all, nil
}

// acceptAgreementRequest performs AcceptAgreementRequest, for the buyer whose quote it is.
func (s *service) acceptAgreementRequest(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		RequestID *string         `json:"agreementRequestId"`
		Orders    []purchaseOrder `json:"purchaseOrders"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	if err := check(c, idField("agreementRequestId", "AGREEMENT_REQUEST_ID", in.RequestID, requestIDs)); err != nil {
		return wire.Answer{}, err
	}
	orders, err := readOrders(c, in.Orders)
	if err != nil {
		return wire.Answer{}, err
	}
	var plain []world.PurchaseOrder
	for _, o := range orders {
		plain = append(plain, o.PurchaseOrder)
	}
	a, err := s.world.Accept(c.At, c.Account, *in.RequestID, plain)
	if err != nil {
		return wire.Answer{}, notOrdered(c, err, *in.RequestID)
	}
	return wire.Encode(c, struct {
		AgreementID string `json:"agreementId"`
	}{a.AgreementID})
}

type charge struct {
	ID            string    `json:"id"`
	Revision      int       `json:"revision"`
	AgreementID   string    `json:"agreementId"`
	AgreementType string    `json:"agreementType"`
	Order         string    `json:"purchaseOrderReference,omitempty"`
	CurrencyCode  string    `json:"currencyCode"`
	Amount        string    `json:"amount"`
	Time          wire.Time `json:"time"`
}

// listAgreementCharges performs ListAgreementCharges: the buyer's charges that were agreed on, those to come included, by
// their dates. What usage costs is on invoices.
func (s *service) listAgreementCharges(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		Catalog       *string `json:"catalog"`
		AgreementID   *string `json:"agreementId"`
		AgreementType *string `json:"agreementType"`
		MaxResults    *int64  `json:"maxResults"`
		NextToken     *string `json:"nextToken"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	id, err := narrowed(c, in.AgreementID, in.AgreementType, in.Catalog)
	if err != nil {
		return wire.Answer{}, err
	}
	t, err := paging{in.MaxResults, in.NextToken}.turn(c, in.Catalog, in.AgreementID, in.AgreementType)
	if err != nil {
		return wire.Answer{}, err
	}
	var all []charge
	s.world.ViewAgreements(world.AgreementQuery{BuyerAccount: c.Account}, func(lent iter.Seq[*world.Agreement]) {
		for a := range lent {
			if id != "" && id != a.AgreementID {
				continue
			}
			for _, x := range slices.Concat(a.Charges, a.Scheduled) {
				all = append(all, charge{x.ID, x.Revision, a.AgreementID, contract.PurchaseContract, x.PurchaseOrder, terms.Currency, amount(x.Amount), wire.Time{Time: x.At}})
			}
		}
	})
	part, next := page.Cut(all, func(x charge) page.Key { return page.Key{N: x.Time.UnixMicro(), ID: x.ID} }, false, t)
	return wire.Encode(c, struct {
		Items []charge `json:"items"`
		Next  *string  `json:"nextToken,omitempty"`
	}{append([]charge{}, part...), next})
}

// updatePurchaseOrders performs UpdatePurchaseOrders, for the buyer: all of them or none.
func (s *service) updatePurchaseOrders(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		Orders []purchaseOrder `json:"purchaseOrders"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	if in.Orders == nil {
		return wire.Answer{}, invalid(c, "MISSING_PURCHASE_ORDERS", "purchaseOrders", "The purchaseOrders are required.")
	}
	orders, err := readOrders(c, in.Orders)
	if err != nil {
		return wire.Answer{}, err
	}
	if _, err := s.world.Buyer(c.Account); err != nil {
		return wire.Answer{}, denied(c, "The account "+c.Account+" is not a buyer's.")
	}
	if wrong, err := s.world.SetPurchaseOrders(c.At, c.Account, orders); err != nil {
		return wire.Answer{}, refused(c, err, "Charge", wrong, "purchaseOrders")
	}
	return wire.Encode(c, struct{}{})
}
