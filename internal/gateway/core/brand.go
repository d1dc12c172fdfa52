package core

import "cmp"

// Brand is how the seller shows itself to buyers, on pages and in mails.
type Brand struct {
	Name         string
	SupportEmail string
	SupportURL   string
	Accent       string // a CSS colour, "#rrggbb"; empty: the default look
	Logo         string // a file, for the top of pages; empty: the name and a mark
	Welcome      string // a sentence on the page where buyers make their account; may be empty
}

// Over is b, a product's, with what it leaves open as the seller has it.
func (b Brand) Over(seller Brand) Brand {
	return Brand{
		Name: cmp.Or(b.Name, seller.Name), SupportEmail: cmp.Or(b.SupportEmail, seller.SupportEmail), SupportURL: cmp.Or(b.SupportURL, seller.SupportURL),
		Accent: cmp.Or(b.Accent, seller.Accent), Logo: cmp.Or(b.Logo, seller.Logo), Welcome: cmp.Or(b.Welcome, seller.Welcome),
	}
}
