package agreement

// PaymentTerm is the term by which a seller may ask the buyer for payments, one by one. Source: Agreement API, VariablePaymentTerm.
type PaymentTerm struct {
	ID           string // AWS's name of it
	CurrencyCode string // of every payment
	MaxTotal     string // a decimal: what can be asked for of all payments together
	// Silence is the time, as ISO 8601 writes it (P10D), after which a buyer's silence is a yes; empty: it never is. The buyer
	// chose that with the offer.
	Silence string
}

// PaymentTerm is the term of t by which payments can be asked for; ok is false where it has none.
func (t Terms) PaymentTerm() (p PaymentTerm, ok bool) {
	for _, term := range t.Accepted {
		if term.Name != "variablePaymentTerm" {
			continue
		}
		c, read := term.Read()
		if !read || c.ID == "" {
			continue
		}
		p = PaymentTerm{ID: c.ID, CurrencyCode: c.CurrencyCode, MaxTotal: c.MaxTotal}
		if c.Chosen.Approval == "AUTO_APPROVE_ON_EXPIRATION" {
			p.Silence = c.Chosen.Expiration
		}
		return p, true
	}
	return p, false
}
