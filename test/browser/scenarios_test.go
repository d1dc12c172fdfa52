package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"souk.dev/souk/test/harness"
)

// model is a way in which AWS Marketplace sells software as a service.
type model struct {
	name    string // as docs/purchase-flow.md has it
	pricing string // as the sandbox has it
	offer   string // which of the product's offers the buyer takes: its own, or one of the two below
}

// The offers beside a product's own.
const (
	trial   = "trial"
	private = "private"
)

// models are all that AWS has. A contract with consumption has no free trial: AWS announced them for contracts and for usage
// alone. Source: https://aws.amazon.com/blogs/awsmarketplace/create-free-trial-offer-saas-usage-based-pricing-products-aws-marketplace/
var models = []model{
	{"pay as you go", "subscription", ""},
	{"pay as you go, free trial", "subscription", trial},
	{"pay as you go, private offer", "subscription", private},
	{"contract", "contract", ""},
	{"contract, free trial", "contract", trial},
	{"contract, private offer", "contract", private},
	{"contract with consumption", "contract_with_consumption", ""},
	{"contract with consumption, private offer", "contract_with_consumption", private},
}

// generations are the identifiers by which sellers know their buyers.
var generations = []string{"license", "legacy"}

// metered reports whether usage is billed.
func (m model) metered() bool { return m.pricing != "contract" }

// entitled reports whether anything is bought in advance.
func (m model) entitled() bool { return m.pricing != "subscription" }

// cell is a model in a generation: a product of its own, a buyer who buys it, and another whose payment fails.
type cell struct {
	model
	generation  string
	product     harness.Product
	buyer, poor harness.Buyer
	offerID     string // empty where the buyer takes the product's own
}

// cells are those of a generation.
func cells(generation string) (all []*cell) {
	for n, m := range models {
		c := &cell{model: m, generation: generation}
		c.product = harness.Product{ProductID: fmt.Sprintf("prod-quill%02d", n), ProductCode: fmt.Sprintf("qu1ll%020d", n), Title: "Quill " + m.name, Pricing: m.pricing, Identity: generation}
		c.buyer = harness.Buyer{AccountID: fmt.Sprintf("1111222200%02d", n), Name: fmt.Sprintf("Acme %d", n+1), Email: fmt.Sprintf("ada%d@acme.example", n)}
		c.poor = harness.Buyer{AccountID: fmt.Sprintf("9999888800%02d", n), Name: fmt.Sprintf("Initech %d", n+1), Email: fmt.Sprintf("linus%d@acme.example", n)}
		if m.offer != "" {
			c.offerID = fmt.Sprintf("offer-quill%02d", n)
		}
		all = append(all, c)
	}
	return all
}

// worldOf is a world's file that sells every cell of a generation; signIn is where buyers sign in.
func worldOf(t *testing.T, all []*cell, signIn string) string {
	t.Helper()
	type object = map[string]any
	var buyers []harness.Buyer
	var products, offers []object
	for _, c := range all {
		buyers = append(buyers, c.buyer, c.poor)
		dimensions := []object{}
		if c.metered() {
			dimensions = append(dimensions, object{"key": "pages", "name": "Pages", "unit": "Units", "kinds": []string{"metered"}, "prices": object{"usage": "0.02"}})
		}
		if c.entitled() {
			for _, key := range []string{"seats", "shelves"} {
				dimensions = append(dimensions, object{"key": key, "name": strings.ToUpper(key[:1]) + key[1:], "unit": "Units", "kinds": []string{"entitled"}, "prices": object{"P12M": "120"}})
			}
		}
		products = append(products, object{"productId": c.product.ProductID, "productCode": c.product.ProductCode, "title": c.product.Title, "pricing": c.pricing,
			"identity": c.generation, "signInUrl": signIn, "dimensions": dimensions})
		switch c.offer {
		case trial:
			terms := object{"duration": "P30D"}
			if c.entitled() {
				terms["grants"] = []object{{"dimension": "seats", "maxQuantity": 10}}
			}
			offers = append(offers, object{"offerId": c.offerID, "productId": c.product.ProductID, "public": true, "terms": object{"freeTrial": terms}})
		case private:
			offers = append(offers, object{"offerId": c.offerID, "productId": c.product.ProductID, "name": "Between us", "buyerAccountIds": []string{c.buyer.AccountID},
				"terms": c.privateTerms(10)})
		}
	}
	text, err := json.Marshal(object{"version": 1, "sellers": []object{{"accountId": "444455556666", "name": "Quill and Sons"}}, "buyers": buyers, "products": products, "offers": offers})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "world.yaml") // of which JSON is a part
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// privateTerms are those of a private offer: other prices, and so many seats where seats are sold.
func (c *cell) privateTerms(seats int) map[string]any {
	type object = map[string]any
	terms := object{}
	if c.metered() {
		terms["usage"] = object{"rates": object{"pages": "0.01"}}
	}
	if c.entitled() {
		terms["fixed"] = object{"duration": "P12M", "price": "1000", "grants": []object{{"dimension": "seats", "maxQuantity": seats}}}
		terms["renewal"] = object{}
	}
	return terms
}

// proofs are the scenarios that were played to their end, by model and generation.
type proofs struct {
	mu     sync.Mutex
	played map[string]map[string][]string // model → scenario → generations
	cells  int
}

func (p *proofs) add(c *cell, scenarios []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cells++
	if p.played[c.name] == nil {
		p.played[c.name] = map[string][]string{}
	}
	for _, s := range scenarios {
		p.played[c.name][s] = append(p.played[c.name][s], c.generation)
	}
}

// row is what the table of docs/purchase-flow.md has to say of a model.
func (p *proofs) row(m model) string {
	var b strings.Builder
	b.WriteString("| " + m.name + " |")
	for n := range 12 {
		switch by := p.played[m.name][fmt.Sprintf("T-%d", n+1)]; len(by) {
		case 0:
			b.WriteString(" – |")
		case len(generations):
			b.WriteString(" ✓ |")
		default:
			b.WriteString(" " + strings.Join(by, ", ") + " |")
		}
	}
	return b.String()
}

// TestScenariosOfEveryModel has a buyer go through what AWS has sellers try, T-1 to T-12, once for every way of selling and
// in both generations of identifiers. docs/purchase-flow.md says which scenario is played in which, and this test that it says so.
func TestScenariosOfEveryModel(t *testing.T) {
	done := &proofs{played: map[string]map[string][]string{}}
	t.Run("in", func(t *testing.T) { // until the generations, which go side by side, are through
		for _, generation := range generations {
			t.Run(generation, func(t *testing.T) {
				t.Parallel()
				all, addr := cells(generation), harness.FreeAddress(t)
				s := harness.StartSandbox(t, "", "--fulfillment-url", "http://"+addr+"/register", "--world", worldOf(t, all, "http://"+addr+"/portal"))
				g := harness.StartGateway(t, s, addr, "sqlite:"+filepath.Join(t.TempDir(), "souk.db"), "--seller", "Quill and Sons")
				up, browser := harness.Together(s, g), newVisitor(t, true)
				for _, c := range all {
					t.Run(c.name, func(t *testing.T) {
						p := &purchase{cell: c, t: t, up: up, v: browser.another(t)}
						p.play()
						done.add(c, p.played)
					})
				}
			})
		}
	})
	if t.Failed() || done.cells < len(models)*len(generations) { // some were not asked for
		return
	}
	page, err := os.ReadFile(filepath.Join(harness.Root(), "docs", "purchase-flow.md"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(page), "\n")
	for _, m := range models {
		if row := done.row(m); !slices.Contains(lines, row) {
			t.Errorf("docs/purchase-flow.md does not have the line\n%s", row)
		}
	}
}
