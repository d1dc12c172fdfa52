package clients

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"souk.dev/souk/contract"
)

// market is a bench with a second client, whose keys are a buyer's.
type market struct {
	*bench
	seller, buyer session
	keys          struct{ AccessKeyID, SecretAccessKey string } // of the buyer
	offer         offered
	agreement     string // that the buyer made by the API; "" before
}

func newMarket(t *testing.T, d driver) *market {
	b := newBench(t, d, 2)
	m := &market{bench: b, seller: b.session}
	b.Get("/_sandbox/buyers/"+b.account, &m.keys)
	m.buyer = b.client(t, "AWS_ACCESS_KEY_ID="+m.keys.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+m.keys.SecretAccessKey, "AWS_MAX_ATTEMPTS=2")
	return m
}

// ask makes a call that must succeed; where the client's model does not know it, the test is skipped.
func ask[T any](t *testing.T, s session, service, operation string, input map[string]any) T {
	t.Helper()
	a := s.call(t, service, operation, input)
	if a.Code == noSuchCall {
		t.Skipf("this client's model has no %s of %s", operation, service)
	}
	return into[T](t, a)
}

// paged asks for all pages, of at most size items, and gives the items under list. There must be the pages that so many
// items need, unless the client gathers them.
func paged[T any](m *market, t *testing.T, s session, service, operation, list string, size int, input map[string]any) (all []T) {
	t.Helper()
	input = maps.Clone(input)
	input["maxResults"] = size
	for pages := 1; ; pages++ {
		out := ask[map[string]json.RawMessage](t, s, service, operation, input)
		var part []T
		var next string
		for name, v := range map[string]any{list: &part, "nextToken": &next} {
			if text := member(out, name); text != nil {
				if err := json.Unmarshal(text, v); err != nil {
					t.Fatalf("%s: %v in %s", operation, err, text)
				}
			}
		}
		all = append(all, part...)
		switch want := max(1, (len(all)+size-1)/size); {
		case next == "" && pages != want && !m.gathers:
			t.Errorf("%s: %d items came on %d pages of %d", operation, len(all), pages, size)
			fallthrough
		case next == "":
			return all
		case len(part) != size:
			t.Fatalf("%s: page %d has %d items of %d, and there are more", operation, pages, len(part), size)
		}
		input["nextToken"] = next
	}
}

const (
	agreementAPI = "marketplace-agreement"
	discoveryAPI = "marketplace-discovery"
	teamsID      = "prod-inkwell0teams" // the built-in world's contract
)

// TestEveryClientBuysAndSells has each client play both parties of an agreement, from the offer to its end, as far as its
// release knows how. Those of 2022 know neither API.
func TestEveryClientBuysAndSells(t *testing.T) {
	for _, d := range drivers {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			m := newMarket(t, d)
			m.makeOffer(t)
			t.Run("discovery", m.discovery)
			t.Run("search", m.search)
			t.Run("buy", m.buy)
			for _, part := range []struct {
				name string
				play func(*testing.T)
			}{{"charges", m.charges}, {"refund", m.refund}, {"payment", m.payment}, {"cancellation", m.cancellation}} {
				t.Run(part.name, func(t *testing.T) {
					if m.agreement == "" {
						t.Skip("nothing was bought")
					}
					part.play(t)
				})
			}
		})
	}
}

// offered is an offer as Discovery tells it.
type offered struct {
	OfferID             string
	AgreementProposalID string
	Terms               []term `json:"-"`
}

// term is the one member that a term has of its union; the Go SDK names none.
type term map[string]struct{ ID, Type string }

func (o offered) term(kind string) string {
	for _, t := range o.Terms {
		for _, one := range t {
			if one.Type == kind {
				return one.ID
			}
		}
	}
	return ""
}

// makeOffer makes the buyer a private offer: a contract that is paid in two instalments, and by requests. What is told of
// it is asked without a client, for not every one knows Discovery.
func (m *market) makeOffer(t *testing.T) {
	t.Helper()
	m.Post("/_sandbox/offers", map[string]any{"productId": teamsID, "name": "In two instalments", "buyerAccountIds": []string{m.account},
		"terms": map[string]any{
			"fixed":           map[string]any{"duration": "P12M", "grants": []any{map[string]any{"dimension": "seats", "maxQuantity": 5}}},
			"paymentSchedule": []any{map[string]any{"after": "P0D", "amount": "600"}, map[string]any{"after": "P6M", "amount": "400"}},
			"variablePayment": map[string]any{"maxTotalChargeAmount": "500"},
		}}, &m.offer)
	plain := discovering{m}
	m.offer = ask[offered](t, plain, discoveryAPI, "GetOffer", map[string]any{"offerId": m.offer.OfferID})
	m.offer.Terms = paged[term](m, t, plain, discoveryAPI, "GetOfferTerms", "offerTerms", 2, map[string]any{"offerId": m.offer.OfferID})
}

// discovery has the buyer's client find the offer, and be told the same of it.
func (m *market) discovery(t *testing.T) {
	options := paged[struct{ PurchaseOptionID string }](m, t, m.buyer, discoveryAPI, "ListPurchaseOptions", "purchaseOptions", 1,
		map[string]any{"filters": []any{map[string]any{"filterType": "PRODUCT_ID", "filterValues": []string{teamsID}}}})
	mine := false
	for _, o := range options {
		mine = mine || o.PurchaseOptionID == m.offer.OfferID
	}
	if len(options) < 2 || !mine {
		t.Errorf("purchase options %+v; want %s among them, and the listing's own", options, m.offer.OfferID)
	}
	offer := map[string]any{"offerId": m.offer.OfferID}
	got := ask[offered](t, m.buyer, discoveryAPI, "GetOffer", offer)
	got.Terms = paged[term](m, t, m.buyer, discoveryAPI, "GetOfferTerms", "offerTerms", 3, offer)
	if fmt.Sprint(got) != fmt.Sprint(m.offer) {
		t.Errorf("offer %+v; want %+v", got, m.offer)
	}
	none := m.buyer.call(t, discoveryAPI, "GetOfferSet", map[string]any{"offerSetId": "offerset-none"})
	if none.Code != contract.ResourceNotFound || !none.Typed {
		t.Errorf("an offer set that is not there: %+v", none)
	}
}
