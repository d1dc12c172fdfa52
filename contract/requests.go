package contract

import "time"

// Detail types of the events about a seller's requests, without the role that follows after " - ". Their resources are
// empty. Source: SellerGuide, notifications-eventbridge; that there is one for each: buyer guide,
// cancellation-adjustment-eventbridge.
const (
	CancellationPending   = "Agreement Cancellation Request Pending Approval"
	CancellationApproved  = "Agreement Cancellation Request Approved"
	CancellationRejected  = "Agreement Cancellation Request Rejected"
	CancellationWithdrawn = "Agreement Cancellation Request Cancelled"
	CancellationFailed    = "Agreement Cancellation Request Validation Failed" // the submitter's alone
	AdjustmentCompleted   = "Purchase Agreement Billing Adjustment Completed"
	AdjustmentFailed      = "Purchase Agreement Billing Adjustment Failed"
)

// Limits of a seller's requests. Source: AgreementAPI, the service model; SellerGuide, refunds.
const (
	CancellationSilence      = 7 * 24 * time.Hour // then a buyer's silence is an approval
	ConversionWindow         = 7 * 24 * time.Hour // after a free trial went over into paid usage, AWS may refund it; SellerGuide, refunds
	RefundWindow             = 48 * time.Hour     // after a public contract's acceptance, AWS refunds it without the seller; SellerGuide, refunds
	MaxRequestDescription    = 2000               // characters, also of a reason to reject or withdraw
	MaxAdjustments           = 5                  // entries of one batch
	MaxAdjustmentDescription = 500                // characters
	MaxInvoiceID             = 255                // characters
	MaxAmountPlaces          = 8                  // decimals of an amount
	MinPaymentName           = 5                  // characters of a payment request's name
	MaxPaymentName           = 64
	MaxPaymentRejection      = 250 // characters
)

// CancellationReasons are the reason codes of a cancellation request. Source: AgreementAPI,
// AgreementCancellationRequestReasonCode.
var CancellationReasons = []string{"INCORRECT_TERMS_ACCEPTED", "REPLACING_AGREEMENT", "TEST_AGREEMENT", "ALTERNATIVE_PROCUREMENT_CHANNEL",
	"PRODUCT_DISCONTINUED", "UNINTENDED_RENEWAL", "BUYER_DISSATISFACTION", "OTHER"}

// AdjustmentReasons are the reason codes of a billing adjustment. Source: AgreementAPI, BillingAdjustmentReasonCode.
var AdjustmentReasons = []string{"INCORRECT_TERMS_ACCEPTED", "INCORRECT_METERING", "TEST_ENVIRONMENT_CHARGES", "ALTERNATIVE_PROCUREMENT_CHANNEL",
	"UNINTENDED_RENEWAL", "BUYER_DISSATISFACTION", "OTHER"}
