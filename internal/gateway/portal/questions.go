package portal

import (
	"net/url"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/webui"
)

// answerPrefix stands before the name of a question of the seller's, in forms, so that it never is one of ours.
const answerPrefix = "answer-"

// maxRegistrationForm bounds the forms with the seller's questions, in bytes: a character takes up to four, each written as three.
const maxRegistrationForm = maxForm + core.MaxFormFields*core.MaxLongText*4*3

// questions are what the seller asks buyers of the product, besides what every account needs.
func (p *Portal) questions(code core.ProductCode) []core.FormField {
	return core.FormOf(p.FormFields, p.Products.Product(code).FormFields)
}

// readAnswers reads what was entered to the questions.
func readAnswers(asked []core.FormField, in url.Values) ([]register.Answer, account.FieldErrors) {
	return register.ReadAnswers(asked, func(name string) string { return in.Get(answerPrefix + name) })
}

// questionFields are the questions with what was entered, and what is wrong with it.
func questionFields(asked []core.FormField, in url.Values, bad account.FieldErrors) (fields []webui.Field) {
	for _, q := range asked {
		f := webui.Field{Name: answerPrefix + q.Name, Label: q.Label, Hint: q.Help, Required: q.Required, Value: in.Get(answerPrefix + q.Name), Error: bad[q.Name]}
		switch q.Type {
		case core.EmailField:
			f.Type, f.MaxLength = "email", account.MaxEmail
		case core.LongTextField:
			f.Type, f.MaxLength = "textarea", core.MaxLongText
		case core.ChoiceField:
			f.Type, f.Options = "select", []webui.Choice{{Label: "Choose …"}}
			for _, c := range q.Choices {
				f.Options = append(f.Options, webui.Choice{Value: c, Label: c})
			}
		case core.CheckboxField:
			f.Type, f.Checked, f.Value = "checkbox", f.Value != "", "yes"
		default:
			f.MaxLength = account.MaxName
		}
		fields = append(fields, f)
	}
	return fields
}
