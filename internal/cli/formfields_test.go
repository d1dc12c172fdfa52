package cli

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

func TestQuestionsToBuyersOfAllProductsAndOfOne(t *testing.T) {
	var all formFieldsValue
	if err := all.Set(`[{"name":"phone","label":"Phone number"},{"name":"size","label":"How many?","help":"About.","type":"choice","choices":["few","many"],"required":true}]`); err != nil {
		t.Fatal(err)
	}
	var v productsValue
	if err := v.Set(`[{"productCode":"p","formFields":[{"name":"phone","label":"Phone number","required":true},{"name":"why","label":"Why?","type":"long_text"}]}]`); err != nil {
		t.Fatal(err)
	}
	want := []core.FormField{{Name: "phone", Label: "Phone number", Type: core.TextField, Required: true},
		{Name: "size", Label: "How many?", Help: "About.", Type: core.ChoiceField, Required: true, Choices: []string{"few", "many"}}, {Name: "why", Label: "Why?", Type: core.LongTextField}}
	if got := core.FormOf(all, v[0].FormFields); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := core.FormOf(all, nil); !reflect.DeepEqual(got, []core.FormField(all)) || all[0].Required {
		t.Errorf("%+v", got)
	}
}

func TestQuestionsThatCannotBe(t *testing.T) {
	for text, want := range map[string]string{
		`{"name":"a"}`:                                                   "JSON array",
		`[{"name":"a","label":"A"}] []`:                                  "one JSON array",
		`[{"name":"a","label":"A","size":3}]`:                            "unknown field",
		`[{"label":"A"}]`:                                                `its name is ""`,
		`[{"name":"Größe","label":"A"}]`:                                 "begins with a letter",
		`[{"name":"a"}]`:                                                 "it has no label",
		`[{"name":"a","label":"A","type":"card"}]`:                       `its type is "card"`,
		`[{"name":"a","label":"A","type":"choice"}]`:                     "it has 0 choices",
		`[{"name":"a","label":"A","choices":["b","c"]}]`:                 "its type is text",
		`[{"name":"a","label":"A","type":"choice","choices":["b","b"]}]`: "stands there twice",
		`[{"name":"a","label":"A"},{"name":"a","label":"B"}]`:            "field 2: the name a stands there twice",
		`[` + strings.Repeat(`{"name":"a","label":"A"},`, core.MaxFormFields) + `{"name":"a","label":"A"}]`: "are too many",
	} {
		var v formFieldsValue
		if err := v.Set(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v; want %s", text, err, want)
		}
	}
	var v productsValue
	if err := v.Set(`[{"productCode":"p","signUpUrl":"https://app.example.com/","formFields":[{"name":"a","label":"A"}]}]`); err == nil || !strings.Contains(err.Error(), "asks its buyers itself") {
		t.Errorf("%v", err)
	}
	if err := v.Set(`[{"productCode":"p","formFields":[{"name":"a"}]}]`); err == nil || !strings.Contains(err.Error(), "its form: field 1: it has no label") {
		t.Errorf("%v", err)
	}
}

// A form in a configuration file is YAML.
func TestQuestionsInAFile(t *testing.T) {
	c, err := parseConfig("souk.yaml", []byte("form-fields:\n  - name: size\n    label: How many people?\n    type: choice\n    choices: [1-10, more]\n    required: true\n"))
	if err != nil {
		t.Fatal(err)
	}
	var v formFieldsValue
	if err := v.Set(c.entries["form-fields"].value); err != nil || len(v) != 1 || v[0].Choices[1] != "more" || !v[0].Required {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestAccountsThatAreMadeReadyByHand(t *testing.T) {
	var v productsValue
	if err := v.Set(`[{"productCode":"p","manualSetup":{"within":"2d","message":"We call you."}},{"productCode":"q"}]`); err != nil {
		t.Fatal(err)
	}
	if want := (core.ManualSetup{Within: 48 * time.Hour, Message: "We call you."}); v[0].ManualSetup != want || !v[0].Manual() || v[1].Manual() {
		t.Errorf("%+v", v)
	}
	for text, want := range map[string]string{
		`{"message":"We call you."}`: "within what time",
		`{"within":"soon"}`:          "duration such as 24h",
		`{"within":"-2d"}`:           "duration such as 24h",
		`{"within":"2d","message":"` + strings.Repeat("x", maxSetupMessage+1) + `"}`: "1001 bytes",
	} {
		if err := v.Set(`[{"productCode":"p","manualSetup":` + text + `}]`); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v; want %s", text, err, want)
		}
	}
	if err := v.Set(`[{"productCode":"p","signUpUrl":"https://app.example.com/","manualSetup":{"within":"2d"}}]`); err == nil || !strings.Contains(err.Error(), "tells its buyers itself") {
		t.Errorf("%v", err)
	}
}

func TestABrandOfAProduct(t *testing.T) {
	var v productsValue
	if err := v.Set(`[{"productCode":"p","brand":{"name":"Quill","supportEmail":"a@quill.example","supportUrl":"https://quill.example","accent":"#225533","logo":"quill.svg","welcome":"Good to have you."}},{"productCode":"q"}]`); err != nil {
		t.Fatal(err)
	}
	want := core.Brand{Name: "Quill", SupportEmail: "a@quill.example", SupportURL: "https://quill.example", Accent: "#225533", Logo: "quill.svg", Welcome: "Good to have you."}
	all := core.Brand{Name: "Inkwell", Accent: "#7a3e8a"}
	if v[0].Brand != want || v[0].Brand.Over(all) != want || v[1].Brand.Over(all) != all {
		t.Errorf("%+v", v)
	}
}
