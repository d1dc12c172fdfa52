package discovery

import (
	"context"
	"slices"
	"strings"

	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// summary is a listing as a search shows it. A listing is here for one product.
type summary struct {
	ListingID       string                 `json:"listingId"`
	ListingName     string                 `json:"listingName"`
	Publisher       seller                 `json:"publisher"`
	Catalog         string                 `json:"catalog"`
	Short           string                 `json:"shortDescription"`
	LogoURL         string                 `json:"logoThumbnailUrl"`
	Categories      []struct{}             `json:"categories"`
	Fulfillment     []fulfillmentSummary   `json:"fulfillmentOptionSummaries"`
	Badges          []badge                `json:"badges"`
	Reviews         reviews                `json:"reviewSummary"`
	PricingModels   []pricingModel         `json:"pricingModels"`
	PricingUnits    []pricingUnit          `json:"pricingUnits"`
	AssociatedItems []listingAssociatedOne `json:"associatedEntities"`
}

type listingAssociatedOne struct {
	Product productInformation `json:"product"`
	Offer   *offerInformation  `json:"offer,omitempty"` // the listing's own; in GetListing
}

// listing is a listing whole. Listings here have no pictures, links or use cases.
type listing struct {
	summary
	Long              string     `json:"longDescription"`
	Highlights        []string   `json:"highlights"`
	PromotionalMedia  []struct{} `json:"promotionalMedia"`
	Resources         []struct{} `json:"resources"`
	SellerEngagements []struct{} `json:"sellerEngagements"`
	UseCases          []struct{} `json:"useCases"`
}

type fulfillmentSummary struct {
	Type        string `json:"fulfillmentOptionType"`
	DisplayName string `json:"displayName"`
}

type badge struct {
	DisplayName string `json:"displayName"`
	BadgeType   string `json:"badgeType"`
}

// reviews: nobody reviews anything here.
type reviews struct {
	Sources []struct{} `json:"reviewSourceSummaries"`
}

type pricingModel struct {
	Type        string `json:"pricingModelType"`
	DisplayName string `json:"displayName"`
}

type pricingUnit struct {
	Type        string `json:"pricingUnitType"`
	DisplayName string `json:"displayName"`
}

// softwareAsAService is how everything here is delivered.
var softwareAsAService = fulfillmentSummary{"SAAS", "SaaS"}

// notApplicable says whether a product runs on AWS: nobody asks that here.
const notApplicable = "NOT_APPLICABLE"

var (
	usageModel    = pricingModel{"USAGE", "Usage-based"}
	contractModel = pricingModel{"CONTRACT", "Contract-based"}
	freeModel     = pricingModel{"FREE", "Free"}
)

// models are the pricing models of a product's listing.
func models(p world.Product) []pricingModel {
	switch p.Pricing {
	case world.Contract:
		return []pricingModel{contractModel}
	case world.ContractWithConsumption:
		return []pricingModel{contractModel, usageModel}
	case world.Free:
		return []pricingModel{freeModel}
	}
	return []pricingModel{usageModel}
}

var unitTypes = []string{"USERS", "HOSTS", "BANDWIDTH", "DATA", "TIERS", "REQUESTS", "UNITS"}

// units are the pricing units of p's dimensions, in the model's words: what these do not have is UNITS.
func units(p world.Product) []pricingUnit {
	has := map[string]bool{}
	for _, d := range p.Dimensions {
		kind := strings.ToUpper(d.Unit)
		if !slices.Contains(unitTypes, kind) {
			kind = "UNITS"
		}
		has[kind] = true
	}
	all := []pricingUnit{}
	for _, kind := range unitTypes {
		if has[kind] {
			all = append(all, pricingUnit{kind, kind[:1] + strings.ToLower(kind[1:])})
		}
	}
	return all
}

// listingID names the listing of a product.
func listingID(p world.Product) string { return "prodview-" + strings.TrimPrefix(p.ProductID, "prod-") }

// summarised is p's listing as a search shows it.
func (s *service) summarised(c *wire.Call, p world.Product) (summary, error) {
	info, err := s.information(p)
	if err != nil {
		return summary{}, err
	}
	out := summary{ListingID: listingID(p), ListingName: p.Title, Publisher: info.Manufacturer, Catalog: catalog, Short: shortOf(p),
		LogoURL: s.base() + LogoPath, Categories: []struct{}{}, Fulfillment: []fulfillmentSummary{softwareAsAService}, Badges: []badge{},
		Reviews: reviews{[]struct{}{}}, PricingModels: models(p), PricingUnits: units(p), AssociatedItems: []listingAssociatedOne{{Product: info}}}
	public, err := s.world.PurchaseOptions(c.At, "", p.ProductID)
	for _, o := range public {
		if o.Terms.Trial != nil {
			out.Badges = append(out.Badges, badge{"Free trial", "FREE_TRIAL"})
		}
	}
	return out, err
}

// shortOf is a line about p: its title where it has no other.
func shortOf(p world.Product) string {
	if p.Summary == "" {
		return p.Title
	}
	return p.Summary
}

// getListing performs GetListing.
func (s *service) getListing(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		ListingID *string `json:"listingId"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	if err := checkID("listingId", in.ListingID); err != nil {
		return wire.Answer{}, err
	}
	for _, p := range s.world.Products() {
		if listingID(p) != *in.ListingID {
			continue
		}
		out := listing{Long: p.Description, Highlights: []string{}, PromotionalMedia: []struct{}{}, Resources: []struct{}{}, SellerEngagements: []struct{}{}, UseCases: []struct{}{}}
		var err error
		if out.summary, err = s.summarised(c, p); err != nil {
			return wire.Answer{}, err
		}
		o, err := s.world.PublicOffer(p.ProductID)
		if err != nil {
			return wire.Answer{}, err
		}
		out.AssociatedItems[0].Offer = &offerInformation{o.OfferID, o.Name, out.Publisher}
		return wire.Encode(c, out)
	}
	return wire.Answer{}, notFound("listing", *in.ListingID)
}
