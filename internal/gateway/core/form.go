package core

import (
	"errors"
	"fmt"
	"slices"
)

// FormField is one question that the seller puts to buyers on the sign-up form, besides those that every account needs. AWS
// leaves to the seller what else it asks, but for payment data, which must never be asked for (AWS Marketplace Seller Guide,
// "SaaS product guidelines").
type FormField struct {
	Name     string // of the answer, for programs: see [FormField.Check]
	Label    string // the question, as buyers read it
	Help     string // stands under the question; may be empty
	Type     FieldType
	Required bool     // of a checkbox: it must be ticked
	Choices  []string // what a ChoiceField is answered with
}

// FieldType is how a question is answered.
type FieldType string

// The types.
const (
	TextField     FieldType = "text"      // a line
	EmailField    FieldType = "email"     // an address
	LongTextField FieldType = "long_text" // lines
	ChoiceField   FieldType = "choice"    // one of [FormField.Choices]
	CheckboxField FieldType = "checkbox"  // yes or no
)

// FieldTypes are all types.
var FieldTypes = []FieldType{TextField, EmailField, LongTextField, ChoiceField, CheckboxField}

// Closed reports whether the answer can only be words of the seller's own, so that it names nobody.
func (t FieldType) Closed() bool { return t == ChoiceField || t == CheckboxField }

// Bounds of what sellers ask and buyers answer.
const (
	MaxFormFields = 20
	MaxChoices    = 100
	MaxLongText   = 1000 // characters of an answer in lines
	maxFieldName  = 40
)

// Check says what is wrong with f as somebody has configured it.
func (f FormField) Check() error {
	switch {
	case f.Name == "" || len(f.Name) > maxFieldName || f.Name[0] < 'a' || f.Name[0] > 'z' || !plainName(f.Name):
		return fmt.Errorf("its name is %q; a name has up to %d letters a to z, digits and _, and begins with a letter", f.Name, maxFieldName)
	case f.Label == "":
		return errors.New("it has no label")
	case !slices.Contains(FieldTypes, f.Type):
		return fmt.Errorf("its type is %q; it is one of %v", f.Type, FieldTypes)
	case f.Type == ChoiceField && (len(f.Choices) < 2 || len(f.Choices) > MaxChoices):
		return fmt.Errorf("it has %d choices; a choice is among 2 to %d", len(f.Choices), MaxChoices)
	case f.Type != ChoiceField && len(f.Choices) > 0:
		return fmt.Errorf("it has choices, and its type is %s", f.Type)
	}
	for i, c := range f.Choices {
		if c == "" || slices.Contains(f.Choices[:i], c) {
			return fmt.Errorf("its choice %q is empty, or stands there twice", c)
		}
	}
	return nil
}

func plainName(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' {
			return false
		}
	}
	return true
}

// CheckForm says what is wrong with fields that stand on one form.
func CheckForm(fields []FormField) error {
	if len(fields) > MaxFormFields {
		return fmt.Errorf("%d fields are too many; a form has up to %d", len(fields), MaxFormFields)
	}
	for i, f := range fields {
		if err := f.Check(); err != nil {
			return fmt.Errorf("field %d: %w", i+1, err)
		}
		if slices.ContainsFunc(fields[:i], func(o FormField) bool { return o.Name == f.Name }) {
			return fmt.Errorf("field %d: the name %s stands there twice", i+1, f.Name)
		}
	}
	return nil
}

// FormOf is the form of a product: what is asked for all of them, and then what is asked for it. A question of its own that
// has the name of one for all stands in that one's place.
func FormOf(all, own []FormField) []FormField {
	form := slices.Clone(all)
	for _, f := range own {
		if i := slices.IndexFunc(form, func(o FormField) bool { return o.Name == f.Name }); i >= 0 {
			form[i] = f
		} else {
			form = append(form, f)
		}
	}
	return form
}
