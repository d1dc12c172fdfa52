package discovery

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// Service is the Discovery API onto w. base is where others reach this sandbox.
func Service(w *world.World, base func() string) wire.Service {
	s := &service{world: w, base: base}
	return wire.Service{
		Name: "AWS Marketplace Discovery", REST: "/2026-02-05/", Scope: "aws-marketplace", ContentType: "application/json",
		Region: contract.HomeRegion, Outage: contract.InternalServer,
		Status: map[string]int{contract.ResourceNotFound: http.StatusNotFound, contract.Throttling: http.StatusTooManyRequests}, // of the service model
		Ops: map[string]wire.Op{
			"SearchListings":         s.searchListings,
			"SearchFacets":           s.searchFacets,
			"GetListing":             s.getListing,
			"GetProduct":             s.getProduct,
			"ListFulfillmentOptions": s.listFulfillmentOptions,
			"ListPurchaseOptions":    s.listPurchaseOptions,
			"GetOffer":               s.getOffer,
			"GetOfferTerms":          s.getOfferTerms,
			"GetOfferSet":            s.getOfferSet,
		},
	}
}

type service struct {
	world *world.World
	base  func() string
}

// catalog is the one that everything is listed in.
const catalog = "AWSMarketplace"

// The reasons of a ValidationException.
const (
	badToken   = "INVALID_PAGINATION_TOKEN"
	malformed  = "MALFORMED_REQUEST_PARAMETERS"
	pagedSoFar = "PAGINATION_LIMIT_EXCEEDED"
)

func invalid(reason, format string, args ...any) error {
	return &wire.Error{Code: contract.Validation, Message: fmt.Sprintf(format, args...), Members: map[string]any{"reason": reason}}
}

func notFound(what, id string) error {
	return &wire.Error{Code: contract.ResourceNotFound, Message: "There is no " + what + " " + id + "."}
}

var identifier = regexp.MustCompile(`^[\w-]{1,255}$`)

// checkID refuses an identifier that is missing or malformed.
func checkID(name string, id *string) error {
	if id == nil || !identifier.MatchString(*id) {
		return invalid(malformed, "%s is required: 1 to 255 letters, digits, hyphens and underscores.", name)
	}
	return nil
}

// pageOf checks what a list takes: at most most items, and as many without maxResults.
func pageOf(c *wire.Call, most int64, maxResults *int64, token *string, question ...any) (page.Turn, error) {
	size := most
	if maxResults != nil {
		size = *maxResults
	}
	if size < 1 {
		return page.Turn{}, invalid(malformed, "maxResults must be between 1 and %d.", most)
	}
	if size > most {
		return page.Turn{}, invalid(pagedSoFar, "maxResults must be between 1 and %d.", most)
	}
	t, ok := page.Of(int(size), token, append(question, c.Operation, c.Account)...)
	if !ok || token != nil && len(*token) > contract.MaxNextToken {
		return t, invalid(badToken, "The nextToken is not one of an answer to this request.")
	}
	return t, nil
}

// seller is who sells or makes something.
type seller struct {
	SellerProfileID string `json:"sellerProfileId"`
	DisplayName     string `json:"displayName"`
}

func (s *service) seller(account string) (seller, error) {
	one, err := s.world.Seller(account)
	return seller{profileID(account), one.Name}, err
}

// profileID names a seller in public: always the same, and not by the account.
func profileID(account string) string {
	sum := sha256.Sum256([]byte("seller profile " + account))
	return "seller-" + hex.EncodeToString(sum[:])[:13]
}

type productInformation struct {
	ProductID    string `json:"productId"`
	ProductName  string `json:"productName"`
	Manufacturer seller `json:"manufacturer"`
}

func (s *service) information(p world.Product) (productInformation, error) {
	maker, err := s.seller(p.SellerAccount)
	return productInformation{p.ProductID, p.Title, maker}, err
}

type offerInformation struct {
	OfferID        string `json:"offerId"`
	OfferName      string `json:"offerName,omitempty"`
	SellerOfRecord seller `json:"sellerOfRecord"`
}

// product finds a product by its id, for an operation that names it.
func (s *service) product(id string) (world.Product, error) {
	p, err := s.world.Product(id)
	if fail.Is(err, fail.NotFound) || err == nil && p.ProductID != id { // its code will not do
		return p, notFound("product", id)
	}
	return p, err
}
