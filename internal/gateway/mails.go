package gateway

import (
	"cmp"
	"log/slog"
	"net/mail"
	"net/netip"
	"net/url"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/letter"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/mailer"
	"souk.dev/souk/internal/gateway/portal"
	"souk.dev/souk/internal/gateway/seal"
)

// Mail is how people are sent mails.
type Mail struct {
	Server    string // smtp://user:password@host:587; empty: no mails are sent
	From      string // "Inkwell <hello@inkwell.example>"; empty: the seller's support address, or no-reply at the base URL's host
	ReplyTo   string // empty: the seller's support address, if there is one
	Templates string // a folder whose files replace those of package mailer; empty: none does
}

// Post is the way to the mail server, for letters of the seller's whose links lead to baseURL.
//
// Errors: fail.Invalid for a setting or a template that cannot be used, saying which.
func (m Mail) Post(seller core.Brand, baseURL string, log *slog.Logger) (*mailer.Mailer, error) {
	if m.From == "" {
		m.From = (&mail.Address{Name: seller.Name, Address: cmp.Or(seller.SupportEmail, "no-reply@"+hostOf(baseURL))}).String()
	}
	return mailer.New(mailer.Config{Server: m.Server, From: m.From, ReplyTo: cmp.Or(m.ReplyTo, seller.SupportEmail), Templates: m.Templates, Accent: seller.Accent, Log: log})
}

// hostOf is the name of the host that u is of. A host without a name is a trial's.
func hostOf(u string) string {
	parsed, err := url.Parse(u)
	if err != nil || parsed.Hostname() == "" {
		return "localhost"
	}
	if _, err := netip.ParseAddr(parsed.Hostname()); err == nil {
		return "localhost"
	}
	return parsed.Hostname()
}

// letters is the outbox's channel of mails.
//
// Errors: as of [Mail.Post].
func (c Config) letters(accounts *account.Service, licenses license.Directory, trials letter.Trials, box *seal.Box, clk clock.Clock) (*letter.Service, error) {
	post, err := c.Mail.Post(c.Seller, c.BaseURL, c.Log)
	if err != nil {
		return nil, err
	}
	return letter.New(letter.Config{Post: post, Accounts: accounts, Licenses: licenses, Products: c.Products, Seller: c.Seller,
		BaseURL: c.BaseURL, Market: cmp.Or(c.MarketplaceURL, portal.DefaultMarketplaceURL), Trials: trials, Seal: box.Seal, Clock: clk, Log: c.Log}), nil
}
