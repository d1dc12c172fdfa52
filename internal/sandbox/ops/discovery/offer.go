package discovery

import (
	"context"
	"slices"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/ops/terms"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// sees reports whether account may know of an offer: everybody of a public one, of a private one who it is for, who
// proposes it and who makes the product.
func sees(account string, o world.Offer) bool {
	return o.Public || slices.Contains(o.Buyers, account) || account == o.SellerAccount || account == o.ManufacturerAccount
}

// offer finds the offer that c names. One that the caller may not see is not there.
func (s *service) offer(c *wire.Call, id *string) (world.Offer, error) {
	if err := checkID("offerId", id); err != nil {
		return world.Offer{}, err
	}
	o, err := s.world.Offer(*id)
	if fail.Is(err, fail.NotFound) || err == nil && !sees(c.Account, o) {
		return o, notFound("offer", *id)
	}
	return o, err
}

// badges are what is special about an offer.
func badges(c *wire.Call, o world.Offer) []badge {
	all := []badge{}
	if !o.Public {
		all = append(all, badge{"Private pricing", "PRIVATE_PRICING"})
	}
	if v := o.Terms.Validity; v != nil && v.StartDate.After(c.At) {
		all = append(all, badge{"Future dated", "FUTURE_DATED"})
	}
	if o.Replaces != "" {
		all = append(all, badge{"Replacement offer", "REPLACEMENT_OFFER"})
	}
	return all
}

// model is the pricing model of an offer.
func model(o world.Offer) pricingModel {
	if o.Terms.Contract() {
		return contractModel
	}
	return usageModel
}

type offerDetails struct {
	OfferID                string            `json:"offerId"`
	Catalog                string            `json:"catalog"`
	OfferName              string            `json:"offerName,omitempty"`
	AgreementProposalID    string            `json:"agreementProposalId"`
	ExpirationTime         wire.Time         `json:"expirationTime,omitzero"`
	SellerOfRecord         seller            `json:"sellerOfRecord"`
	ReplacementAgreementID string            `json:"replacementAgreementId,omitempty"`
	PricingModel           pricingModel      `json:"pricingModel"`
	Badges                 []badge           `json:"badges"`
	AssociatedItems        []offerAssociated `json:"associatedEntities"`
}

type offerAssociated struct {
	Product productInformation `json:"product"`
}

// getOffer performs GetOffer.
func (s *service) getOffer(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		OfferID *string `json:"offerId"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	o, err := s.offer(c, in.OfferID)
	if err != nil {
		return wire.Answer{}, err
	}
	info, of, err := s.parties(o)
	if err != nil {
		return wire.Answer{}, err
	}
	return wire.Encode(c, offerDetails{o.OfferID, catalog, o.Name, o.ProposalID, wire.Time{Time: o.ExpiresAt}, of, o.Replaces, model(o), badges(c, o),
		[]offerAssociated{{info}}})
}

// parties are the product that an offer is for, and who sells it under the offer.
func (s *service) parties(o world.Offer) (info productInformation, of seller, err error) {
	p, err := s.world.Product(o.ProductID)
	if err != nil {
		return info, of, err
	}
	if info, err = s.information(p); err != nil {
		return info, of, err
	}
	of, err = s.seller(o.SellerAccount)
	return info, of, err
}

// getOfferTerms performs GetOfferTerms. The identifiers are those of the terms in the agreements that are made of them.
func (s *service) getOfferTerms(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		OfferID    *string `json:"offerId"`
		MaxResults *int64  `json:"maxResults"`
		NextToken  *string `json:"nextToken"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	o, err := s.offer(c, in.OfferID)
	if err != nil {
		return wire.Answer{}, err
	}
	t, err := pageOf(c, 25, in.MaxResults, in.NextToken, o.OfferID)
	if err != nil {
		return wire.Answer{}, err
	}
	p, err := s.world.Product(o.ProductID)
	if err != nil {
		return wire.Answer{}, err
	}
	part, next := terms.Page(terms.Offered(o, p, c.At), t)
	return wire.Encode(c, struct {
		Terms []terms.Term `json:"offerTerms"`
		Next  *string      `json:"nextToken,omitempty"`
	}{part, next})
}

// getOfferSet performs GetOfferSet. Offers are not sold in sets here.
func (s *service) getOfferSet(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		OfferSetID *string `json:"offerSetId"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	if err := checkID("offerSetId", in.OfferSetID); err != nil {
		return wire.Answer{}, err
	}
	return wire.Answer{}, notFound("offer set", *in.OfferSetID)
}

type purchaseOption struct {
	ID              string               `json:"purchaseOptionId"`
	Catalog         string               `json:"catalog"`
	Type            string               `json:"purchaseOptionType"`
	Name            string               `json:"purchaseOptionName,omitempty"`
	ExpirationTime  wire.Time            `json:"expirationTime,omitzero"`
	SellerOfRecord  seller               `json:"sellerOfRecord"`
	Badges          []badge              `json:"badges"`
	AssociatedItems []purchaseAssociated `json:"associatedEntities"`
}

type purchaseAssociated struct {
	Product productInformation `json:"product"`
	Offer   offerInformation   `json:"offer"`
}

// The words for what a purchase option is, whose it is and whether it can still be had. The model has the first alone.
const (
	anOffer   = "OFFER"
	inPublic  = "PUBLIC"
	inPrivate = "PRIVATE"
	available = "AVAILABLE"
	expired   = "EXPIRED"
)

// options are the values of an offer that purchase options are filtered by.
var options = map[string]func(c *wire.Call, o world.Offer) string{
	"PRODUCT_ID":                  func(_ *wire.Call, o world.Offer) string { return o.ProductID },
	"SELLER_OF_RECORD_PROFILE_ID": func(_ *wire.Call, o world.Offer) string { return profileID(o.SellerAccount) },
	"PURCHASE_OPTION_TYPE":        func(*wire.Call, world.Offer) string { return anOffer },
	"VISIBILITY_SCOPE": func(_ *wire.Call, o world.Offer) string {
		if o.Public {
			return inPublic
		}
		return inPrivate
	},
	"AVAILABILITY_STATUS": func(c *wire.Call, o world.Offer) string {
		if o.Open(c.At) {
			return available
		}
		return expired
	},
}

// allowed are the values of filters that have only some.
var allowed = map[string][]string{"PURCHASE_OPTION_TYPE": {anOffer, "OFFERSET"}, "VISIBILITY_SCOPE": {inPublic, inPrivate}, "AVAILABILITY_STATUS": {available, expired}}

// readOptions checks the filters of purchase options. Without another wish, they are those that can be had.
func readOptions(filters []filter) (map[string][]string, error) {
	if len(filters) == 0 || len(filters) > 10 {
		return nil, invalid(malformed, "There are 1 to 10 filters; PRODUCT_ID or VISIBILITY_SCOPE must be one of them.")
	}
	wish := map[string][]string{"AVAILABILITY_STATUS": {available}}
	for _, f := range filters {
		kind := orElse(f.FilterType, "")
		if options[kind] == nil {
			return nil, invalid(malformed, "There is no filter %q.", kind)
		}
		if len(f.FilterValues) == 0 || len(f.FilterValues) > 10 {
			return nil, invalid(malformed, "The filter %s has 1 to 10 values.", kind)
		}
		for _, v := range f.FilterValues {
			if !identifier.MatchString(v) || allowed[kind] != nil && !slices.Contains(allowed[kind], v) {
				return nil, invalid(malformed, "The filter %s cannot have the value %q.", kind, v)
			}
		}
		wish[kind] = f.FilterValues
	}
	if wish["PRODUCT_ID"] == nil && wish["VISIBILITY_SCOPE"] == nil {
		return nil, invalid(malformed, "PRODUCT_ID or VISIBILITY_SCOPE must be one of the filters.")
	}
	return wish, nil
}

// listPurchaseOptions performs ListPurchaseOptions: private offers first, then the listings' own, then free trials.
func (s *service) listPurchaseOptions(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		Filters    []filter `json:"filters"`
		MaxResults *int64   `json:"maxResults"`
		NextToken  *string  `json:"nextToken"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	wish, err := readOptions(in.Filters)
	if err != nil {
		return wire.Answer{}, err
	}
	t, err := pageOf(c, 100, in.MaxResults, in.NextToken, in.Filters)
	if err != nil {
		return wire.Answer{}, err
	}
	all := slices.DeleteFunc(s.world.Offers(), func(o world.Offer) bool { return !sees(c.Account, o) || o.Withdrawn || !passes(c, o, wish) })
	part, next := page.Cut(all, func(o world.Offer) page.Key { return page.Key{N: place(o), ID: o.OfferID} }, false, t)
	out := struct {
		Items []purchaseOption `json:"purchaseOptions"`
		Next  *string          `json:"nextToken,omitempty"`
	}{[]purchaseOption{}, next}
	for _, o := range part {
		info, of, err := s.parties(o)
		if err != nil {
			return wire.Answer{}, err
		}
		out.Items = append(out.Items, purchaseOption{o.OfferID, catalog, anOffer, o.Name, wire.Time{Time: o.ExpiresAt}, of, badges(c, o),
			[]purchaseAssociated{{info, offerInformation{o.OfferID, o.Name, of}}}})
	}
	return wire.Encode(c, out)
}

// passes reports whether an offer has one of the wanted values of each filter.
func passes(c *wire.Call, o world.Offer, wish map[string][]string) bool {
	for kind, values := range wish {
		if !slices.Contains(values, options[kind](c, o)) {
			return false
		}
	}
	return true
}

// place orders purchase options.
func place(o world.Offer) int64 {
	switch {
	case !o.Public:
		return 0
	case o.Terms.Trial == nil:
		return 1
	}
	return 2
}
