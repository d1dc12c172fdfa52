package metering

import (
	"regexp"
	"strconv"
	"unicode/utf8"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

var (
	productCode = regexp.MustCompile(contract.ProductCodePattern)
	tagText     = regexp.MustCompile(contract.TagPattern)
)

// checkBatch checks the form of a request: what the service model constrains, in the model's order. size is the
// body's, in bytes.
func checkBatch(b *world.Batch, size int) error {
	switch {
	case size >= contract.MaxRequestBytes:
		return &wire.Error{Code: contract.Validation, Message: "The request must be smaller than 1 MB."}
	case b.Usage == nil:
		return invalid("usageRecords", "null", "Member must not be null")
	case len(b.Usage) > contract.MaxUsageRecords:
		return invalid("usageRecords", "["+strconv.Itoa(len(b.Usage))+" records]", "Member must have length less than or equal to "+strconv.Itoa(contract.MaxUsageRecords))
	case !fits(b.ProductCode, 0, contract.MaxProductCode) || !productCode.MatchString(b.ProductCode):
		return invalid("productCode", b.ProductCode, "Member must satisfy regular expression pattern: [-a-zA-Z0-9/=:_.@]*, with length at most 255")
	}
	for i := range b.Usage {
		if checkUsage("", &b.Usage[i], "dimension", "quantity") != nil { // nearly never: its place is written only then
			return checkUsage("usageRecords."+strconv.Itoa(i+1)+".member.", &b.Usage[i], "dimension", "quantity")
		}
	}
	return nil
}

// checkUsage checks what stands at a place; dimension and quantity are what the operation calls these.
func checkUsage(at string, u *world.Usage, dimension, quantity string) error {
	switch {
	case u.Timestamp.IsZero():
		return invalid(at+"timestamp", "null", "Member must not be null")
	case !fits(u.CustomerIdentifier, 0, contract.MaxIdentifier):
		return invalid(at+"customerIdentifier", u.CustomerIdentifier, "Member must have length less than or equal to 255")
	case u.Dimension == "":
		return invalid(at+dimension, "null", "Member must not be null")
	case !fits(u.Dimension, 1, contract.MaxDimension):
		return invalid(at+dimension, u.Dimension, "Member must have length less than or equal to 255")
	case u.BuyerAccount != "" && (!digits(u.BuyerAccount) || !fits(u.BuyerAccount, 1, contract.MaxIdentifier)):
		return invalid(at+"customerAWSAccountId", u.BuyerAccount, "Member must satisfy regular expression pattern: [0-9]+")
	}
	// A LicenseArn's pattern is not looked at: one that breaks it is no licence, and the world says so with the
	// operation's own InvalidLicenseException.
	if err := checkQuantity(at+quantity, u.Quantity); err != nil {
		return err
	}
	if u.Allocations != nil && (len(u.Allocations) == 0 || len(u.Allocations) > contract.MaxAllocations) {
		return invalid(at+"usageAllocations", "["+strconv.Itoa(len(u.Allocations))+" allocations]", "Member must have length between 1 and 2500")
	}
	for i, a := range u.Allocations {
		if err := checkAllocation(at+"usageAllocations."+strconv.Itoa(i+1)+".member.", a); err != nil {
			return err
		}
	}
	return nil
}

func checkAllocation(at string, a world.Allocation) error {
	if a.Quantity == missing {
		return invalid(at+"allocatedUsageQuantity", "null", "Member must not be null")
	}
	if err := checkQuantity(at+"allocatedUsageQuantity", a.Quantity); err != nil {
		return err
	}
	if a.Tags != nil && (len(a.Tags) == 0 || len(a.Tags) > contract.MaxTags) {
		return &wire.Error{Code: contract.InvalidTag, Message: "A usage allocation must have 1 to 5 tags, or no tags at all."}
	}
	for _, t := range a.Tags {
		if !fits(t.Key, 1, contract.MaxTagKey) || !tagText.MatchString(t.Key) {
			return &wire.Error{Code: contract.InvalidTag, Message: "The tag key '" + t.Key + "' is not valid."}
		}
		if !fits(t.Value, 1, contract.MaxTagValue) || !tagText.MatchString(t.Value) {
			return &wire.Error{Code: contract.InvalidTag, Message: "The value '" + t.Value + "' of the tag '" + t.Key + "' is not valid."}
		}
	}
	return nil
}

func checkQuantity(at string, q int64) error {
	switch {
	case q < 0:
		return invalid(at, strconv.FormatInt(q, 10), "Member must have value greater than or equal to 0")
	case q > contract.MaxQuantity:
		return invalid(at, strconv.FormatInt(q, 10), "Member must have value less than or equal to 2147483647")
	}
	return nil
}

// fits reports whether s has between least and most characters.
func fits(s string, least, most int) bool {
	return len(s) >= least && (len(s) <= most || utf8.RuneCountInString(s) <= most)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
