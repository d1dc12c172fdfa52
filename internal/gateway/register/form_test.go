package register_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/register"
)

var questions = []core.FormField{
	{Name: "phone", Label: "Phone number", Type: core.TextField},
	{Name: "contact", Label: "Address for incidents", Type: core.EmailField, Required: true},
	{Name: "purpose", Label: "What is it for?", Type: core.LongTextField},
	{Name: "size", Label: "How many people?", Type: core.ChoiceField, Required: true, Choices: []string{"1–10", " more "}},
	{Name: "terms", Label: "I have read the terms", Type: core.CheckboxField, Required: true},
	{Name: "news", Label: "News, please", Type: core.CheckboxField},
}

func read(entered map[string]string) ([]register.Answer, map[string]string) {
	answers, bad := register.ReadAnswers(questions, func(name string) string { return entered[name] })
	return answers, bad
}

func TestAnswersAreReadAsTheyWereAsked(t *testing.T) {
	got, bad := read(map[string]string{"phone": "  +44  20 7946 0000 ", "contact": " soc@acme.example ", "purpose": "\r\nBooks,\r\n\tand letters. ", "size": " more ", "terms": "yes", "other": "what nobody asked"})
	want := []register.Answer{{"phone", "Phone number", core.TextField, "+44 20 7946 0000"}, {"contact", "Address for incidents", core.EmailField, "soc@acme.example"},
		{"purpose", "What is it for?", core.LongTextField, "Books,\n\tand letters."}, {"size", "How many people?", core.ChoiceField, " more "},
		{"terms", "I have read the terms", core.CheckboxField, "true"}, {"news", "News, please", core.CheckboxField, "false"}}
	if len(bad) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\ngot  %+v\nwant %+v", bad, got, want)
	}
	if got, bad := read(map[string]string{"contact": "a@b.example", "size": "1–10", "terms": "on"}); len(bad) > 0 || len(got) != 4 {
		t.Errorf("what was left out is among %+v, %v", got, bad)
	}
}

func TestEachMistakeIsSaidOfItsField(t *testing.T) {
	good := map[string]string{"contact": "a@b.example", "size": "1–10", "terms": "yes"}
	for field, entered := range map[string][]string{
		"phone": {strings.Repeat("1", 121), "a\x00b", "\xff"}, "contact": {"", "ada", "a@b"}, "purpose": {strings.Repeat("x", core.MaxLongText+1), "a\u202eb"},
		"size": {"", "11–20", "more"}, "terms": {""},
	} {
		for _, value := range entered {
			form := map[string]string{}
			for k, v := range good {
				form[k] = v
			}
			form[field] = value
			if _, bad := read(form); len(bad) != 1 || bad[field] == "" {
				t.Errorf("%s %.20q: %v", field, value, bad)
			}
		}
	}
	if _, bad := read(nil); len(bad) != 3 {
		t.Errorf("an empty form: %v", bad)
	}
}

func FuzzReadAnswers(f *testing.F) {
	f.Add("+44", "a@b.example", "x\r\ny", "1–10", "yes")
	f.Add("\xff", "<a@b>", "\x00", " more ", "")
	f.Fuzz(func(t *testing.T, phone, contact, purpose, size, terms string) {
		answers, bad := read(map[string]string{"phone": phone, "contact": contact, "purpose": purpose, "size": size, "terms": terms})
		said := map[string]bool{}
		for _, a := range answers {
			if bad[a.Name] != "" || said[a.Name] || a.Value == "" || !utf8.ValidString(a.Value) || utf8.RuneCountInString(a.Value) > core.MaxLongText || strings.ContainsAny(a.Value, "\x00\r\x1b") {
				t.Errorf("%+v, %v", a, bad)
			}
			if q := questions[slices.IndexFunc(questions, func(q core.FormField) bool { return q.Name == a.Name })]; q.Type == core.ChoiceField && !slices.Contains(q.Choices, a.Value) {
				t.Errorf("no choice: %q", a.Value)
			}
			said[a.Name] = true
			// What was answered can be entered again.
			if again, bad := register.ReadAnswers(questions, func(string) string { return a.Value }); bad[a.Name] != "" || a.Type != core.CheckboxField && !slices.Contains(again, a) {
				t.Errorf("%+v is read again as %+v, %v", a, again, bad)
			}
		}
		for _, q := range questions {
			if q.Required && !said[q.Name] && bad[q.Name] == "" {
				t.Errorf("%s is neither answered nor wrong", q.Name)
			}
		}
	})
}

// Programs are told the seller's own words, and nothing that a person has written.
func TestWhatPeopleHaveWrittenIsNotTold(t *testing.T) {
	w := newWorld(t, nil)
	w.aws["t"] = license.Buyer{ProductCode: "p", ARN: "arn:1", Customer: "111122223333"}
	reg, err := w.Arrive(t.Context(), "t", "")
	if err != nil {
		t.Fatal(err)
	}
	answers, _ := read(map[string]string{"phone": "secret phone", "contact": "secret@acme.example", "purpose": "secret purpose", "size": "1–10", "terms": "yes"})
	claimed, err := w.Claim(t.Context(), reg.ID, w.a, answers)
	if err != nil || !reflect.DeepEqual(claimed.Answers, answers) {
		t.Fatalf("%+v, %v", claimed, err)
	}
	told, err := w.db.Outbox().Unspread(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(told, func(e outbox.Event) bool { return e.Kind == outbox.RegistrationCompleted })
	if i < 0 {
		t.Fatalf("told %+v", told)
	}
	if data := string(told[i].Data); strings.Contains(data, "secret") || !strings.Contains(data, `"name":"size","label":"How many people?","type":"choice","value":"1–10"`) || !strings.Contains(data, `"news"`) {
		t.Errorf("told %s", data)
	}
}
