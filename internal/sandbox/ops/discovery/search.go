package discovery

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

type filter struct {
	FilterType   *string  `json:"filterType"`
	FilterValues []string `json:"filterValues"`
}

// found is a listing that a search has found. rank says how well its title fits.
type found struct {
	product world.Product
	summary summary
	rank    int64
}

func keyOf(f found) page.Key { return page.Key{N: f.rank, ID: f.summary.ListingID} }

// values are what a listing has of each attribute that can be filtered by, and counted, with its name for people.
func (f found) values(attribute string) (all []struct{ value, name string }) {
	add := func(value, name string) { all = append(all, struct{ value, name string }{value, name}) }
	switch attribute {
	case "PUBLISHER":
		add(f.summary.Publisher.SellerProfileID, f.summary.Publisher.DisplayName)
	case "FULFILLMENT_OPTION_TYPE":
		add(softwareAsAService.Type, softwareAsAService.DisplayName)
	case "PRICING_MODEL":
		for _, m := range f.summary.PricingModels {
			add(m.Type, m.DisplayName)
		}
	case "PRICING_UNIT":
		for _, u := range f.summary.PricingUnits {
			add(u.Type, u.DisplayName)
		}
	case "DEPLOYED_ON_AWS":
		add(notApplicable, "Not applicable")
	case "NUMBER_OF_PRODUCTS":
		add("1", "1")
	}
	return all // of CATEGORY and AVERAGE_CUSTOMER_RATING, listings here have none
}

// attributes are those that can be counted, in the model's order.
var attributes = []string{"AVERAGE_CUSTOMER_RATING", "CATEGORY", "PUBLISHER", "FULFILLMENT_OPTION_TYPE", "PRICING_MODEL", "PRICING_UNIT", "DEPLOYED_ON_AWS", "NUMBER_OF_PRODUCTS"}

// wanted reports whether a listing passes a filter.
type wanted func(f found) bool

// search checks what is asked for, and finds the listings that have all words of text and pass all filters.
func (s *service) search(c *wire.Call, text *string, wish []filter) ([]found, error) {
	words := []string{}
	if text != nil {
		if n := utf8.RuneCountInString(*text); n < 1 || n > 512 {
			return nil, invalid(malformed, "searchText has 1 to 512 characters.")
		}
		words = strings.Fields(strings.ToLower(*text))
	}
	filters, err := readFilters(wish)
	if err != nil {
		return nil, err
	}
	all := []found{}
	for _, p := range s.world.Products() {
		one, err := s.summarised(c, p)
		if err != nil {
			return nil, err
		}
		f := found{product: p, summary: one}
		if f.fits(words) && !slices.ContainsFunc(filters, func(want wanted) bool { return !want(f) }) {
			f.rank = f.fitness(words)
			all = append(all, f)
		}
	}
	return all, nil
}

// fits reports whether every word is somewhere in the listing.
func (f found) fits(words []string) bool {
	text := strings.ToLower(strings.Join([]string{f.product.Title, f.product.Summary, f.product.Description, f.summary.Publisher.DisplayName}, "\n"))
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}

// fitness counts the words in the title.
func (f found) fitness(words []string) (n int64) {
	title := strings.ToLower(f.product.Title)
	for _, w := range words {
		if strings.Contains(title, w) {
			n++
		}
	}
	return n
}

var filterValue = regexp.MustCompile(`^[\w.-]{1,128}$`)

func readFilters(filters []filter) (all []wanted, err error) {
	if filters != nil && (len(filters) == 0 || len(filters) > 30) {
		return nil, invalid(malformed, "There are 1 to 30 filters.")
	}
	for _, f := range filters {
		if f.FilterType == nil {
			return nil, invalid(malformed, "A filter needs a filterType.")
		}
		if len(f.FilterValues) == 0 || len(f.FilterValues) > 30 || slices.ContainsFunc(f.FilterValues, func(v string) bool { return !filterValue.MatchString(v) }) {
			return nil, invalid(malformed, "The filter %s has 1 to 30 values: letters, digits, hyphens, underscores and dots, at most 128.", *f.FilterType)
		}
		one, err := readFilter(*f.FilterType, f.FilterValues)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func readFilter(kind string, values []string) (wanted, error) {
	switch {
	case kind == "MIN_AVERAGE_CUSTOMER_RATING" || kind == "MAX_AVERAGE_CUSTOMER_RATING":
		rating, err := strconv.ParseFloat(values[0], 64)
		if err != nil || len(values) > 1 || !(rating >= 0 && rating <= 5) {
			return nil, invalid(malformed, "The filter %s has one value, between 0.0 and 5.0.", kind)
		}
		return func(found) bool { return kind[:3] == "MAX" || rating == 0 }, nil // nobody has rated anything: 0
	case kind != attributes[0] && slices.Contains(attributes, kind):
		return func(f found) bool {
			for _, has := range f.values(kind) {
				if slices.Contains(values, has.value) {
					return true
				}
			}
			return false
		}, nil
	}
	return nil, invalid(malformed, "There is no filter %s.", kind)
}

// searchListings performs SearchListings.
func (s *service) searchListings(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		SearchText *string  `json:"searchText"`
		Filters    []filter `json:"filters"`
		MaxResults *int64   `json:"maxResults"`
		SortBy     *string  `json:"sortBy"`
		SortOrder  *string  `json:"sortOrder"`
		NextToken  *string  `json:"nextToken"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	by, order := orElse(in.SortBy, "RELEVANCE"), orElse(in.SortOrder, "DESCENDING")
	switch {
	case by != "RELEVANCE" && by != "AVERAGE_CUSTOMER_RATING":
		return wire.Answer{}, invalid(malformed, "sortBy is RELEVANCE or AVERAGE_CUSTOMER_RATING.")
	case order != "ASCENDING" && order != "DESCENDING":
		return wire.Answer{}, invalid(malformed, "sortOrder is ASCENDING or DESCENDING.")
	}
	t, err := pageOf(c, 100, in.MaxResults, in.NextToken, in.SearchText, in.Filters, by, order)
	if err != nil {
		return wire.Answer{}, err
	}
	all, err := s.search(c, in.SearchText, in.Filters)
	if err != nil {
		return wire.Answer{}, err
	}
	key := keyOf
	if by != "RELEVANCE" {
		key = func(f found) page.Key { return page.Key{ID: f.summary.ListingID} }
	}
	out := struct {
		Total int       `json:"totalResults"`
		Items []summary `json:"listingSummaries"`
		Next  *string   `json:"nextToken,omitempty"`
	}{Total: len(all), Items: []summary{}}
	part, next := page.Cut(all, key, order == "DESCENDING", t)
	for _, f := range part {
		out.Items = append(out.Items, f.summary)
	}
	out.Next = next
	return wire.Encode(c, out)
}

func orElse(s *string, otherwise string) string {
	if s == nil {
		return otherwise
	}
	return *s
}

type facet struct {
	Value       string `json:"value"`
	DisplayName string `json:"displayName"`
	Count       int    `json:"count"`
}

// searchFacets performs SearchFacets: all of them on one page.
func (s *service) searchFacets(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		SearchText *string  `json:"searchText"`
		Filters    []filter `json:"filters"`
		FacetTypes []string `json:"facetTypes"`
		NextToken  *string  `json:"nextToken"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	if in.NextToken != nil {
		return wire.Answer{}, invalid(badToken, "The nextToken is not one of an answer to this request.")
	}
	if len(in.FacetTypes) > 30 || slices.ContainsFunc(in.FacetTypes, func(kind string) bool { return !slices.Contains(attributes, kind) }) {
		return wire.Answer{}, invalid(malformed, "facetTypes are at most 30 of %s.", strings.Join(attributes, ", "))
	}
	all, err := s.search(c, in.SearchText, in.Filters)
	if err != nil {
		return wire.Answer{}, err
	}
	out := struct {
		Total  int                `json:"totalResults"`
		Facets map[string][]facet `json:"listingFacets"`
	}{len(all), map[string][]facet{}}
	for _, kind := range attributes {
		if len(in.FacetTypes) == 0 || slices.Contains(in.FacetTypes, kind) {
			out.Facets[kind] = counted(all, kind)
		}
	}
	return wire.Encode(c, out)
}

// counted says how many of the listings have each value of an attribute, the most frequent first.
func counted(all []found, attribute string) []facet {
	facets := []facet{}
	for _, f := range all {
		for _, has := range f.values(attribute) {
			i := slices.IndexFunc(facets, func(one facet) bool { return one.Value == has.value })
			if i < 0 {
				i, facets = len(facets), append(facets, facet{has.value, has.name, 0})
			}
			facets[i].Count++
		}
	}
	slices.SortStableFunc(facets, func(a, b facet) int { return b.Count - a.Count })
	return facets
}
