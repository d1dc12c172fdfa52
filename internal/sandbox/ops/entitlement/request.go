package entitlement

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/world"
)

// request is the input of GetEntitlements. Lists in Filter are nil where they were not sent.
type request struct {
	ProductCode string              `json:"ProductCode"`
	Filter      map[string][]string `json:"Filter"`
	MaxResults  *int64              `json:"MaxResults"`
	NextToken   *string             `json:"NextToken"`
}

// check checks the form of in, in the model's order, and says what its filters choose.
func (in request) check() (f world.EntitlementFilter, err error) {
	switch {
	case in.ProductCode == "":
		return f, invalid("A product code is required.")
	case utf8.RuneCountInString(in.ProductCode) > contract.MaxProductCode:
		return f, invalid("The product code must have at most %d characters.", contract.MaxProductCode)
	}
	for _, name := range slices.Sorted(maps.Keys(in.Filter)) {
		values := in.Filter[name]
		if len(values) == 0 {
			return f, invalid("The filter '%s' must have at least one value.", name)
		}
		switch name {
		case contract.ByCustomerIdentifier:
			f.CustomerIdentifiers = values
		case contract.ByCustomerAccount:
			f.CustomerAWSAccountIDs = values
		case contract.ByLicenseARN:
			f.LicenseARNs = values
		case contract.ByDimension:
			f.Dimensions = values
		default:
			return f, invalid("'%s' is not a filter; use CUSTOMER_IDENTIFIER, CUSTOMER_AWS_ACCOUNT_ID, LICENSE_ARN or DIMENSION.", name)
		}
	}
	switch {
	case f.CustomerIdentifiers != nil && f.CustomerAWSAccountIDs != nil:
		return f, invalid("The filters CUSTOMER_IDENTIFIER and CUSTOMER_AWS_ACCOUNT_ID cannot be used together.")
	case in.MaxResults != nil && (*in.MaxResults < 1 || *in.MaxResults > contract.MaxEntitlements):
		return f, invalid("MaxResults must be between 1 and %d.", contract.MaxEntitlements)
	case in.NextToken != nil && strings.TrimSpace(*in.NextToken) == "":
		return f, invalid("NextToken must not be empty.")
	}
	return f, nil
}

// size is how many entitlements a page has at most.
func (in request) size(usual int) int {
	if in.MaxResults == nil {
		return usual
	}
	return int(*in.MaxResults)
}
