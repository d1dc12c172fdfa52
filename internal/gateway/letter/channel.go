package letter

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/gateway/threshold"
)

// Channel is the name of the channel.
const Channel = "mail"

// Pages of the portal that letters lead to; the first five with ?proof= or, in a reminder, ?who=.
const (
	VerifyPage      = "/verify"
	ResetPage       = "/password/reset"
	JoinPage        = "/join"
	AddressPage     = "/address"
	UnsubscribePage = "/reminders"
	HomePage        = "/portal"
)

// UnsubscribePurpose is what ?who= of [UnsubscribePage] is sealed for.
const UnsubscribePurpose = "unsubscribe"

// unsubscribeLife is how long a reminder's link works.
const unsubscribeLife = 180 * 24 * time.Hour

// lane is the one lane of all letters: when the mail server is away, it is away for all.
const lane = "server"

// Accounts tells of the people that letters go to.
type Accounts interface {
	Person(ctx context.Context, id core.PersonID) (account.Person, error)
	// Members lists who is in an account: nobody is where the seller keeps it, or where it was erased.
	Members(ctx context.Context, id core.AccountID) ([]account.Member, error)
	IssueProof(ctx context.Context, id core.PersonID, p account.Purpose) (secret string, err error)
	// Invitation finds one that can be accepted; fail.NotFound.
	Invitation(ctx context.Context, id account.InvitationID) (account.Invitation, error)
	// IssueInvitation makes what its link carries; Invited tells what that asks for.
	IssueInvitation(ctx context.Context, id account.InvitationID) (secret string, err error)
	Invited(ctx context.Context, secret string) (account.Invited, error)
	// AddressChange finds a change of address; fail.NotFound. IssueAddressChange makes what the link to the new one carries.
	AddressChange(ctx context.Context, id account.AddressChangeID) (account.AddressChange, error)
	IssueAddressChange(ctx context.Context, id account.AddressChangeID) (secret string, err error)
}

// Trials tells of free trials. It is fulfilled by [agreement.Service].
type Trials interface {
	TrialOf(ctx context.Context, l license.License, now time.Time) (t agreement.Trial, ok bool, err error)
}

// Config is what a service is made of.
type Config struct {
	Post     Post
	Accounts Accounts
	Licenses license.Directory
	Products core.Catalogue
	Seller   core.Brand
	BaseURL  string // how browsers reach the portal
	Market   string // where buyers manage their subscriptions
	Trials   Trials // may be nil: then none is told of
	// Seal makes what a link carries that changes something without a sign-in.
	Seal  func(purpose string, expires time.Time, content []byte) string
	Clock clock.Clock
	Log   *slog.Logger
}

// Service is the outbox's channel to people. It is safe for concurrent use.
type Service struct{ cfg Config }

// New makes a service.
func New(cfg Config) *Service {
	cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	return &Service{cfg}
}

var _ outbox.Channel = (*Service)(nil)

// Name implements [outbox.Channel].
func (s *Service) Name() string { return Channel }

// Plan implements [outbox.Channel]: the person whom e is for, or the owners of the account that e is about, or that owns its
// licence. One that the seller keeps itself has none here, and is the seller's to tell.
func (s *Service) Plan(ctx context.Context, e outbox.Event) ([]outbox.Target, error) {
	name, ok := letters[e.Kind]
	if !ok {
		return nil, nil
	}
	targets := func(ids ...core.PersonID) (to []outbox.Target, err error) {
		for _, id := range ids {
			to = append(to, outbox.Target{To: string(id), Form: string(name), Lane: lane})
		}
		return to, nil
	}
	switch name {
	case Invitation:
		var asked account.AskedIn
		if err := json.Unmarshal(e.Data, &asked); err != nil {
			return nil, fmt.Errorf("read event %s: %w", e.ID, err)
		}
		return targets(core.PersonID(asked.Invitation))
	case NewAddress, AddressChanged:
		var asked account.AddressAsked
		if err := json.Unmarshal(e.Data, &asked); err != nil {
			return nil, fmt.Errorf("read event %s: %w", e.ID, err)
		}
		return targets(core.PersonID(asked.Change))
	}
	if name.personal() && e.Account == "" {
		id, err := personOf(e)
		if err != nil || id == "" {
			return nil, err // somebody asked for a letter in a name that nobody has
		}
		return targets(id)
	}
	to := e.Account
	if l, ok := s.cfg.Licenses.ByID(e.License); ok && to == "" {
		to = l.Account
	}
	if to == "" {
		return nil, nil // nobody has arrived yet
	}
	if name == Refund {
		if told, err := correctionOf(e); err != nil || told.Kind != correction.OverBilled {
			return nil, err
		}
	}
	members, err := s.cfg.Accounts.Members(ctx, to)
	if err != nil {
		return nil, err
	}
	var owners []core.PersonID
	for _, m := range members {
		if m.Role == account.RoleOwner {
			owners = append(owners, m.ID)
		}
	}
	return targets(owners...)
}

// personOf is whom e is for; empty: nobody. Before accounts had members, such an event was about an account instead.
func personOf(e outbox.Event) (core.PersonID, error) {
	var asked account.Asked
	if err := json.Unmarshal(e.Data, &asked); err != nil {
		return "", fmt.Errorf("read event %s: %w", e.ID, err)
	}
	return asked.Person, nil
}

// Carry implements [outbox.Channel].
func (s *Service) Carry(ctx context.Context, d outbox.Delivery, e outbox.Event) outbox.Result {
	p, err := s.reader(ctx, Name(d.Form), d.To)
	switch {
	case fail.Is(err, fail.NotFound):
		return outbox.Result{State: outbox.Dropped, Say: "The person is in no account any more, or what it is about was done or taken back."}
	case err != nil:
		return outbox.Result{State: outbox.Pending, Say: "The person could not be looked up.", Ours: true}
	}
	if say := s.pointless(Name(d.Form), p, e); say != "" {
		return outbox.Result{State: outbox.Dropped, Say: say}
	}
	content, err := s.content(ctx, Name(d.Form), d.To, p, e)
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "a letter cannot be made up", "delivery", d.ID, "letter", d.Form, "err", err)
		return outbox.Result{State: outbox.Pending, Say: "It could not be made up: " + fail.SayOf(err)}
	}
	answer, err := s.cfg.Post.Send(ctx, Letter{ID: string(d.ID), Name: Name(d.Form), Content: content, Date: s.cfg.Clock.Now()})
	return judge(answer, err)
}

// reader is who a letter goes to, and at which address: that of person to, or what an invitation or a change of address called to
// says. Whom an invitation goes to is nobody here yet.
func (s *Service) reader(ctx context.Context, n Name, to string) (account.Person, error) {
	switch n {
	case Invitation:
		in, err := s.cfg.Accounts.Invitation(ctx, account.InvitationID(to))
		return account.Person{Email: in.Email}, err
	case NewAddress, AddressChanged:
		c, err := s.cfg.Accounts.AddressChange(ctx, account.AddressChangeID(to))
		if err == nil && n == NewAddress && !c.Waits() {
			err = fail.New(fail.NotFound, "confirmed", "The address was confirmed meanwhile.")
		}
		if err != nil {
			return account.Person{}, err
		}
		p, err := s.cfg.Accounts.Person(ctx, c.Person)
		if p.Email = c.Email; n == AddressChanged {
			p.Email = c.Was
		}
		return p, err
	}
	return s.cfg.Accounts.Person(ctx, core.PersonID(to))
}

// pointless says why a letter is not sent any more; empty when it is.
func (s *Service) pointless(n Name, p account.Person, e outbox.Event) string {
	switch {
	case n == Reset && s.cfg.Clock.Now().Sub(e.At) >= account.ResetLife:
		return "It was asked for too long ago; whoever still needs it asks again."
	case n == SettingUp && s.setUp(e):
		return "The account was made ready meanwhile."
	case n == Verify && !p.VerifiedAt.IsZero():
		return "The address was verified meanwhile."
	case n.Reminder() && !p.QuietAt.IsZero():
		return "The person wants no reminders."
	case (n == Usage || n == Renewal) && !s.access(e.License):
		return "The subscription ended meanwhile."
	}
	return ""
}

// setUp reports whether the account that e tells to be made ready is.
func (s *Service) setUp(e outbox.Event) bool {
	l, ok := s.cfg.Licenses.ByID(e.License)
	return ok && l.Account != "" && !l.SettingUp
}

func (s *Service) access(id core.LicenseID) bool {
	l, ok := s.cfg.Licenses.ByID(id)
	return ok && l.Standing.Access()
}

// judge says what the mail server's answer means.
func judge(a Answer, err error) outbox.Result {
	switch {
	case fail.Is(err, fail.Invalid):
		return outbox.Result{State: outbox.Pending, Say: fail.SayOf(err)} // somebody mends the template, and it goes
	case err != nil:
		return outbox.Result{State: outbox.Pending, Say: "The mail server did not answer: " + err.Error(), Ours: true}
	}
	res := outbox.Result{State: outbox.Pending, Status: a.Code, Ours: a.Ours, Say: strings.TrimSpace(fmt.Sprintf("The mail server answered %d %s", a.Code, a.Text))}
	switch {
	case a.Code >= 200 && a.Code <= 299:
		res.State = outbox.Delivered
	case a.Code >= 500 && !a.Ours:
		res.State = outbox.Dead
	}
	return res
}

// content is what letter n of e, which was planned for to, says to p.
func (s *Service) content(ctx context.Context, n Name, to string, p account.Person, e outbox.Event) (c Content, err error) {
	c = Content{Seller: s.cfg.Seller, Name: greeting(p.Name), Email: p.Email, Home: s.cfg.BaseURL + HomePage, Market: s.cfg.Market, At: e.At}
	if l, ok := s.cfg.Licenses.ByID(e.License); ok {
		product := s.cfg.Products.Product(l.ProductCode)
		c.Seller = product.Brand.Over(s.cfg.Seller)
		c.Product, c.App, c.Home = product.Title, product.AppURL, c.Home+"/licenses/"+string(l.ID)
		if s.cfg.Trials != nil && n == Ready {
			trial, running, err := s.cfg.Trials.TrialOf(ctx, l, s.cfg.Clock.Now())
			if err != nil {
				return c, err
			}
			if running {
				c.TrialUntil, c.TrialEnds = trial.Until, trial.Ends
			}
		}
	}
	switch n {
	case Welcome, Verify:
		if p.VerifiedAt.IsZero() {
			c.Link, err = s.proof(ctx, VerifyPage, p.ID, account.ToVerify)
			c.Until = s.cfg.Clock.Now().Add(account.VerifyLife)
		}
	case Reset:
		c.Link, err = s.proof(ctx, ResetPage, p.ID, account.ToReset)
		c.Until = s.cfg.Clock.Now().Add(account.ResetLife)
	case Invitation:
		err = s.invitation(ctx, &c, account.InvitationID(to))
	case NewAddress:
		var secret string
		secret, err = s.cfg.Accounts.IssueAddressChange(ctx, account.AddressChangeID(to))
		c.Link, c.Until = s.link(AddressPage, secret), s.cfg.Clock.Now().Add(account.AddressLife)
	case SettingUp:
		var told register.Told
		err = json.Unmarshal(e.Data, &told)
		c.Until, c.Say = told.Registration.DueAt, s.cfg.Products.Product(told.Registration.ProductCode).ManualSetup.Message
	case Ready, Cancelling, Ended, PaymentFailed:
		var told license.Told
		err = json.Unmarshal(e.Data, &told)
		c.At, c.Why, c.Until, c.EndReason = told.License.Since, told.License.Why, told.License.ClosesAt, string(s.endReason(told.License))
	case Refund:
		var told correction.Snapshot
		told, err = correctionOf(e)
		c.Amount, c.Currency = told.Given, told.Currency
		c.Month = monthName(told.Month)
	case Usage:
		err = s.usage(&c, e)
	case Renewal:
		var told agreement.Ending
		err = json.Unmarshal(e.Data, &told)
		c.Until, c.Renews, c.FreeTrial, c.Negotiated = told.EndsAt, told.Renews(), told.FreeTrial, told.Negotiated
	}
	if n.Reminder() {
		c.Unsubscribe = s.cfg.BaseURL + UnsubscribePage + "?" + url.Values{"who": {s.cfg.Seal(UnsubscribePurpose, s.cfg.Clock.Now().Add(unsubscribeLife), []byte(p.ID))}}.Encode()
	}
	return c, err
}

// endReason is why AWS says that the licence ended. Notices come in any order: where the first of its end said nothing of why, another
// may have since.
func (s *Service) endReason(told license.Snapshot) license.EndReason {
	if l, ok := s.cfg.Licenses.ByID(told.ID); ok && told.EndReason == "" && l.Standing.OpensAt.Equal(told.OpensAt) {
		return l.Standing.EndReason
	}
	return told.EndReason
}

// invitation fills in what the letter of an invitation says. Who asks, and for which company, are words of a customer's to
// somebody who may not know them: they are told as names are that greet.
func (s *Service) invitation(ctx context.Context, c *Content, id account.InvitationID) error {
	secret, err := s.cfg.Accounts.IssueInvitation(ctx, id)
	if err != nil {
		return err
	}
	in, err := s.cfg.Accounts.Invited(ctx, secret)
	if err != nil {
		return err
	}
	c.Link, c.Until = s.link(JoinPage, secret), in.Expires
	c.From, c.Company = greeting(in.ByName), greeting(in.Company)
	return nil
}

// usage fills in what a letter about usage says.
func (s *Service) usage(c *Content, e outbox.Event) error {
	var told threshold.Told
	if err := json.Unmarshal(e.Data, &told); err != nil {
		return fmt.Errorf("read event %s: %w", e.ID, err)
	}
	l, _ := s.cfg.Licenses.ByID(e.License)
	m := s.cfg.Products.Product(l.ProductCode).Measure(told.Dimension)
	c.What, c.Unit, c.Until = cmp.Or(m.Name, string(told.Dimension)), m.Unit, told.Until
	c.Percent, c.Used, c.Limit, c.Budget = told.Percent, told.Used.String(), told.Limit.String(), told.Of == threshold.Budget
	if told.Currency != "" { // of money, for all that is metered
		c.What, c.Unit = "usage", told.Currency
	}
	c.Month = monthName(told.Period)
	return nil
}

// monthName is a month such as 2026-10 in words; empty where it is none.
func monthName(month string) string {
	t, err := time.Parse("2006-01", month)
	if err != nil {
		return ""
	}
	return t.Format("January 2006")
}

// greeting is the name by which somebody is greeted: none where it would lead somewhere. An account may be made with a stranger's
// address, and the mail that tells them must not be an advertisement.
func greeting(name string) string {
	if strings.ContainsAny(name, "/:@") || strings.Contains(strings.ToLower(name), "www.") {
		return ""
	}
	return name
}

func (s *Service) proof(ctx context.Context, page string, id core.PersonID, p account.Purpose) (string, error) {
	secret, err := s.cfg.Accounts.IssueProof(ctx, id, p)
	return s.link(page, secret), err
}

// link leads to a page that wants what a mail has carried.
func (s *Service) link(page, secret string) string {
	return s.cfg.BaseURL + page + "?" + url.Values{"proof": {secret}}.Encode()
}

func correctionOf(e outbox.Event) (correction.Snapshot, error) {
	var told correction.Told
	if err := json.Unmarshal(e.Data, &told); err != nil {
		return correction.Snapshot{}, fmt.Errorf("read event %s: %w", e.ID, err)
	}
	return told.Correction, nil
}
