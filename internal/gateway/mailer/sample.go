package mailer

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/letter"
)

// Sample is what a letter of that name might say: templates are tried with it, and so is a mail server.
func Sample(name letter.Name) letter.Content {
	at := time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)
	c := letter.Content{
		Seller: core.Brand{Name: "Inkwell", SupportEmail: "help@inkwell.example", SupportURL: "https://inkwell.example/help"},
		Name:   "Ada Lovelace", Email: "ada@acme.example", Product: "Inkwell Pages", Home: "https://buy.inkwell.example/portal/licenses/lic_7",
		App: "https://app.inkwell.example/", Market: "https://console.aws.amazon.com/marketplace/home#/subscriptions", At: at, Until: at.Add(time.Hour),
		Why: "AWS Marketplace says so.", Amount: "12.50", Currency: "USD", Month: "October 2026",
	}
	switch name {
	case letter.Welcome, letter.Verify:
		c.Link = "https://buy.inkwell.example" + letter.VerifyPage + "?proof=this-is-a-sample"
	case letter.SettingUp:
		c.Until, c.Say = at.Add(48*time.Hour), "Our team makes your workspace and calls you to show you around."
	case letter.Usage:
		c.Percent, c.Used, c.Limit, c.What, c.Unit, c.Until = 80, "8250", "10000", "Pages made", "Pages", time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	case letter.Renewal:
		c.Until = time.Date(2026, 12, 2, 9, 30, 0, 0, time.UTC)
	case letter.Invitation:
		c.Link, c.From, c.Company = "https://buy.inkwell.example"+letter.JoinPage+"?proof=this-is-a-sample", "Ada Lovelace", "Analytical Engines"
	case letter.NewAddress:
		c.Link = "https://buy.inkwell.example" + letter.AddressPage + "?proof=this-is-a-sample"
	case letter.Reset:
		c.Link = "https://buy.inkwell.example" + letter.ResetPage + "?proof=this-is-a-sample"
	}
	if name.Reminder() {
		c.Unsubscribe = "https://buy.inkwell.example" + letter.UnsubscribePage + "?who=this-is-a-sample"
	}
	return c
}
