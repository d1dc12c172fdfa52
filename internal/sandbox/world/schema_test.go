package world_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/profile"
	"souk.dev/souk/internal/sandbox/world"
)

var update = flag.Bool("update", false, "write api/world.schema.json anew")

const schemaFile = "../../../api/world.schema.json"

// schema is a JSON Schema, as far as the world file's needs one.
type schema struct {
	Schema               string             `json:"$schema,omitempty"`
	Title                string             `json:"title,omitempty"`
	Description          string             `json:"description,omitempty"`
	Ref                  string             `json:"$ref,omitempty"`
	Type                 any                `json:"type,omitempty"` // a string, or several
	Const                any                `json:"const,omitempty"`
	Enum                 []string           `json:"enum,omitempty"`
	Pattern              string             `json:"pattern,omitempty"`
	Format               string             `json:"format,omitempty"`
	MinItems             int                `json:"minItems,omitempty"`
	MaxItems             int                `json:"maxItems,omitempty"`
	Items                *schema            `json:"items,omitempty"`
	Required             []string           `json:"required,omitempty"`
	Properties           map[string]*schema `json:"properties,omitempty"`
	AdditionalProperties any                `json:"additionalProperties,omitempty"` // false, or a *schema
	Defs                 map[string]*schema `json:"$defs,omitempty"`
}

// required are the fields that the parser insists on.
var required = map[string][]string{
	"File": {"version", "sellers"}, "Seller": {"accountId"}, "AccessKey": {"id", "accountId"}, "Buyer": {"name"}, "Product": {"title", "dimensions"}, "Dimension": {"key"},
	"Offer": {"productId", "terms"}, "UpfrontTerm": {"rateCards"}, "RateCard": {"duration", "rates"}, "FixedTerm": {"grants"}, "Grant": {"dimension"},
	"Instalment": {"amount"}, "VariablePaymentTerm": {"maxTotalChargeAmount"}, "TrialTerm": {"duration"}, "RenewalInstalment": {"after", "percentage"}, "LegalTerm": {"documents"}, "Document": {"type", "url"},
}

// narrower is what the Go types do not say.
var narrower = map[string]func(*schema){
	"File.version":               func(s *schema) { s.Const = world.FileVersion },
	"File.auth":                  func(s *schema) { s.Enum = []string{world.AuthStrict} },
	"File.sellers":               func(s *schema) { s.MinItems = 1 },
	"File.profiles":              profiles,
	"Seller.accountId":           account,
	"Buyer.accountId":            account,
	"Product.sellerAccountId":    account,
	"Product.productCode":        func(s *schema) { s.Pattern = contract.ProductCodePattern },
	"Product.fulfillmentUrl":     func(s *schema) { s.Format = "uri" },
	"Product.signInUrl":          func(s *schema) { s.Format = "uri" },
	"Product.dimensions":         func(s *schema) { s.MinItems, s.MaxItems = 1, 24 },
	"Dimension.prices":           prices,
	"Offer.offerId":              func(s *schema) { s.Pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,63}$" },
	"Offer.sellerAccountId":      account,
	"Offer.buyerAccountIds":      func(s *schema) { account(s.Items); s.MaxItems = 25 },
	"UpfrontTerm.rateCards":      func(s *schema) { s.MinItems = 1 },
	"FixedTerm.grants":           func(s *schema) { s.MinItems = 1 },
	"OfferTerms.paymentSchedule": func(s *schema) { s.MaxItems = 60 },
	"LegalTerm.documents":        func(s *schema) { s.MinItems = 1 },
	"Dimension.key":              func(s *schema) { s.Pattern = "^[A-Za-z0-9_]{1,255}$" },
}

// prices are named: what a metered unit costs, and the durations that contracts are sold for.
func prices(s *schema) {
	price := s.AdditionalProperties
	s.AdditionalProperties, s.Properties = false, map[string]*schema{}
	for _, name := range []string{world.UsagePrice, "P1M", "P12M", "P24M", "P36M"} {
		s.Properties[name] = price.(*schema)
	}
}

func account(s *schema) { s.Pattern = "^[0-9]{12}$" }

func profiles(s *schema) {
	s.AdditionalProperties, s.Properties = false, map[string]*schema{}
	for _, b := range profile.Behaviours() {
		s.Properties[string(b.Name)] = &schema{Type: "string", Enum: b.Allowed, Description: b.About + " Default: " + b.Default + ". " + b.Source}
	}
}

// maker makes the schema of the world's Go types, with their comments.
type maker struct {
	t        *testing.T
	comments map[string]string   // "Type" and "Type.field"
	consts   map[string][]string // the values of a type's constants
	defs     map[string]*schema
	narrowed map[string]bool
}

func (m *maker) of(t reflect.Type) *schema {
	switch {
	case t == reflect.TypeFor[decimal.Decimal]():
		return &schema{Type: []string{"string", "number"}, Pattern: `^[0-9]+(\.[0-9]+)?$`}
	case t == reflect.TypeFor[time.Time]():
		return &schema{Type: "string", Format: "date-time"}
	case t.Kind() == reflect.Pointer:
		return m.of(t.Elem())
	case t.Kind() == reflect.Slice:
		return &schema{Type: "array", Items: m.of(t.Elem())}
	case t.Kind() == reflect.Map:
		return &schema{Type: "object", AdditionalProperties: m.of(t.Elem())}
	case t.Kind() == reflect.Struct:
		if m.defs[t.Name()] == nil {
			m.defs[t.Name()] = &schema{} // it may hold itself
			*m.defs[t.Name()] = *m.object(t)
		}
		return &schema{Ref: "#/$defs/" + t.Name()}
	case t.Kind() == reflect.String:
		return &schema{Type: "string", Enum: m.consts[t.Name()]}
	case t.Kind() == reflect.Bool:
		return &schema{Type: "boolean"}
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return &schema{Type: "integer"}
	case t.Kind() == reflect.Float64:
		return &schema{Type: "number"}
	}
	m.t.Fatalf("nobody taught the schema to write a %v", t)
	return nil
}

func (m *maker) object(t reflect.Type) *schema {
	o := &schema{Type: "object", Description: m.comments[t.Name()], Required: required[t.Name()], Properties: map[string]*schema{}, AdditionalProperties: false}
	for f := range fieldsOf(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		p := m.of(f.Type)
		p.Description = m.comments[t.Name()+"."+f.Name]
		key := t.Name() + "." + name
		if narrow := narrower[key]; narrow != nil {
			narrow(p)
			m.narrowed[key] = true
		}
		o.Properties[name] = p
	}
	return o
}

// fieldsOf are the fields that a file may have, those of embedded structs included.
func fieldsOf(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			if f.IsExported() && !f.Anonymous && f.Tag.Get("json") != "-" && !yield(f) {
				return
			}
		}
	}
}

// read takes comments and constants from this package's source.
func (m *maker) read() {
	paths, err := filepath.Glob("*.go")
	if err != nil {
		m.t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			m.t.Fatal(err)
		}
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				for _, spec := range g.Specs {
					m.take(g, spec)
				}
			}
		}
	}
}

func (m *maker) take(g *ast.GenDecl, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		st, ok := s.Type.(*ast.StructType)
		if !ok {
			return
		}
		m.comments[s.Name.Name] = plain(g.Doc)
		for _, f := range st.Fields.List {
			for _, n := range f.Names {
				m.comments[s.Name.Name+"."+n.Name] = strings.TrimSpace(plain(f.Doc) + " " + plain(f.Comment))
			}
		}
	case *ast.ValueSpec:
		if id, ok := s.Type.(*ast.Ident); ok && g.Tok == token.CONST && len(s.Values) == 1 {
			if lit, ok := s.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, _ := strconv.Unquote(lit.Value) // the compiler took it
				m.consts[id.Name] = append(m.consts[id.Name], text)
			}
		}
	}
}

func plain(c *ast.CommentGroup) string {
	return strings.NewReplacer("\n", " ", "[", "", "]", "").Replace(strings.TrimSpace(c.Text()))
}

func makeSchema(t *testing.T) []byte {
	t.Helper()
	m := &maker{t: t, comments: map[string]string{}, consts: map[string][]string{}, defs: map[string]*schema{}, narrowed: map[string]bool{}}
	m.read()
	root := m.object(reflect.TypeFor[world.File]())
	root.Schema, root.Title, root.Defs = "https://json-schema.org/draft/2020-12/schema", "souk: the world file of a sandbox", m.defs
	for key := range narrower {
		if !m.narrowed[key] {
			t.Errorf("there is no field %s to be narrower about", key)
		}
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// TestSchemaIsThatOfTheTypes keeps api/world.schema.json; run it with -update after a change of the types.
func TestSchemaIsThatOfTheTypes(t *testing.T) {
	want := makeSchema(t)
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s is not that of the types any more; run: go test ./internal/sandbox/world -run Schema -update", schemaFile)
	}
	for name, fields := range required {
		for _, f := range fields {
			if !bytes.Contains(want, []byte(strconv.Quote(f))) {
				t.Errorf("%s has no field %s that could be required", name, f)
			}
		}
	}
}

// What the schema says about a file must be so: whatever an editor marks, the parser refuses, and every name that the
// parser knows, the editor does.
func TestSchemaAndParserAgree(t *testing.T) {
	root := loadSchema(t)
	if said := root.complain(root, "", decode(t, world.Builtin().Source)); len(said) != 0 {
		t.Errorf("the schema complains about the built-in world: %q", said)
	}
	doc := decode(t, []byte(full))
	if said := root.complain(root, "", doc); len(said) != 0 {
		t.Errorf("the schema complains: %q", said)
	}
	spoilt := 0
	spoil(doc, func(what string, surely bool) {
		text, err := json.Marshal(doc) // JSON is YAML
		if err != nil {
			t.Fatal(err)
		}
		said := root.complain(root, "", doc)
		_, err = world.ParseFile(text)
		if len(said) > 0 && err == nil {
			t.Errorf("%s: the parser takes it, and the schema says %q", what, said)
		}
		if surely && (len(said) == 0 || err == nil) {
			t.Errorf("%s: the schema says %q, the parser %v; want both to refuse", what, said, err)
		}
		spoilt++
	})
	if spoilt < 300 {
		t.Errorf("spoilt in %d ways only", spoilt)
	}
}

// full has every field but those of ways to sell that are told elsewhere.
const full = `
version: 1
auth: strict
allowHttp: true
sellers: [{accountId: "444455556666", name: S}]
accessKeys: [{id: AKID, secret: s3cr3t, accountId: "444455556666"}]
buyers: [{accountId: "111122223333", name: B, email: b@b.example, suspended: true}]
products:
  - productId: prod-p
    productCode: abcdefghijklmnopqrstuvwxy
    title: P
    summary: a line
    description: more
    pricing: subscription
    identity: legacy
    sellerAccountId: "444455556666"
    fulfillmentUrl: http://saas.example.com/register
    signInUrl: https://saas.example.com/
    dimensions: [{key: a, name: A, unit: Units, description: one, kinds: [metered], prices: {usage: "0.5"}}]
  - productId: prod-c
    title: C
    pricing: contract
    dimensions: [{key: seats, prices: {P12M: "10"}}]
offers:
  - offerId: offer-o
    productId: prod-c
    sellerAccountId: "444455556666"
    name: O
    buyerAccountIds: ["111122223333"]
    expiresAt: "2026-12-01T00:00:00Z"
    withdrawn: true
    terms:
      fixed: {price: "10", grants: [{dimension: seats, maxQuantity: 5}]}
      paymentSchedule: [{chargeDate: "2027-01-01T00:00:00Z", amount: "10"}]
      variablePayment: {maxTotalChargeAmount: "100"}
      validity: {startDate: "2027-01-01T00:00:00Z", endDate: "2027-12-31T00:00:00Z"}
      legal: {documents: [{type: CustomEula, url: "https://saas.example.com/eula", version: "1"}]}
      support: {refundPolicy: none}
  - offerId: offer-p
    productId: prod-c
    buyerAccountIds: ["111122223333"]
    terms:
      upfront: {selection: tier, rateCards: [{duration: P24M, rates: {seats: "15"}}]}
      validity: {startDate: "2027-01-01T00:00:00Z"}
      renewal: {lockoutPeriod: P30D, adjustmentDeadline: P60D, maxRenewals: 2, priceIncrease: {minPercentage: "1", maxPercentage: "5", defaultPercentage: "2.5"}}
  - offerId: offer-q
    productId: prod-c
    buyerAccountIds: ["111122223333"]
    terms:
      fixed: {duration: P12M, price: "10", grants: [{dimension: seats}]}
      paymentSchedule: [{after: P0D, amount: "10"}]
      renewal: {priceIncrease: {fixedPercentage: "5"}, paymentSchedule: [{after: P0D, percentage: "40"}, {after: P3M, percentage: "60"}]}
  - offerId: offer-t
    productId: prod-c
    public: true
    terms: {freeTrial: {duration: P30D, grants: [{dimension: seats, maxQuantity: 2}]}}
profiles: {token-life: 30m}
`

// spoil changes every place of a document in some ways, one at a time; surely says that the change makes it wrong.
func spoil(v any, try func(what string, surely bool)) {
	switch v := v.(type) {
	case map[string]any:
		v["surprise"] = "x"
		try("an unknown field", true)
		delete(v, "surprise")
		for name, old := range v {
			delete(v, name)
			try("without "+name, false)
			v[name] = map[string]any{"a": map[string]any{"b": "c"}}
			try(name+" as an object", true)
			v[name] = old
			if text, ok := old.(string); ok {
				v[name] = text + " !"
				try(name+" with a blank and a mark", false)
				v[name] = old
			}
			spoil(old, func(what string, surely bool) { try(name+": "+what, surely) })
		}
	case []any:
		for i, old := range v {
			v[i] = []any{old}
			try("a list in a list", true)
			v[i] = old
			spoil(old, try)
		}
	}
}

func decode(t *testing.T, text []byte) (doc any) {
	t.Helper()
	f, err := world.ParseFile(text)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(plain, &doc); err != nil {
		t.Fatal(err)
	}
	return prune(doc)
}

// prune leaves out what says nothing: null, and empty texts, which a file would not have.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			if x == nil || x == "" {
				delete(v, name)
				continue
			}
			v[name] = prune(x)
		}
	case []any:
		for i, x := range v {
			v[i] = prune(x)
		}
	}
	return v
}

func loadSchema(t *testing.T) *schema {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// sub is the schema of additional properties, if there is one.
func (s *schema) sub() *schema {
	if _, isObject := s.AdditionalProperties.(map[string]any); !isObject {
		return nil
	}
	text, _ := json.Marshal(s.AdditionalProperties) // it came from JSON
	var sub schema
	_ = json.Unmarshal(text, &sub)
	return &sub
}

// complain says what the schema s, whose definitions are root's, has against v.
func (s *schema) complain(root *schema, at string, v any) (said []string) {
	if s.Ref != "" {
		return root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")].complain(root, at, v)
	}
	if !slices.Contains(s.types(), kind(v)) {
		return []string{at + " is of the type " + kind(v)}
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				said = append(said, at+" lacks "+name)
			}
		}
		for name, x := range v {
			switch p, more := s.Properties[name], s.sub(); {
			case p != nil:
				said = append(said, p.complain(root, at+"."+name, x)...)
			case more != nil:
				said = append(said, more.complain(root, at+"."+name, x)...)
			default:
				said = append(said, at+" has "+name)
			}
		}
	case []any:
		if len(v) < s.MinItems || s.MaxItems > 0 && len(v) > s.MaxItems {
			said = append(said, at+" has "+strconv.Itoa(len(v))+" items")
		}
		for _, x := range v {
			said = append(said, s.Items.complain(root, at+"[]", x)...)
		}
	case string:
		if s.Enum != nil && !slices.Contains(s.Enum, v) || s.Pattern != "" && !matches(s.Pattern, v) {
			said = append(said, at+" is "+v)
		}
	case float64:
		if s.Const != nil && s.Const != v {
			said = append(said, at+" is another number")
		}
	}
	return said
}

func (s *schema) types() (all []string) {
	switch t := s.Type.(type) {
	case string:
		all = []string{t}
	case []any:
		for _, one := range t {
			all = append(all, one.(string))
		}
	}
	if slices.Contains(all, "integer") {
		all = append(all, "number")
	}
	return all
}

func kind(v any) string {
	switch v.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		return "number"
	}
	return "null"
}

func matches(pattern, text string) bool { return regexp.MustCompile(pattern).MatchString(text) }
