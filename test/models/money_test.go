package models

import (
	"maps"
	"testing"
)

func init() {
	maps.Copy(base, paying)
	maps.Copy(further, payingFurther)
}

// payable is an agreement whose seller may ask for payments, and the id of the term that says so.
func (s *stage) payable(t *testing.T, c caller) (agreement, term any) {
	t.Helper()
	var o struct{ OfferID, AgreementProposalID string }
	s.Post("/_sandbox/offers", object{"productId": "prod-inkwell0teams", "buyerAccountIds": []any{s.account}, "terms": object{
		"fixed": object{"duration": "P12M", "price": "10", "grants": []any{object{"dimension": "seats"}}}, "variablePayment": object{"maxTotalChargeAmount": "100000"}}}, &o)
	terms := s.termsOf(t, o.OfferID)
	var requested []any
	for kind, id := range terms {
		one := object{"id": id}
		if kind == "VariablePaymentTerm" {
			one["configuration"] = object{"variablePaymentTermConfiguration": object{"paymentRequestApprovalStrategy": "WAIT_FOR_APPROVAL"}}
		}
		requested = append(requested, one)
	}
	q := s.ask(t, c, s.buyer, "CreateAgreementRequest", object{"intent": "NEW", "agreementProposalIdentifier": o.AgreementProposalID, "requestedTerms": requested})
	a := s.ask(t, c, s.buyer, "AcceptAgreementRequest", object{"agreementRequestId": q["agreementRequestId"]})
	return a["agreementId"], terms["VariablePaymentTerm"]
}

func payment(t *testing.T, s *stage, c caller) asked {
	agreement, term := s.payable(t, c)
	return asked{s.seller, object{"agreementId": agreement, "termId": term, "name": "Second stage", "chargeAmount": "40.5", "description": "as agreed"}}
}

// pending is a payment request that waits for its buyer.
func pending(t *testing.T, s *stage, c caller) object {
	r := s.ask(t, c, s.seller, "SendAgreementPaymentRequest", payment(t, s, c).input)
	return object{"agreementId": r["agreementId"], "paymentRequestId": r["paymentRequestId"]}
}

func paid(key func(*stage) string, more object) func(*testing.T, *stage, caller) asked {
	return func(t *testing.T, s *stage, c caller) asked {
		in := pending(t, s, c)
		maps.Copy(in, more)
		return asked{key(s), in}
	}
}

// adjusting is a batch for the invoice of a contract.
func adjusting(t *testing.T, s *stage, c caller) asked {
	all := s.ask(t, c, s.seller, "ListAgreementInvoiceLineItems", object{"agreementId": s.contract.AgreementID, "groupBy": "INVOICE_ID", "invoiceType": "INVOICE"})
	invoice := all["agreementInvoiceLineItemGroupSummaries"].([]any)[0].(object)["invoiceId"]
	s.adjusted++
	return asked{s.seller, object{"billingAdjustmentRequestEntries": []any{object{"agreementId": s.contract.AgreementID, "originalInvoiceId": invoice, "adjustmentAmount": "0.01",
		"currencyCode": "USD", "adjustmentReasonCode": "BUYER_DISSATISFACTION", "description": "sorry", "clientToken": clientToken(s.adjusted)}}}}
}

// clientToken is a client token that nobody has used.
func clientToken(n int) string {
	return "t-" + string(rune('a'+n%26)) + "-" + string(rune('a'+n/26%26)) + "-" + string(rune('a'+n/676))
}

func adjustment(t *testing.T, s *stage, c caller) object {
	r := s.ask(t, c, s.seller, "BatchCreateBillingAdjustmentRequest", adjusting(t, s, c).input)
	return object{"agreementId": s.contract.AgreementID, "billingAdjustmentRequestId": r["items"].([]any)[0].(object)["billingAdjustmentRequestId"]}
}

// paying are valid requests of the operations about payments, adjustments and invoices.
var paying = map[string]func(*testing.T, *stage, caller) asked{
	"agreement SendAgreementPaymentRequest":   payment,
	"agreement GetAgreementPaymentRequest":    paid(theSeller, nil),
	"agreement AcceptAgreementPaymentRequest": paid(theBuyer, object{"purchaseOrderReference": "PO-3"}),
	"agreement RejectAgreementPaymentRequest": paid(theBuyer, object{"rejectionReason": "not yet"}),
	"agreement CancelAgreementPaymentRequest": paid(theSeller, nil),
	"agreement ListAgreementPaymentRequests": func(t *testing.T, s *stage, c caller) asked {
		pending(t, s, c)
		pending(t, s, c)
		return asked{s.seller, object{"partyType": "Proposer", "status": "PENDING_APPROVAL", "agreementType": "PurchaseAgreement", "catalog": "AWSMarketplace", "maxResults": 1}}
	},
	"agreement BatchCreateBillingAdjustmentRequest": adjusting,
	"agreement GetBillingAdjustmentRequest": func(t *testing.T, s *stage, c caller) asked {
		return asked{s.seller, adjustment(t, s, c)}
	},
	"agreement ListBillingAdjustmentRequests": func(t *testing.T, s *stage, c caller) asked {
		adjustment(t, s, c)
		adjustment(t, s, c)
		return asked{s.seller, object{"agreementId": s.contract.AgreementID, "status": "PENDING", "agreementType": "PurchaseAgreement", "catalog": "AWSMarketplace", "maxResults": 1}}
	},
	"agreement ListAgreementInvoiceLineItems": func(t *testing.T, s *stage, _ caller) asked {
		return asked{s.seller, object{"agreementId": s.contract.AgreementID, "groupBy": "INVOICE_ID", "invoiceType": "INVOICE", "maxResults": 1}}
	},
}

// payingFurther brings what those alone do not.
var payingFurther = map[string][]func(*testing.T, *stage, caller) asked{
	"agreement GetAgreementPaymentRequest": {func(t *testing.T, s *stage, c caller) asked {
		in := pending(t, s, c)
		s.ask(t, c, s.buyer, "AcceptAgreementPaymentRequest", in)
		return asked{s.seller, in}
	}, func(t *testing.T, s *stage, c caller) asked {
		in := pending(t, s, c)
		why := maps.Clone(in)
		why["rejectionReason"] = "not yet"
		s.ask(t, c, s.buyer, "RejectAgreementPaymentRequest", why)
		return asked{s.seller, in}
	}},
	"agreement ListAgreementPaymentRequests": {func(t *testing.T, s *stage, c caller) asked {
		s.ask(t, c, s.buyer, "AcceptAgreementPaymentRequest", pending(t, s, c))
		return asked{s.seller, object{"partyType": "Proposer", "status": "APPROVED"}}
	}},
	"agreement BatchCreateBillingAdjustmentRequest": {func(t *testing.T, s *stage, c caller) asked {
		in := adjusting(t, s, c)
		in.input["billingAdjustmentRequestEntries"].([]any)[0].(object)["originalInvoiceId"] = "none"
		return in
	}},
}
