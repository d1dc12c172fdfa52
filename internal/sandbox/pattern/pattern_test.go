package pattern

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const created = `{"version":"0","detail-type":"Purchase Agreement Created - Proposer","source":"aws.agreement-marketplace","account":"444455556666",
 "resources":["arn:aws:aws-marketplace::aws:agreement:agmt-1","arn:two"],
 "detail":{"agreement":{"id":"agmt-1","intent":"NEW"},"resaleAuthorization":{"id":null},"count":3,"price":10.5,"free":false,"empty":[],"ip":"10.0.0.7",
 "lines":[{"k":"a","n":1},{"k":"b","n":2}]}}`

func TestMatch(t *testing.T) {
	doc, err := Decode(created)
	if err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]bool{
		`{"source":["aws.agreement-marketplace"]}`:                                             true,
		`{"source":["aws.other"]}`:                                                             false,
		`{"source":["aws.other","aws.agreement-marketplace"]}`:                                 true,
		`{"source":["aws.agreement-marketplace"],"detail-type":["x"]}`:                         false,
		`{"source":[{"prefix":"aws."}],"detail-type":[{"suffix":" - Proposer"}]}`:              true,
		`{"source":[{"prefix":{"equals-ignore-case":"AWS."}}]}`:                                true,
		`{"source":[{"suffix":{"equals-ignore-case":"-MARKETPLACE"}}]}`:                        true,
		`{"source":[{"suffix":"aws."}]}`:                                                       false,
		`{"source":[{"equals-ignore-case":"AWS.agreement-MARKETPLACE"}]}`:                      true,
		`{"detail-type":[{"wildcard":"Purchase Agreement * - *"}]}`:                            true,
		`{"detail-type":[{"wildcard":"*Created"}]}`:                                            false,
		`{"detail-type":[{"anything-but":["License Updated - Manufacturer"]}]}`:                true,
		`{"detail-type":[{"anything-but":"Purchase Agreement Created - Proposer"}]}`:           false,
		`{"detail-type":[{"anything-but":{"prefix":"Purchase"}}]}`:                             false,
		`{"detail-type":[{"anything-but":{"suffix":["Acceptor","Manufacturer"]}}]}`:            true,
		`{"detail-type":[{"anything-but":{"wildcard":"*Created*"}}]}`:                          false,
		`{"detail-type":[{"anything-but":{"equals-ignore-case":"LICENSE UPDATED"}}]}`:          true,
		`{"nothing":[{"anything-but":"x"}]}`:                                                   false,
		`{"detail":{"agreement":{"intent":["NEW","RENEW"]}}}`:                                  true,
		`{"detail":{"resaleAuthorization":{"id":[null]}}}`:                                     true,
		`{"detail":{"resaleAuthorization":{"id":[{"exists":true}]}}}`:                          true,
		`{"detail":{"agreement":{"endTime":[{"exists":false}]}}}`:                              true,
		`{"detail":{"agreement":[{"exists":true}]}}`:                                           false, // no leaf
		`{"missing":{"deep":[{"exists":false}]}}`:                                              true,
		`{"missing":{"deep":[{"exists":true}]}}`:                                               false,
		`{"detail":{"empty":[{"exists":true}]}}`:                                               false,
		`{"detail":{"count":[3.0]}}`:                                                           true,
		`{"detail":{"count":["3"]}}`:                                                           false,
		`{"detail":{"count":[{"numeric":[">",2,"<=",3]}]}}`:                                    true,
		`{"detail":{"count":[{"numeric":["<",3]}]}}`:                                           false,
		`{"detail":{"price":[{"numeric":["=",1.05e1]}]}}`:                                      true,
		`{"detail":{"free":[false]}}`:                                                          true,
		`{"detail":{"free":["false"]}}`:                                                        false,
		`{"detail":{"ip":[{"cidr":"10.0.0.0/24"}]}}`:                                           true,
		`{"detail":{"ip":[{"cidr":"10.0.1.0/24"}]}}`:                                           false,
		`{"resources":["arn:two"]}`:                                                            true, // any of the event's list
		`{"resources":["arn:three"]}`:                                                          false,
		`{"detail":{"lines":{"k":["a"],"n":[1]}}}`:                                             true,
		`{"detail":{"lines":{"k":["a"],"n":[2]}}}`:                                             false, // not in one element
		`{"$or":[{"source":["x"]},{"detail":{"count":[3]}}]}`:                                  true,
		`{"$or":[{"source":["x"]},{"detail":{"count":[4]}}]}`:                                  false,
		`{"account":["444455556666"],"$or":[{"source":["x"]},{"detail":{"count":[3]}}]}`:       true,
		`{"account":["1"],"$or":[{"source":["aws.agreement-marketplace"]},{"source":["x"]}]}`:  false,
		`{"detail":{"$or":[{"count":[{"numeric":[">",5]}]},{"agreement":{"id":["agmt-1"]}}]}}`: true,
	} {
		p, err := Parse(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		if got := p.Match(doc); got != want {
			t.Errorf("%s matches: %v, want %v", pattern, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	for pattern, why := range map[string]string{
		``:                                    "not JSON",
		`{`:                                   "not JSON",
		`{} {}`:                               "not JSON",
		`[]`:                                  "must be an object",
		`{}`:                                  "empty objects",
		`{"source":"aws"}`:                    "must be an object or an array",
		`{"source":[]}`:                       "empty arrays",
		`{"detail":{"a":{}}}`:                 `at "detail.a"`,
		`{"a":[["b"]]}`:                       "a list in a list",
		`{"a":[{"starts-with":"b"}]}`:         "unrecognized match type starts-with",
		`{"a":[{"prefix":"b","suffix":"c"}]}`: "alone",
		`{"a":[{"prefix":3}]}`:                "takes a string",
		`{"a":[{"exists":"yes"}]}`:            "true or false",
		`{"a":[{"numeric":[">"]}]}`:           "numeric takes",
		`{"a":[{"numeric":[">",1,">",2]}]}`:   "numeric takes",
		`{"a":[{"numeric":["=",1,"<",2]}]}`:   "numeric takes",
		`{"a":[{"numeric":[">",6e9]}]}`:       "numeric takes",
		`{"a":[{"numeric":[">",5,"<",4]}]}`:   "no number",
		`{"a":[{"cidr":"10.0.0.0"}]}`:         "cidr takes",
		`{"a":[{"anything-but":[]}]}`:         "excludes nothing",
		`{"a":[{"anything-but":[true]}]}`:     "strings and numbers",
		`{"a":[{"anything-but":{"exists":true}}]}`:         "does not take",
		`{"a":[{"wildcard":"a**b"}]}`:                      "two stars",
		`{"a":[{"wildcard":"a\\b"}]}`:                      "stands before",
		`{"$or":[]}`:                                       "alternatives",
		`{"$or":["a"]}`:                                    "must be objects",
		`{"a":[1e999]}`:                                    "too large",
		`{"a":["` + strings.Repeat("x", MaxLength) + `"]}`: "longer than",
	} {
		if _, err := Parse(pattern); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%.60s: %v, want %q", pattern, err, why)
		}
	}
}

// documents are random ones, as patterns see them.
func documents() *rapid.Generator[map[string]any] {
	name := rapid.SampledFrom([]string{"a", "b", "c", "detail", "$"})
	value := rapid.OneOf(rapid.Map(rapid.StringMatching(`[ab*\\"]{0,4}`), func(s string) any { return s }), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.IntRange(-3, 3), func(n int) any { return n }), rapid.Just[any](nil))
	return rapid.Custom(func(t *rapid.T) map[string]any {
		doc := rapid.MapOfN(name, value, 1, 4).Draw(t, "leaves")
		if rapid.Bool().Draw(t, "nested") {
			inner := map[string]any{}
			for k, v := range rapid.MapOfN(name, value, 1, 3).Draw(t, "inner") {
				inner[k] = v
			}
			doc["inner"] = inner
		}
		return doc
	})
}

// leaves makes a pattern of doc by asking for each leaf what f says.
func leaves(doc map[string]any, f func(v any) []any) map[string]any {
	p := map[string]any{}
	for k, v := range doc {
		if inner, ok := v.(map[string]any); ok {
			p[k] = leaves(inner, f)
		} else {
			p[k] = f(v)
		}
	}
	return p
}

func parsed(t *rapid.T, pattern, doc any) bool {
	p, err := json.Marshal(pattern)
	if err != nil {
		t.Fatal(err)
	}
	d, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	pat, err := Parse(string(p))
	if err != nil {
		t.Fatalf("%s: %v", p, err)
	}
	tree, err := Decode(string(d))
	if err != nil {
		t.Fatal(err)
	}
	return pat.Match(tree)
}

// Whatever a document holds, it is as the pattern of itself says, alone and among alternatives; and not as one that
// wants another field.
func TestADocumentMatchesItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := documents().Draw(t, "doc")
		self := leaves(doc, func(v any) []any { return []any{"never this", v} })
		if !parsed(t, self, doc) {
			t.Fatal("not as it is")
		}
		if !parsed(t, map[string]any{"$or": []any{map[string]any{"z": []any{"no"}}, self}}, doc) {
			t.Fatal("not one of the alternatives")
		}
		self["another"] = []any{map[string]any{"exists": true}}
		if parsed(t, self, doc) {
			t.Fatal("has a field that it has not")
		}
	})
}

// anything-but is the opposite of the value, and exists:false of exists:true.
func TestOpposites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := documents().Draw(t, "doc")
		name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "field")
		v, there := doc[name]
		want := rapid.SampledFrom([]any{"a", "b", "", 1, -2}).Draw(t, "value")
		is := parsed(t, map[string]any{name: []any{want}}, doc)
		isNot := parsed(t, map[string]any{name: []any{map[string]any{"anything-but": []any{want}}}}, doc)
		if is && isNot || there != (is || isNot) {
			t.Fatalf("%v: is %v: %v, is not: %v", v, want, is, isNot)
		}
		yes := parsed(t, map[string]any{name: []any{map[string]any{"exists": true}}}, doc)
		no := parsed(t, map[string]any{name: []any{map[string]any{"exists": false}}}, doc)
		if yes == no || yes != there {
			t.Fatalf("exists: %v, and not: %v", yes, no)
		}
	})
}

// A wildcard is the regular expression that it looks like.
func TestWildcards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringMatching(`[ab*\\]{1,2}`), 1, 4).Draw(t, "parts")
		s := rapid.StringMatching(`[ab*\\]{0,8}`).Draw(t, "s")
		if rapid.Bool().Draw(t, "alike") {
			s = strings.Join(parts, rapid.StringMatching(`[ab]{0,2}`).Draw(t, "between"))
		}
		var wildcard, re []string
		for _, p := range parts {
			wildcard = append(wildcard, strings.NewReplacer(`\`, `\\`, `*`, `\*`).Replace(p))
			re = append(re, regexp.QuoteMeta(p))
		}
		want := regexp.MustCompile(`^` + strings.Join(re, `.*`) + `$`).MatchString(s)
		if got := parsed(t, map[string]any{"a": []any{map[string]any{"wildcard": strings.Join(wildcard, "*")}}}, map[string]any{"a": s}); got != want {
			t.Fatalf("%q is like %q: %v", s, wildcard, got)
		}
	})
}

func FuzzPattern(f *testing.F) {
	f.Add(`{"source":[{"prefix":"aws."}],"detail":{"n":[{"numeric":[">",1]}],"$or":[{"a":[{"anything-but":{"wildcard":"x*"}}]},{"b":[null]}]}}`, created)
	f.Add(`{"a":[{"cidr":"::/0"},{"exists":false},{"equals-ignore-case":"ß"}]}`, `{"a":[[["ẞ"]],{},1e999]}`)
	f.Add(`{"a":[{"wildcard":"**"}]}`, `[]`)
	f.Fuzz(func(t *testing.T, pattern, doc string) {
		p, err := Parse(pattern)
		if err != nil {
			return
		}
		tree, err := Decode(doc)
		if err != nil {
			return
		}
		if first, again := p.Match(tree), p.Match(tree); first != again {
			t.Error("two answers")
		}
	})
}
