package agreement

import (
	"context"
	"regexp"
	"slices"
	"strconv"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

var (
	adjustmentIDs = regexp.MustCompile(`^ba-[a-zA-Z0-9]+$`)
	currencies    = regexp.MustCompile(`^[A-Z]{3}$`)
)

// adjustmentType is what errors call a billing adjustment.
const adjustmentType = "BillingAdjustmentRequest"

type adjustmentEntry struct {
	AgreementID *string `json:"agreementId"`
	InvoiceID   *string `json:"originalInvoiceId"`
	Amount      *string `json:"adjustmentAmount"`
	Currency    *string `json:"currencyCode"`
	ReasonCode  *string `json:"adjustmentReasonCode"`
	Description *string `json:"description"`
	ClientToken *string `json:"clientToken"`
}

// read checks the form of an entry, which stands at a place of the input.
func (e adjustmentEntry) read(c *wire.Call, at string) (world.NewAdjustment, error) {
	token := tokenField(e.ClientToken)
	token.name, token.needed = at+token.name, true
	err := check(c, idField(at+"agreementId", "AGREEMENT_ID", e.AgreementID, resourceID),
		field{name: at + "originalInvoiceId", about: "INVOICE_ID", value: e.InvoiceID, needed: true, most: contract.MaxInvoiceID},
		field{name: at + "adjustmentAmount", about: "ADJUSTMENT_AMOUNT", value: e.Amount, needed: true, most: contract.MaxTermText, like: amounts},
		field{name: at + "currencyCode", about: "CURRENCY_CODE", value: e.Currency, needed: true, most: 3, like: currencies},
		field{name: at + "adjustmentReasonCode", about: "REASON_CODE", value: e.ReasonCode, needed: true, most: contract.MaxTermText},
		field{name: at + "description", about: "DESCRIPTION", value: e.Description, least: 1, most: contract.MaxAdjustmentDescription}, token)
	if err != nil {
		return world.NewAdjustment{}, err
	}
	if !slices.Contains(contract.AdjustmentReasons, *e.ReasonCode) {
		return world.NewAdjustment{}, invalid(c, "INVALID_REASON_CODE", at+"adjustmentReasonCode", "The adjustmentReasonCode is not one of the API's.")
	}
	return world.NewAdjustment{AgreementID: *e.AgreementID, InvoiceID: *e.InvoiceID, Amount: *e.Amount, Currency: *e.Currency, ReasonCode: *e.ReasonCode,
		Description: orEmpty(e.Description), ClientToken: *e.ClientToken}, nil
}

type adjustmentItem struct {
	ID          string `json:"billingAdjustmentRequestId"`
	ClientToken string `json:"clientToken"`
}

type adjustmentError struct {
	Code        string `json:"code"`
	Message     string `json:"message"`
	ClientToken string `json:"clientToken"`
}

// createAdjustments performs BatchCreateBillingAdjustmentRequest, for the seller. What is malformed sinks the batch; what
// is wrong with one invoice, that entry.
func (s *service) createAdjustments(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		Entries []adjustmentEntry `json:"billingAdjustmentRequestEntries"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	var entries []world.NewAdjustment
	for i, e := range in.Entries {
		one, err := e.read(c, "billingAdjustmentRequestEntries."+strconv.Itoa(i+1)+".")
		if err != nil {
			return wire.Answer{}, err
		}
		entries = append(entries, one)
	}
	out := struct {
		Items  []adjustmentItem  `json:"items"`
		Errors []adjustmentError `json:"errors"`
	}{[]adjustmentItem{}, []adjustmentError{}}
	made, wrong, err := s.world.Adjust(c.At, c.Account, entries)
	switch {
	case fail.Is(err, fail.NotFound): // the operation has no such error: it is that of every entry
		for _, e := range entries {
			out.Errors = append(out.Errors, adjustmentError{"RESOURCE_NOT_FOUND_EXCEPTION", fail.SayOf(err), e.ClientToken})
		}
	case err != nil:
		return wire.Answer{}, refused(c, err, adjustmentType, "", "billingAdjustmentRequestEntries")
	}
	for _, ad := range made {
		out.Items = append(out.Items, adjustmentItem{ad.ID, ad.ClientToken})
	}
	for _, e := range wrong {
		out.Errors = append(out.Errors, adjustmentError(e))
	}
	return wire.Encode(c, out)
}

type adjustmentDetails struct {
	ID            string    `json:"billingAdjustmentRequestId"`
	AgreementID   string    `json:"agreementId"`
	ReasonCode    string    `json:"adjustmentReasonCode"`
	Description   string    `json:"description,omitempty"`
	InvoiceID     string    `json:"originalInvoiceId"`
	Amount        string    `json:"adjustmentAmount"`
	CurrencyCode  string    `json:"currencyCode"`
	Status        string    `json:"status"`
	StatusMessage string    `json:"statusMessage,omitempty"`
	CreatedAt     wire.Time `json:"createdAt"`
	UpdatedAt     wire.Time `json:"updatedAt"`
}

// getAdjustment performs GetBillingAdjustmentRequest, for the seller.
func (s *service) getAdjustment(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		AgreementID *string `json:"agreementId"`
		ID          *string `json:"billingAdjustmentRequestId"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	if err := check(c, idField("billingAdjustmentRequestId", "BILLING_ADJUSTMENT_REQUEST_ID", in.ID, adjustmentIDs)); err != nil {
		return wire.Answer{}, err
	}
	a, err := s.sold(c, in.AgreementID)
	if err != nil {
		return wire.Answer{}, err
	}
	ad, err := s.world.Adjustment(*in.ID)
	if err == nil && ad.AgreementID != a.AgreementID {
		err = fail.New(fail.NotFound, "unknown_request", "The agreement %s has no billing adjustment %s.", a.AgreementID, *in.ID)
	}
	if err != nil {
		return wire.Answer{}, refused(c, err, adjustmentType, *in.ID, "billingAdjustmentRequestId")
	}
	return wire.Encode(c, adjustmentDetails{ad.ID, ad.AgreementID, ad.ReasonCode, ad.Description, ad.InvoiceID, ad.Amount.String(), ad.Currency, string(ad.Status), ad.StatusMessage,
		wire.Time{Time: ad.CreatedAt}, wire.Time{Time: ad.UpdatedAt}})
}

type adjustmentSummary struct {
	ID            string    `json:"billingAdjustmentRequestId"`
	InvoiceID     string    `json:"originalInvoiceId"`
	Amount        string    `json:"adjustmentAmount"`
	CurrencyCode  string    `json:"currencyCode"`
	Status        string    `json:"status"`
	AgreementID   string    `json:"agreementId"`
	AgreementType string    `json:"agreementType"`
	Catalog       string    `json:"catalog"`
	CreatedAt     wire.Time `json:"createdAt"`
	UpdatedAt     wire.Time `json:"updatedAt"`
}

// listAdjustments performs ListBillingAdjustmentRequests, for the seller: the newest first.
func (s *service) listAdjustments(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		AgreementID   *string   `json:"agreementId"`
		AgreementType *string   `json:"agreementType"`
		Catalog       *string   `json:"catalog"`
		Status        *string   `json:"status"`
		CreatedAfter  wire.Time `json:"createdAfter"`
		CreatedBefore wire.Time `json:"createdBefore"`
		MaxResults    *int64    `json:"maxResults"`
		NextToken     *string   `json:"nextToken"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	id, err := narrowed(c, in.AgreementID, in.AgreementType, in.Catalog)
	if err != nil {
		return wire.Answer{}, err
	}
	if in.Status != nil && !slices.Contains([]string{"PENDING", "VALIDATION_FAILED", "COMPLETED"}, *in.Status) {
		return wire.Answer{}, invalid(c, "INVALID_STATUS", "status", "The status is not one of the API's.")
	}
	t, err := paging{in.MaxResults, in.NextToken}.turn(c, in.AgreementID, in.AgreementType, in.Catalog, in.Status, in.CreatedAfter.UnixMicro(), in.CreatedBefore.UnixMicro())
	if err != nil {
		return wire.Answer{}, err
	}
	found := s.world.Adjustments(world.AdjustmentQuery{AgreementID: id, SellerAccount: c.Account, Status: world.AdjustmentStatus(orEmpty(in.Status)),
		CreatedAfter: in.CreatedAfter.Time, CreatedBefore: in.CreatedBefore.Time})
	part, next := page.Cut(found, func(ad world.Adjustment) page.Key { return page.Key{N: ad.CreatedAt.UnixMicro(), ID: ad.ID} }, true, t)
	out := struct {
		Items []adjustmentSummary `json:"items"`
		Next  *string             `json:"nextToken,omitempty"`
	}{[]adjustmentSummary{}, next}
	for _, ad := range part {
		out.Items = append(out.Items, adjustmentSummary{ad.ID, ad.InvoiceID, ad.Amount.String(), ad.Currency, string(ad.Status), ad.AgreementID, contract.PurchaseContract, catalog,
			wire.Time{Time: ad.CreatedAt}, wire.Time{Time: ad.UpdatedAt}})
	}
	return wire.Encode(c, out)
}
