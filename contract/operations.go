package contract

import "maps"

// Operation is one call of an AWS API.
type Operation struct {
	Service string   // the service's name in AWS's documentation
	Target  string   // the X-Amz-Target header, whole
	Scope   string   // the service in the signature's credential scope
	Errors  []string // documented for this operation
	Source  string
}

// Operations are those of the APIs that the flow uses, by name.
var Operations = merged(sellers, agreements, discoveries)

// sellers are the operations of Metering and Entitlement.
var sellers = map[string]Operation{
	"ResolveCustomer": {
		Service: "Marketplace Metering", Target: "AWSMPMeteringService.ResolveCustomer", Scope: "aws-marketplace",
		Errors: []string{DisabledAPI, ExpiredToken, InternalServiceError, InvalidToken, Throttling},
		Source: MeteringAPI + "API_marketplace-metering_ResolveCustomer.html",
	},
	"BatchMeterUsage": {
		Service: "Marketplace Metering", Target: "AWSMPMeteringService.BatchMeterUsage", Scope: "aws-marketplace",
		Errors: []string{DisabledAPI, InternalServiceError, InvalidCustomerIdentifier, InvalidLicense, InvalidProductCode,
			InvalidTag, InvalidUsageAllocations, InvalidUsageDimension, Throttling, TimestampOutOfBounds},
		Source: MeteringAPI + "API_marketplace-metering_BatchMeterUsage.html",
	},
	"MeterUsage": {
		Service: "Marketplace Metering", Target: "AWSMPMeteringService.MeterUsage", Scope: "aws-marketplace",
		Errors: []string{CustomerNotEntitled, DuplicateRequest, IdempotencyConflict, InternalServiceError, InvalidEndpointRegion,
			InvalidProductCode, InvalidTag, InvalidUsageAllocations, InvalidUsageDimension, Throttling, TimestampOutOfBounds},
		Source: MeteringAPI + "API_marketplace-metering_MeterUsage.html",
	},
	"RegisterUsage": {
		Service: "Marketplace Metering", Target: "AWSMPMeteringService.RegisterUsage", Scope: "aws-marketplace",
		Errors: []string{CustomerNotEntitled, DisabledAPI, InternalServiceError, InvalidProductCode, InvalidPublicKeyVersion,
			InvalidRegion, PlatformNotSupported, Throttling},
		Source: MeteringAPI + "API_marketplace-metering_RegisterUsage.html",
	},
	"GetEntitlements": {
		Service: "Marketplace Entitlement Service", Target: "AWSMPEntitlementService.GetEntitlements", Scope: "aws-marketplace",
		Errors: []string{InternalServiceError, InvalidParameter, Throttling},
		Source: EntitlementAPI + "API_GetEntitlements.html",
	},
}

// agreements are the operations of the Agreement API. Every one of them can answer with the errors that are not listed.
var agreements = map[string]Operation{
	"AcceptAgreementCancellationRequest":  ofAgreement("AcceptAgreementCancellationRequest", ResourceNotFound, Conflict),
	"AcceptAgreementPaymentRequest":       ofAgreement("AcceptAgreementPaymentRequest", ResourceNotFound, Conflict),
	"AcceptAgreementRequest":              ofAgreement("AcceptAgreementRequest", ResourceNotFound, Conflict),
	"BatchCreateBillingAdjustmentRequest": ofAgreement("BatchCreateBillingAdjustmentRequest", Conflict),
	"CancelAgreement":                     ofAgreement("CancelAgreement", ResourceNotFound, Conflict),
	"CancelAgreementCancellationRequest":  ofAgreement("CancelAgreementCancellationRequest", ResourceNotFound, Conflict),
	"CancelAgreementPaymentRequest":       ofAgreement("CancelAgreementPaymentRequest", ResourceNotFound, Conflict),
	"CreateAgreementRequest":              ofAgreement("CreateAgreementRequest", ResourceNotFound, Conflict, ServiceQuotaExceeded),
	"DescribeAgreement":                   ofAgreement("DescribeAgreement", ResourceNotFound),
	"GetAgreementCancellationRequest":     ofAgreement("GetAgreementCancellationRequest", ResourceNotFound),
	"GetAgreementEntitlements":            ofAgreement("GetAgreementEntitlements", ResourceNotFound),
	"GetAgreementPaymentRequest":          ofAgreement("GetAgreementPaymentRequest", ResourceNotFound),
	"GetAgreementTerms":                   ofAgreement("GetAgreementTerms", ResourceNotFound),
	"GetBillingAdjustmentRequest":         ofAgreement("GetBillingAdjustmentRequest", ResourceNotFound),
	"ListAgreementCancellationRequests":   ofAgreement("ListAgreementCancellationRequests"),
	"ListAgreementCharges":                ofAgreement("ListAgreementCharges"),
	"ListAgreementInvoiceLineItems":       ofAgreement("ListAgreementInvoiceLineItems", ResourceNotFound),
	"ListAgreementPaymentRequests":        ofAgreement("ListAgreementPaymentRequests"),
	"ListBillingAdjustmentRequests":       ofAgreement("ListBillingAdjustmentRequests"),
	"RejectAgreementCancellationRequest":  ofAgreement("RejectAgreementCancellationRequest", ResourceNotFound, Conflict),
	"RejectAgreementPaymentRequest":       ofAgreement("RejectAgreementPaymentRequest", ResourceNotFound, Conflict),
	"SearchAgreements":                    ofAgreement("SearchAgreements"),
	"SendAgreementCancellationRequest":    ofAgreement("SendAgreementCancellationRequest", ResourceNotFound, Conflict),
	"SendAgreementPaymentRequest":         ofAgreement("SendAgreementPaymentRequest", ResourceNotFound, Conflict),
	"UpdatePurchaseOrders":                ofAgreement("UpdatePurchaseOrders", ResourceNotFound, Conflict),
}

// ofAgreement is an operation of the Agreement API, with its errors beside those that all of them have.
func ofAgreement(name string, errors ...string) Operation {
	return Operation{
		Service: "Marketplace Agreement", Target: "AWSMPCommerceService_v20200301." + name, Scope: "aws-marketplace",
		Errors: append(errors, AccessDenied, InternalServer, Throttling, Validation),
		Source: AgreementAPI + "API_marketplace-agreements_" + name + ".html",
	}
}

// discoveries are the operations of the Discovery API.
var discoveries = map[string]Operation{
	"GetListing":             ofDiscovery("GetListing", ResourceNotFound),
	"GetOffer":               ofDiscovery("GetOffer", ResourceNotFound),
	"GetOfferSet":            ofDiscovery("GetOfferSet", ResourceNotFound),
	"GetOfferTerms":          ofDiscovery("GetOfferTerms", ResourceNotFound),
	"GetProduct":             ofDiscovery("GetProduct", ResourceNotFound),
	"ListFulfillmentOptions": ofDiscovery("ListFulfillmentOptions", ResourceNotFound),
	"ListPurchaseOptions":    ofDiscovery("ListPurchaseOptions"),
	"SearchFacets":           ofDiscovery("SearchFacets"),
	"SearchListings":         ofDiscovery("SearchListings"),
}

// ofDiscovery is an operation of the Discovery API, with its errors beside those that all of them have. It has no target:
// the path names it.
func ofDiscovery(name string, errors ...string) Operation {
	return Operation{
		Service: "Marketplace Discovery", Scope: "aws-marketplace", Errors: append(errors, AccessDenied, InternalServer, Throttling, Validation),
		Source: AgreementAPI + "API_marketplace-discovery_" + name + ".html",
	}
}

func merged(all ...map[string]Operation) map[string]Operation {
	whole := map[string]Operation{}
	for _, m := range all {
		maps.Copy(whole, m)
	}
	return whole
}
