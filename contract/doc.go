// Package contract restates, as data, what AWS Marketplace promises on the wire: operations and their errors, limits,
// the words of notices. Each fact names its public source.
//
// It owns: facts. It does not own any behaviour, and no type that travels: gateway and sandbox each have their own,
// and both are tested against these tables. What the sources dispute is not here but a named profile of the sandbox.
package contract

import "time"

// Sources of the facts below.
const (
	// MeteringAPI is the API reference of AWS Marketplace Metering Service, model of 2026-08.
	MeteringAPI = "https://docs.aws.amazon.com/marketplacemetering/latest/APIReference/"
	// SellerGuide is the AWS Marketplace Seller Guide.
	SellerGuide = "https://docs.aws.amazon.com/marketplace/latest/userguide/"
	// EntitlementAPI is the API reference of AWS Marketplace Entitlement Service, model of 2026-07.
	EntitlementAPI = "https://docs.aws.amazon.com/marketplaceentitlement/latest/APIReference/"
	// AgreementAPI is the API reference of AWS Marketplace, whose Agreement API's model is of 2026-10.
	AgreementAPI = "https://docs.aws.amazon.com/marketplace/latest/APIReference/"
	// SQSAPI is the API reference of Amazon SQS.
	SQSAPI = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/"
)

// Limits of BatchMeterUsage. Source: MeteringAPI, API_BatchMeterUsage and API_UsageRecord.
const (
	MaxUsageRecords        = 25             // records in one request
	MaxRequestBytes        = 1 << 20        // a request must be smaller
	MaxQuantity            = 1<<31 - 1      // of one record; the least is 0
	MaxAllocations         = 2500           // in one record
	MaxTags                = 5              // in one allocation
	MaxTagKey              = 100            // characters
	MaxTagValue            = 256            // characters
	MaxDimension           = 255            // characters
	MaxProductCode         = 255            // characters
	MaxIdentifier          = 255            // characters, of a CustomerIdentifier
	RegistrationsPerSecond = 5              // of RegisterUsage, per account and region; SellerGuide, service quotas
	CallsPerSecond         = 10             // per account and region, of MeterUsage, too; SellerGuide, service quotas
	LookBack               = 24 * time.Hour // a record this old or older is refused
	MonthCloses            = 6 * time.Hour  // after the 1st, 00:00 UTC: from then on the month before is refused
	MaxClientToken         = 64             // characters; of MeterUsage
	MeterLookBack          = 6 * time.Hour  // MeterUsage refuses what is older; MeteringAPI, API_MeterUsage
	FinalWindow            = time.Hour      // after a subscription's end was announced; SellerGuide, saas-integrate-subscription
)

// Limits of GetEntitlements. Source: EntitlementAPI, API_GetEntitlements.
const (
	MaxEntitlements       = 25 // on one page
	EntitlementsPerSecond = 20 // calls, per account and region; SellerGuide, service quotas
)

// Names of GetEntitlements' filters. The values of one are alternatives; two filters narrow one another. Source:
// EntitlementAPI, API_GetEntitlements.
const (
	ByCustomerIdentifier = "CUSTOMER_IDENTIFIER" // not together with ByCustomerAccount
	ByCustomerAccount    = "CUSTOMER_AWS_ACCOUNT_ID"
	ByLicenseARN         = "LICENSE_ARN"
	ByDimension          = "DIMENSION"
)

// Limits of the Agreement API. Source: AgreementAPI, and the service model.
const (
	MaxAgreements     = 50               // on one page, of every list
	MaxFilters        = 10               // of SearchAgreements
	MaxResourceID     = 64               // characters of an agreement's id
	MaxFilterValue    = 64               // characters; license ARNs are longer, and taken
	MaxNextToken      = 8192             // characters
	MaxRequestedTerms = 30               // of CreateAgreementRequest
	MaxTermText       = 4096             // characters of a name or value in a term
	MaxTermID         = 256              // characters
	MaxPurchaseOrders = 86               // of one call
	MaxPurchaseOrder  = 200              // characters of a reference; AWS's own limit is not published
	APITokenLife      = 30 * time.Minute // of the registration token in GetAgreementEntitlements
	SaaSProduct       = "SaaSProduct"    // the resource type of what is sold here
	PurchaseContract  = "PurchaseAgreement"
)

// Patterns. Source: MeteringAPI, as in the service model of 2026-08. The licence's last part is {0,1023} there, in two
// pieces here: Go's regular expressions repeat at most 1000 times.
const (
	ProductCodePattern = `^[-a-zA-Z0-9/=:_.@]*$`
	AccountIDPattern   = `^[0-9]+$`
	TagPattern         = `^[a-zA-Z0-9+ -=._:\/@]+$`
	LicenseARNPattern  = `^arn:aws[a-zA-Z-]*:[A-Za-z0-9][A-Za-z0-9_/.-]{0,62}:[A-Za-z0-9_/.-]{0,63}:[A-Za-z0-9_/.-]{0,63}:[A-Za-z0-9][A-Za-z0-9:_/+=,@.-]{0,1000}[A-Za-z0-9:_/+=,@.-]{0,23}$`
)

// The form fields that a buyer's browser posts to the landing page. Source: SellerGuide, saas-product-customer-setup.
const (
	TokenField     = "x-amzn-marketplace-token"
	OfferTypeField = "x-amzn-marketplace-offer-type" // [FreeTrialOffer], and absent otherwise
	FreeTrialOffer = "free-trial"
)

// Status of one record in BatchMeterUsage's answer. Source: MeteringAPI, API_UsageRecordResult.
const (
	Success               = "Success"
	CustomerNotSubscribed = "CustomerNotSubscribed"
	DuplicateRecord       = "DuplicateRecord"
)

// Names of errors, exactly as on the wire.
const (
	InvalidToken              = "InvalidTokenException"
	ExpiredToken              = "ExpiredTokenException"
	Throttling                = "ThrottlingException"
	DisabledAPI               = "DisabledApiException"
	InternalServiceError      = "InternalServiceErrorException"
	InternalServer            = "InternalServerException" // of the Agreement API
	InvalidProductCode        = "InvalidProductCodeException"
	InvalidUsageDimension     = "InvalidUsageDimensionException"
	InvalidCustomerIdentifier = "InvalidCustomerIdentifierException"
	InvalidLicense            = "InvalidLicenseException"
	TimestampOutOfBounds      = "TimestampOutOfBoundsException"
	InvalidTag                = "InvalidTagException"
	InvalidUsageAllocations   = "InvalidUsageAllocationsException"
	InvalidEndpointRegion     = "InvalidEndpointRegionException"
	DuplicateRequest          = "DuplicateRequestException"
	IdempotencyConflict       = "IdempotencyConflictException"
	CustomerNotEntitled       = "CustomerNotEntitledException"
	InvalidRegion             = "InvalidRegionException"
	InvalidPublicKeyVersion   = "InvalidPublicKeyVersionException"
	PlatformNotSupported      = "PlatformNotSupportedException"
	InvalidParameter          = "InvalidParameterException"
	ResourceNotFound          = "ResourceNotFoundException"
	Conflict                  = "ConflictException"
	ServiceQuotaExceeded      = "ServiceQuotaExceededException"

	// DryRunOperation is what MeterUsage answers to a dry run that would have succeeded; no shape of the model has it.
	DryRunOperation = "DryRunOperation"

	// Of every AWS JSON service's front-end; not verified for this service.
	AccessDenied        = "AccessDeniedException"
	UnknownOperation    = "UnknownOperationException"
	Serialization       = "SerializationException"
	Validation          = "ValidationException"
	InvalidSignature    = "InvalidSignatureException"
	UnrecognizedClient  = "UnrecognizedClientException"
	MissingAuth         = "MissingAuthenticationTokenException"
	IncompleteSignature = "IncompleteSignatureException"
)

// EventSource is the source of AWS Marketplace's agreement and licence events. Source: SellerGuide, eventbridge.
const EventSource = "aws.agreement-marketplace"

// Detail types of EventBridge events, without the role that follows after " - ".
const (
	AgreementCreated      = "Purchase Agreement Created"
	AgreementAmended      = "Purchase Agreement Amended"
	AgreementEnding       = "Purchase Agreement Ending"
	RenewalTermsFinalized = "Purchase Agreement Renewal Terms Finalized"
	RenewalUpcoming       = "Purchase Agreement Renewal Upcoming"
	AgreementEnded        = "Purchase Agreement Ended"
	LicenseUpdated        = "License Updated"
	LicenseDeprovisioned  = "License Deprovisioned"
	AdvisoryIssued        = "Purchase Agreement Advisory Issued"
	AdvisoryResolved      = "Purchase Agreement Advisory Resolved"
)

// Detail types of events about what a buyer of pay as you go spends. AWS publishes their names and not their bodies. Source:
// Suger, "AWS Marketplace EventBridge events" (https://doc.suger.io).
const (
	SpendReached  = "Spend Threshold Reached"
	SpendVetted   = "Spend Threshold Vet Succeeded"
	SpendUnvetted = "Spend Threshold Vet Failed"
)

// Actions of the legacy SNS topics. Source: SellerGuide, saas-notification.
const (
	SubscribeSuccess   = "subscribe-success"
	SubscribeFail      = "subscribe-fail"
	UnsubscribePending = "unsubscribe-pending"
	UnsubscribeSuccess = "unsubscribe-success"
	EntitlementUpdated = "entitlement-updated"
)

// Types of the messages that SNS posts. Source: Amazon SNS Developer Guide, "Amazon SNS message and JSON formats".
const (
	SNSNotification = "Notification"
	SNSSubscribed   = "SubscriptionConfirmation"
	SNSUnsubscribed = "UnsubscribeConfirmation"
)

// SubscriptionTopic is the ARN of the topic at which a legacy product's subscribe- and unsubscribe- messages are published.
// It is AWS Marketplace's own, which alone can publish there. Source: SellerGuide, saas-notification.
func SubscriptionTopic(productCode string) string {
	return "arn:aws:sns:us-east-1:287250355862:aws-mp-subscription-notification-" + productCode
}

// EntitlementTopic is the ARN of the topic at which a legacy product's entitlement-updated is published.
func EntitlementTopic(productCode string) string {
	return "arn:aws:sns:us-east-1:287250355862:aws-mp-entitlement-notification-" + productCode
}

// Regions in which ResolveCustomer and BatchMeterUsage exist; elsewhere DisabledApiException. Source: MeteringAPI, 2026.
var Regions = []string{
	"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2", "eu-west-3",
	"eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "af-south-1", "me-south-1", "me-central-1",
	"il-central-1", "ap-east-1", "ap-south-1", "ap-south-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
	"ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "cn-northwest-1", "eusc-de-east-1",
}

// HomeRegion is the only Region, in AWS's largest partition, in which GetEntitlements and the Agreement API exist. Source:
// https://docs.aws.amazon.com/general/latest/gr/aws-marketplace.html
const HomeRegion = "us-east-1"

// EarliestAccepted is the instant after which a record's timestamp must lie to be accepted at now: 24 hours back
// (exclusive), and, from 06:00 UTC on the 1st, nothing of the month before. inclusive says whether the instant itself
// is accepted. Source: MeteringAPI, API_BatchMeterUsage, wording of 2026.
func EarliestAccepted(now time.Time) (t time.Time, inclusive bool) {
	now = now.UTC()
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	back := now.Add(-LookBack)
	if !now.Before(month.Add(MonthCloses)) && back.Before(month) {
		return month, true
	}
	return back, false
}
