package world

import (
	"strings"
	"testing"

	"souk.dev/souk/internal/fail"
)

const small = `version: 1
sellers: [{accountId: "444455556666", name: S}]
buyers: [{accountId: "111122223333", name: B, email: b@b.example}]
products:
  - title: P
    dimensions: [{key: a, prices: {usage: "0.5"}}]
`

func TestSmallestFile(t *testing.T) {
	f, err := ParseFile([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(Options{File: f, Seed: 1, FulfillmentURL: "https://saas.example/register", SignInURL: "https://saas.example/"})
	if err != nil {
		t.Fatal(err)
	}
	p := w.Products()[0]
	if p.FulfillmentURL != "https://saas.example/register" || p.SignInURL != "https://saas.example/" || len(p.ProductCode) != 25 || !strings.HasPrefix(p.ProductID, "prod-") ||
		p.Pricing != Subscription || p.Identity != ByLicense || p.Dimensions[0].Name != "a" || !p.Dimensions[0].Is(Metered) || p.Dimensions[0].Price().String() != "0.5" {
		t.Errorf("filled in as %+v", p)
	}
}

func TestFilesThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct{ from, to, says string }{
		"empty":              {small, "", "empty"},
		"no YAML":            {"version: 1", "version: [", ""},
		"another version":    {"version: 1", "version: 2", "Line 1 of the world file: it says version: 2"},
		"an unknown field":   {"title: P", "title: P\n    titel: Q", `[6:5] unknown field "titel"; did you mean "title"?`},
		"a field deep down":  {"usage: \"0.5\"}", "usage: \"0.5\"}, unti: Users", `did you mean "unit"?`},
		"a wrong type":       {"buyers: [", "buyers: [7, ", "[3:"},
		"no seller":          {`[{accountId: "444455556666", name: S}]`, "[]", "seller"},
		"a short account":    {`"111122223333"`, `"1111"`, "Line 3 of"},
		"no dimension":       {`[{key: a, prices: {usage: "0.5"}}]`, "[]", "Line 5 of"},
		"a key with a space": {"key: a", "key: a b", "Line 5 of"},
		"all free":           {`"0.5"`, `"0"`, "above 0"},
		"a negative price":   {`"0.5"`, `"-1"`, "negative"},
		"a metered contract": {"title: P", "title: P\n    pricing: contract", "contract_with_consumption"},
		"a free product":     {"title: P", "title: P\n    pricing: free", "cannot be sold"},
		"an unknown profile": {"version: 1", "version: 1\nprofiles: {token-life: 9h}", "Line 2 of"},
		"a profile misspelt": {"version: 1", "version: 1\nprofiles: {token-lief: 4h}", `did you mean "token-life"?`},
		"a seller misspelt":  {"title: P", "title: P\n    sellerAccountId: \"444455556665\"", `did you mean "444455556666"?`},
		"half strict":        {"version: 1", "version: 1\nauth: strict\naccessKeys: [{id: A, accountId: \"444455556666\"}]", "Line 3 of"},
		"no version":         {"version: 1\n", "", "does not say version"},
		"a seller twice":     {`name: S}]`, `name: S}, {accountId: "444455556666", name: T}]`, "Line 2 of"},
		"another auth":       {"version: 1", "version: 1\nauth: lax", "auth"},
		"a duplicate key":    {"title: P", "title: P\n    title: Q", ""},
	} {
		_, err := ParseFile([]byte(strings.Replace(small, c.from, c.to, 1)))
		if !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want it to say %q", name, err, c.says)
		}
	}
}

// The line is that of the entry, however far down it stands and whatever stands above it.
func TestErrorsNameTheLineOfTheirEntry(t *testing.T) {
	text := strings.Repeat("# a comment\n", 40) + small + `  - title: Q
    dimensions: [{key: b, prices: {usage: "0.5"}}]
  - title: R
    dimensions:
      - key: c
`
	if _, err := ParseFile([]byte(text)); err == nil || !strings.Contains(err.Error(), "Line 49 of the world file") {
		t.Errorf("%v; want line 49", err)
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add([]byte(small))
	f.Add(Builtin().Source)
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := ParseFile(text); err != nil && fail.KindOf(err) == fail.Internal {
			t.Fatalf("an unclassified error: %v", err)
		}
	})
}

func TestTagsAreRefusedWhereTheyStand(t *testing.T) {
	_, err := ParseFile([]byte("version: 1\nsellers: !list\n"))
	if fail.KindOf(err) != fail.Invalid || !strings.Contains(err.Error(), "line 2: the tag !list") {
		t.Errorf("got %v", err)
	}
}
