package register

import (
	"slices"
	"strings"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/credential"
)

// Answer is what a buyer answered to one of the seller's questions. It is about a person, and erased with their account.
type Answer struct {
	Name  string         `json:"name"`
	Label string         `json:"label"` // the question, as it was asked
	Type  core.FieldType `json:"type"`
	Value string         `json:"value"` // a checkbox's is "true" or "false"
}

// ReadAnswers reads what was entered into the fields of a form: entered gives it by the field's name. A question that may be
// left out and was is not among the answers; a checkbox always is.
//
// Errors: by the field's name, what is to be changed; nil where nothing is.
func ReadAnswers(form []core.FormField, entered func(name string) string) (answers []Answer, bad account.FieldErrors) {
	for _, f := range form {
		value, say := readAnswer(f, entered(f.Name))
		switch {
		case say != "":
			if bad == nil {
				bad = account.FieldErrors{}
			}
			bad[f.Name] = say
		case value != "":
			answers = append(answers, Answer{f.Name, f.Label, f.Type, value})
		}
	}
	return answers, bad
}

// readAnswer is what text, as it was entered, answers to f; or what is wrong with it.
func readAnswer(f core.FormField, text string) (value, say string) {
	if f.Type == core.CheckboxField {
		switch {
		case text != "":
			return "true", ""
		case f.Required:
			return "", "Tick this to go on."
		}
		return "false", ""
	}
	if f.Type == core.LongTextField {
		value = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) // browsers send lines' ends as RFC 5322 has them
	} else {
		value = strings.Join(strings.Fields(text), " ")
	}
	switch {
	case value == "" && !f.Required:
		return "", ""
	case value == "" && f.Type == core.ChoiceField:
		return "", "Choose one."
	case value == "" && f.Type != core.EmailField: // of which more is said below
		return "", "Fill this in."
	}
	switch f.Type {
	case core.EmailField:
		say = credential.CheckEmail(value)
	case core.ChoiceField:
		value = text // as the seller wrote it
		if !slices.Contains(f.Choices, value) {
			say = "Choose one of the list."
		}
	case core.LongTextField:
		say = credential.CheckText(strings.NewReplacer("\n", " ", "\t", " ").Replace(value), core.MaxLongText)
	default:
		say = credential.CheckText(value, credential.MaxName)
	}
	if say != "" {
		return "", say
	}
	return value, ""
}

// toldAnswers are those that may be told to programs: they are the seller's own words. What a buyer has written travels
// nowhere by itself; the API tells it to whoever may know.
func toldAnswers(all []Answer) (told []Answer) {
	for _, a := range all {
		if a.Type.Closed() {
			told = append(told, a)
		}
	}
	return told
}
