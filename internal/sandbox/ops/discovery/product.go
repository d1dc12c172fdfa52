package discovery

import (
	"context"

	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
)

type product struct {
	ProductID         string               `json:"productId"`
	Catalog           string               `json:"catalog"`
	ProductName       string               `json:"productName"`
	DeployedOnAws     string               `json:"deployedOnAws"`
	Short             string               `json:"shortDescription"`
	Long              string               `json:"longDescription"`
	Manufacturer      seller               `json:"manufacturer"`
	LogoURL           string               `json:"logoThumbnailUrl"`
	Fulfillment       []fulfillmentSummary `json:"fulfillmentOptionSummaries"`
	Categories        []struct{}           `json:"categories"`
	Highlights        []string             `json:"highlights"`
	PromotionalMedia  []struct{}           `json:"promotionalMedia"`
	Resources         []struct{}           `json:"resources"`
	SellerEngagements []struct{}           `json:"sellerEngagements"`
}

// getProduct performs GetProduct.
func (s *service) getProduct(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		ProductID *string `json:"productId"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	if err := checkID("productId", in.ProductID); err != nil {
		return wire.Answer{}, err
	}
	p, err := s.product(*in.ProductID)
	if err != nil {
		return wire.Answer{}, err
	}
	maker, err := s.seller(p.SellerAccount)
	if err != nil {
		return wire.Answer{}, err
	}
	return wire.Encode(c, product{p.ProductID, catalog, p.Title, notApplicable, shortOf(p), p.Description, maker, s.base() + LogoPath,
		[]fulfillmentSummary{softwareAsAService}, []struct{}{}, []string{}, []struct{}{}, []struct{}{}, []struct{}{}})
}

// fulfillmentOption is a union, of which one member is played.
type fulfillmentOption struct {
	SaaS saasOption `json:"saasFulfillmentOption"`
}

type saasOption struct {
	ID           string `json:"fulfillmentOptionId"`
	Type         string `json:"fulfillmentOptionType"`
	DisplayName  string `json:"fulfillmentOptionDisplayName"`
	URL          string `json:"fulfillmentUrl,omitempty"`
	Instructions string `json:"usageInstructions,omitempty"`
}

// setUp is how every product here is begun with.
const setUp = "After you have subscribed, choose Set up your account to register with the seller."

// listFulfillmentOptions performs ListFulfillmentOptions.
func (s *service) listFulfillmentOptions(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		ProductID  *string `json:"productId"`
		MaxResults *int64  `json:"maxResults"`
		NextToken  *string `json:"nextToken"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	if err := checkID("productId", in.ProductID); err != nil {
		return wire.Answer{}, err
	}
	p, err := s.product(*in.ProductID)
	if err != nil {
		return wire.Answer{}, err
	}
	t, err := pageOf(c, 50, in.MaxResults, in.NextToken, p.ProductID)
	if err != nil {
		return wire.Answer{}, err
	}
	one := fulfillmentOption{saasOption{"fo-" + profileID(p.ProductID)[len("seller-"):], softwareAsAService.Type, softwareAsAService.DisplayName, p.FulfillmentURL, setUp}}
	part, next := page.Cut([]fulfillmentOption{one}, func(o fulfillmentOption) page.Key { return page.Key{ID: o.SaaS.ID} }, false, t)
	return wire.Encode(c, struct {
		Options []fulfillmentOption `json:"fulfillmentOptions"`
		Next    *string             `json:"nextToken,omitempty"`
	}{append([]fulfillmentOption{}, part...), next})
}
