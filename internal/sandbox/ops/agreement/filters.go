package agreement

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

type filter struct {
	Name   *string  `json:"name"`
	Values []string `json:"values"`
}

// wanted reports whether an agreement passes one filter.
type wanted func(a *world.Agreement) bool

// The filters that decide how the others are read.
const (
	byPartyType     = "PartyType"
	byAgreementType = "AgreementType"
	proposer        = "Proposer"
	acceptor        = "Acceptor"
)

// plain are filters for one exact value.
var plain = map[string]func(a *world.Agreement) string{
	"ResourceIdentifier":        func(a *world.Agreement) string { return a.ProductID },
	"ResourceType":              func(*world.Agreement) string { return contract.SaaSProduct },
	"AcceptorAccountId":         func(a *world.Agreement) string { return a.BuyerAccount },
	"OfferId":                   func(a *world.Agreement) string { return a.OfferID },
	"OfferSetId":                func(*world.Agreement) string { return "" }, // offers are not sold in sets here
	"InitialAgreementId":        func(a *world.Agreement) string { return a.InitialAgreementID },
	"LicenseArn":                func(a *world.Agreement) string { return a.License.ARN },
	"Status":                    func(a *world.Agreement) string { return string(a.Status) },
	"EndTimeBehaviorType":       func(a *world.Agreement) string { return orNone(behaviour(*a)).Type },
	"EndTimeBehaviorReasonCode": func(a *world.Agreement) string { return orNone(behaviour(*a)).ReasonCode },
}

func orNone(b *endTimeBehavior) endTimeBehavior {
	if b == nil {
		return endTimeBehavior{}
	}
	return *b
}

// enums are the values of filters that have only some.
var enums = map[string][]string{
	"Status":                    {"ACTIVE", "ARCHIVED", "CANCELLED", "EXPIRED", "RENEWED", "REPLACED", "ROLLED_BACK", "SUPERSEDED", "TERMINATED"},
	"ResourceType":              {"AmiProduct", "ContainerProduct", contract.SaaSProduct, "ProfessionalServicesProduct", "MachineLearningProduct"},
	"EndTimeBehaviorType":       {"RENEW", "REPLACE", "EXPIRE"},
	"EndTimeBehaviorReasonCode": {"PROPOSER_RENEW_OPTED_OUT", "ACCEPTOR_RENEW_OPTED_OUT", "NO_RENEWAL_TERM", "RENEWAL_LIMIT_EXHAUSTED"},
}

// instants are what filters for a time before or after one are about, and what agreements are sorted by.
var instants = map[string]func(a *world.Agreement) time.Time{
	"EndTime":        endOf,
	"StartTime":      func(a *world.Agreement) time.Time { return a.StartTime },
	"LastUpdateTime": func(a *world.Agreement) time.Time { return updated(*a) },
}

// never stands in for the end of an agreement that has none, as it does in AWS's events.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func endOf(a *world.Agreement) time.Time {
	if a.EndTime.IsZero() {
		return never
	}
	return a.EndTime
}

// acceptors is what a buyer may combine with the agreement's type, the ends of time counted as one. A seller may
// combine everything. Source: AgreementAPI, SearchAgreements.
var acceptors = []string{"", "Status", "EndTime", "EndTime+Status", "ResourceIdentifier", "EndTime+ResourceIdentifier",
	"ResourceIdentifier+Status", "EndTime+ResourceIdentifier+Status", "ResourceType", "EndTime+ResourceType",
	"OfferId", "EndTime+OfferId", "OfferId+Status", "EndTime+OfferId+Status",
	"OfferSetId", "EndTime+OfferSetId", "OfferSetId+Status", "EndTime+OfferSetId+Status"}

var filterValue = regexp.MustCompile(`^[A-Za-z0-9+:_-]+$`)

// readFilters checks the filters and says, of the caller's side of agreements, which are wanted.
func readFilters(c *wire.Call, filters []filter) (side string, all []wanted, err error) {
	bad := func(reason, message string) (string, []wanted, error) {
		return "", nil, invalid(c, reason, "filters", message)
	}
	if len(filters) > contract.MaxFilters {
		return bad("INVALID_FILTERS", "There can be at most "+strconv.Itoa(contract.MaxFilters)+" filters.")
	}
	given := map[string]string{}
	for _, f := range filters {
		if f.Name == nil || *f.Name == "" {
			return bad("MISSING_FILTER_NAME", "A filter needs a name.")
		}
		if _, twice := given[*f.Name]; twice {
			return bad("INVALID_FILTERS", "The filter "+*f.Name+" is there twice.")
		}
		one, reason, message := readFilter(f)
		if reason != "" {
			return bad(reason, message)
		}
		given[*f.Name] = f.Values[0]
		if one != nil {
			all = append(all, one)
		}
	}
	side, typed := given[byPartyType], given[byAgreementType]
	switch {
	case side == "":
		return bad("MISSING_PARTY_TYPE", "The filter PartyType is required.")
	case typed == "":
		return bad("INVALID_FILTERS", "The filter AgreementType is required.")
	case side == acceptor && !slices.Contains(acceptors, combination(given)):
		return bad("UNSUPPORTED_FILTERS", "An acceptor cannot combine these filters.")
	}
	return side, all, nil
}

// combination names what is given beside the two required filters.
func combination(given map[string]string) string {
	var names []string
	for name := range given {
		if name == byPartyType || name == byAgreementType {
			continue
		}
		if name == "BeforeEndTime" || name == "AfterEndTime" {
			name = "EndTime"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), "+")
}

// readFilter checks one filter. It is nil for those that every agreement here passes; reason is why it is refused.
func readFilter(f filter) (one wanted, reason, message string) {
	name := *f.Name
	get, exact := plain[name]
	before, isBefore := instants[strings.TrimPrefix(name, "Before")]
	after, isAfter := instants[strings.TrimPrefix(name, "After")]
	isBefore, isAfter = isBefore && strings.HasPrefix(name, "Before"), isAfter && strings.HasPrefix(name, "After")
	if !exact && !isBefore && !isAfter && name != byPartyType && name != byAgreementType {
		return nil, "INVALID_FILTER_NAME", "There is no filter " + name + "."
	}
	if len(f.Values) == 0 {
		return nil, "MISSING_FILTER_VALUES", "The filter " + name + " needs a value."
	}
	v := f.Values[0]
	wrong := "The filter " + name + " cannot have this value."
	if len(f.Values) > 1 || !filterFits(name, v) {
		return nil, "INVALID_FILTER_VALUES", wrong
	}
	switch {
	case name == byPartyType && v != proposer && v != acceptor:
		return nil, "INVALID_PARTY_TYPE", "PartyType is Proposer or Acceptor."
	case name == byAgreementType && v != contract.PurchaseContract:
		return nil, "INVALID_AGREEMENT_TYPE", "AgreementType is PurchaseAgreement."
	case exact:
		if enum, closed := enums[name]; closed && !slices.Contains(enum, v) {
			return nil, "INVALID_FILTER_VALUES", wrong
		}
		return func(a *world.Agreement) bool { return get(a) == v }, "", ""
	case isBefore || isAfter:
		at, err := time.Parse(time.RFC3339, v)
		if err != nil {
			return nil, "INVALID_FILTER_VALUES", wrong + " Use ISO 8601, such as 2026-11-18T00:00:00Z."
		}
		if isBefore {
			return func(a *world.Agreement) bool { return before(a).Before(at) }, "", ""
		}
		return func(a *world.Agreement) bool { return after(a).After(at) }, "", ""
	}
	return nil, "", ""
}

// filterFits checks a value's form. The model's limit of 64 characters cannot hold for license ARNs.
func filterFits(name, v string) bool {
	if name == "LicenseArn" {
		return licenseARN.MatchString(v)
	}
	return len(v) <= contract.MaxFilterValue && filterValue.MatchString(v)
}

var licenseARN = regexp.MustCompile(contract.LicenseARNPattern)
