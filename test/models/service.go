package models

import (
	"testing"
)

// service is an API that the flow uses, and where its models are.
type service struct {
	name     string // in docs/divergences.md
	botocore string // its folder there
	module   string // of the Go SDK, where go.mod has it
	js       string // its client in the JavaScript SDK, where test/clients/js/package.json has it
	scope    string // in signatures
	target   string // what X-Amz-Target says before the dot
	json     string // the version of AWS JSON; empty: another protocol
	query    string // the version in the query protocol; empty: another protocol
	cbor     bool   // spoken in RPC v2 CBOR, too
	// refused are the names under which a request that breaks the model is refused.
	refused []string
	// contract says whether the errors stand in contract.Operations.
	contract bool
}

const goServices = "github.com/aws/aws-sdk-go-v2/service/"

var services = []service{
	{name: "metering", botocore: "meteringmarketplace", module: goServices + "marketplacemetering", js: "client-marketplace-metering", scope: "aws-marketplace", target: "AWSMPMeteringService", json: "1.1", contract: true,
		refused: []string{"ValidationException", "InvalidTagException", "InvalidUsageAllocationsException", "InvalidLicenseException", "InvalidTokenException",
			"InvalidUsageDimensionException", "InvalidCustomerIdentifierException", "InvalidProductCodeException"}},
	{name: "entitlement", botocore: "marketplace-entitlement", module: goServices + "marketplaceentitlementservice", js: "client-marketplace-entitlement-service", scope: "aws-marketplace", target: "AWSMPEntitlementService", json: "1.1", cbor: true, contract: true,
		refused: []string{"InvalidParameterException"}},
	{name: "agreement", botocore: "marketplace-agreement", module: goServices + "marketplaceagreement", js: "client-marketplace-agreement", scope: "aws-marketplace", target: "AWSMPCommerceService_v20200301", json: "1.0", cbor: true, contract: true,
		refused: []string{"ValidationException"}},
	{name: "discovery", botocore: "marketplace-discovery", scope: "aws-marketplace", contract: true, refused: []string{"ValidationException"}},
	{name: "sqs", botocore: "sqs", module: goServices + "sqs", js: "client-sqs", scope: "sqs", target: "AmazonSQS", json: "1.0",
		refused: []string{"MissingRequiredParameterException", "InvalidParameterValueException", "InvalidAttributeName", "EmptyBatchRequest", "InvalidBatchEntryId"}},
	{name: "sns", botocore: "sns", js: "client-sns", scope: "sns", query: "2010-03-31", refused: []string{"InvalidParameter", "ValidationError", "ParameterValueInvalid"}},
	{name: "events", botocore: "events", js: "client-eventbridge", scope: "events", target: "AWSEvents", json: "1.1", refused: []string{"ValidationException", "InvalidEventPatternException"}},
}

// published is the newest that the machine knows of s: botocore, if it is of these days, and what the SDKs for Go and
// JavaScript know beyond it. It is nil where none knows the service.
func (s service) published(t *testing.T, newest library) *Model {
	t.Helper()
	var m *Model
	if newest.current() {
		var err error
		if m, err = newest.model(s.botocore); err != nil {
			t.Fatal(err)
		}
	}
	if s.module != "" {
		g, err := goModel(s.module)
		switch {
		case err != nil:
			t.Fatal(err)
		case m == nil:
			m = g
		default:
			m.newer(g)
		}
	}
	if m != nil && s.js != "" {
		if err := m.jsErrors(s.js); err != nil {
			t.Fatal(err)
		}
	}
	return m
}
