package letter

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
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
	"souk.dev/souk/internal/gateway/usage"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// people are those in accounts, by id, and what was issued for them.
type people struct {
	all    map[core.PersonID]account.Person
	in     map[core.AccountID][]account.Member
	issued []account.Purpose
	broken error
}

func (p *people) Person(_ context.Context, id core.PersonID) (account.Person, error) {
	if p.broken != nil {
		return account.Person{}, p.broken
	}
	a, ok := p.all[id]
	if !ok {
		return a, fail.New(fail.NotFound, "no_such_person", "There is no such person.")
	}
	return a, nil
}

func (p *people) Members(_ context.Context, id core.AccountID) ([]account.Member, error) {
	return p.in[id], p.broken
}

func (p *people) IssueProof(_ context.Context, _ core.PersonID, purpose account.Purpose) (string, error) {
	p.issued = append(p.issued, purpose)
	return "secret&1", nil
}

func (p *people) Invitation(_ context.Context, id account.InvitationID) (account.Invitation, error) {
	if id != "inv_1" {
		return account.Invitation{}, fail.New(fail.NotFound, "no_such_invitation", "There is no such invitation.")
	}
	return account.Invitation{ID: id, Email: "ben@acme.example"}, nil
}

func (p *people) IssueInvitation(context.Context, account.InvitationID) (string, error) {
	return "secret&2", nil
}

func (p *people) AddressChange(_ context.Context, id account.AddressChangeID) (account.AddressChange, error) {
	c := account.AddressChange{ID: id, Person: "per_1", Email: "king@acme.example"}
	switch id {
	case "adr_1":
		return c, nil
	case "adr_2":
		c.Was, c.ChangedAt = "ada@old.example", noon
		return c, nil
	}
	return c, fail.New(fail.NotFound, "no_such_proof", "This link was used before, or is too old.")
}

func (p *people) IssueAddressChange(context.Context, account.AddressChangeID) (string, error) {
	return "secret&3", nil
}

func (p *people) Invited(_ context.Context, secret string) (account.Invited, error) {
	return account.Invited{Invitation: account.Invitation{Expires: noon.Add(account.InvitationLife)}, Company: "Acme", ByName: "Win at www.evil.example"}, nil
}

// shelf is a directory of one licence.
type shelf struct {
	license.Directory
	l license.License
}

func (s shelf) ByID(id core.LicenseID) (license.License, bool) { return s.l, id == s.l.ID }

// bag is what was sent.
type bag struct {
	sent   []Letter
	answer Answer
	err    error
}

func (b *bag) Send(_ context.Context, l Letter) (Answer, error) {
	b.sent = append(b.sent, l)
	return b.answer, b.err
}

type desk struct {
	*Service
	people *people
	bag    *bag
	clk    *clock.Virtual
	lic    license.License
}

func newDesk() *desk {
	d := &desk{clk: clock.NewVirtual(noon), bag: &bag{answer: Answer{Code: 250, Text: "OK"}},
		people: &people{all: map[core.PersonID]account.Person{"per_1": {ID: "per_1", Email: "ada@acme.example", Name: "Ada Lovelace"}},
			in: map[core.AccountID][]account.Member{"acc_1": {owner("per_1")}}},
		lic: license.License{ID: "lic_1", ProductCode: "p", Account: "acc_1", Standing: license.Standing{State: license.WindingDown, ActivatedAt: noon.Add(-24 * time.Hour), Why: "The buyer cancelled.", Since: noon.Add(-time.Minute), ClosesAt: noon.Add(time.Hour)}}}
	d.Service = New(Config{Post: d.bag, Accounts: d.people, Licenses: shelf{l: d.lic}, Products: core.Catalogue{{Code: "p", Title: "Pages", AppURL: "https://app.example/", Dimensions: []core.Measure{{Key: "gb", Name: "Storage", Unit: "GB"}}}},
		Seller: core.Brand{Name: "Inkwell"}, BaseURL: "https://buy.example/", Market: "https://aws.example/",
		Seal: func(purpose string, _ time.Time, content []byte) string { return purpose + " of " + string(content) }, Clock: d.clk, Log: slog.New(slog.DiscardHandler)})
	return d
}

func owner(id core.PersonID) account.Member {
	return account.Member{Person: account.Person{ID: id}, Role: account.RoleOwner}
}

// end lets the licence end.
func (d *desk) end() {
	d.lic.Standing.State = license.Ended
	d.cfg.Licenses = shelf{l: d.lic}
}

func event(kind outbox.Kind, about outbox.Subject, data any) outbox.Event {
	return outbox.NewEvent(kind, noon, about, data)
}

func (d *desk) told() license.Told { return license.Told{License: d.lic.Snapshot()} }

// carry sends the letter that e is told in.
func (d *desk) carry(t *testing.T, e outbox.Event) outbox.Result {
	t.Helper()
	targets, err := d.Plan(t.Context(), e)
	if err != nil || len(targets) != 1 {
		t.Fatalf("%s goes to %v, %v", e.Kind, targets, err)
	}
	return d.Carry(t.Context(), outbox.Delivery{ID: "dlv_1", Event: e.ID, Kind: e.Kind, Target: targets[0]}, e)
}

func TestWhoIsToldInWhichLetter(t *testing.T) {
	d := newDesk()
	owner, lic, her := outbox.Subject{Account: "acc_1"}, outbox.Subject{License: "lic_1"}, account.Asked{Person: "per_1"}
	given := correction.Told{Correction: correction.Snapshot{Kind: correction.OverBilled, Given: "12.50", Currency: "USD", Month: "2026-10"}}
	for _, c := range []struct {
		e    outbox.Event
		want string // person and letter
	}{
		{event(outbox.AccountCreated, owner, 1), "per_1 welcome"}, {event(outbox.VerifyAsked, owner, 1), "per_1 verify"}, // as they were before accounts had members
		{event(outbox.VerifyAsked, outbox.Subject{}, her), "per_1 verify"}, {event(outbox.ResetAsked, outbox.Subject{}, her), "per_1 reset"},
		{event(outbox.ResetAsked, outbox.Subject{}, account.Asked{}), ""}, {event(outbox.PasswordChanged, outbox.Subject{}, her), "per_1 password-changed"},
		{event(outbox.FactorAdded, outbox.Subject{}, her), "per_1 factor-added"}, {event(outbox.FactorRemoved, outbox.Subject{}, her), "per_1 factor-removed"},
		{event(outbox.PasskeyAdded, outbox.Subject{}, her), "per_1 passkey-added"}, {event(outbox.PasskeyRemoved, outbox.Subject{}, her), "per_1 passkey-removed"},
		{event(outbox.InvitationAsked, outbox.Subject{}, account.AskedIn{Invitation: "inv_1"}), "inv_1 invitation"},
		{event(outbox.AddressAsked, outbox.Subject{}, account.AddressAsked{Change: "adr_1"}), "adr_1 new-address"},
		{event(outbox.AddressChanged, outbox.Subject{}, account.AddressAsked{Change: "adr_2"}), "adr_2 address-changed"},
		{event(outbox.RegistrationSettingUp, outbox.Subject{License: "lic_1", Account: "acc_1"}, 1), "per_1 setting-up"},
		{event(outbox.LicenseReady, outbox.Subject{License: "lic_1", Account: "acc_1"}, d.told()), "per_1 ready"}, {event(outbox.LicenseWindingDown, lic, d.told()), "per_1 cancelling"},
		{event(outbox.LicenseEnded, lic, d.told()), "per_1 ended"}, {event(outbox.LicenseFailed, lic, d.told()), "per_1 payment-failed"},
		{event(outbox.CorrectionCompleted, lic, given), "per_1 refund"},
		{event(outbox.CorrectionCompleted, lic, correction.Told{Correction: correction.Snapshot{Kind: correction.UnderBilled}}), ""},
		{event(outbox.UsageThreshold, lic, threshold.Told{}), "per_1 usage"}, {event(outbox.AgreementEnding, lic, agreement.Ending{}), "per_1 renewal"},
		{event(outbox.LicenseActive, lic, d.told()), ""}, {event(outbox.LicenseUpdated, lic, d.told()), ""}, {event(outbox.WebhookTest, owner, 1), ""},
		{event(outbox.LicenseEnded, outbox.Subject{License: "lic_other"}, d.told()), ""}, {event(outbox.AccountCreated, outbox.Subject{Account: "acc_gone"}, 1), ""},
		{event(outbox.LicenseReady, outbox.Subject{License: "lic_1", Account: "acc_ref"}, d.told()), ""},
	} {
		targets, err := d.Plan(t.Context(), c.e)
		got := ""
		for _, to := range targets {
			got += to.To + " " + to.Form
		}
		if err != nil || got != c.want {
			t.Errorf("%s of %q%q: %q, %v; want %q", c.e.Kind, c.e.Account, c.e.License, got, err, c.want)
		}
	}
	for kind, name := range letters {
		if name == "" || !strings.Contains(strings.Join(names(), " "), string(name)) {
			t.Errorf("%s is told in %q", kind, name)
		}
	}
	d.people.broken = errors.New("the database is away")
	if _, err := d.Plan(t.Context(), event(outbox.AccountCreated, owner, 1)); err == nil {
		t.Error("whom it goes to was worked out without knowing them")
	}
}

func names() (all []string) {
	for _, n := range Names {
		all = append(all, string(n))
	}
	return all
}

// All owners of an account are told what happens to it, and nobody else in it.
func TestEveryOwnerIsTold(t *testing.T) {
	d := newDesk()
	d.people.in["acc_1"] = []account.Member{owner("per_1"), {Person: account.Person{ID: "per_2"}, Role: account.RoleMember}, owner("per_3")}
	targets, err := d.Plan(t.Context(), event(outbox.LicenseEnded, outbox.Subject{License: "lic_1"}, d.told()))
	if err != nil || len(targets) != 2 || targets[0].To != "per_1" || targets[1].To != "per_3" {
		t.Errorf("told: %+v, %v", targets, err)
	}
}

func TestWhatLettersSay(t *testing.T) {
	d := newDesk()
	common := Content{Seller: core.Brand{Name: "Inkwell"}, Name: "Ada Lovelace", Email: "ada@acme.example", Home: "https://buy.example/portal", Market: "https://aws.example/", At: noon}
	with := func(f func(*Content)) Content { c := common; f(&c); return c }
	bought := func(c *Content) {
		c.Product, c.App, c.Home = "Pages", "https://app.example/", "https://buy.example/portal/licenses/lic_1"
	}
	lic := outbox.Subject{License: "lic_1"}
	for _, c := range []struct {
		e    outbox.Event
		want Content
	}{
		{event(outbox.AccountCreated, outbox.Subject{Account: "acc_1"}, 1), with(func(c *Content) {
			c.Link, c.Until = "https://buy.example/verify?proof=secret%261", noon.Add(account.VerifyLife)
		})},
		{event(outbox.ResetAsked, outbox.Subject{}, account.Asked{Person: "per_1"}), with(func(c *Content) {
			c.Link, c.Until = "https://buy.example/password/reset?proof=secret%261", noon.Add(account.ResetLife)
		})},
		{event(outbox.PasswordChanged, outbox.Subject{}, account.Asked{Person: "per_1"}), common},
		{event(outbox.InvitationAsked, outbox.Subject{}, account.AskedIn{Invitation: "inv_1"}), with(func(c *Content) {
			c.Name, c.Email, c.Company = "", "ben@acme.example", "Acme" // who asks has a name that leads somewhere
			c.Link, c.Until = "https://buy.example/join?proof=secret%262", noon.Add(account.InvitationLife)
		})},
		{event(outbox.AddressAsked, outbox.Subject{}, account.AddressAsked{Change: "adr_1"}), with(func(c *Content) {
			c.Email, c.Link, c.Until = "king@acme.example", "https://buy.example/address?proof=secret%263", noon.Add(account.AddressLife)
		})},
		{event(outbox.AddressChanged, outbox.Subject{}, account.AddressAsked{Change: "adr_2"}), with(func(c *Content) { c.Email = "ada@old.example" })},
		{event(outbox.LicenseWindingDown, lic, d.told()), with(func(c *Content) {
			bought(c)
			c.At, c.Until, c.Why = noon.Add(-time.Minute), noon.Add(time.Hour), "The buyer cancelled."
		})},
		{event(outbox.CorrectionCompleted, lic, correction.Told{Correction: correction.Snapshot{Kind: correction.OverBilled, Given: "12.50", Currency: "USD", Month: "2026-10"}}), with(func(c *Content) {
			bought(c)
			c.Amount, c.Currency, c.Month = "12.50", "USD", "October 2026"
		})},
		{event(outbox.AgreementEnding, lic, agreement.Ending{EndsAt: noon.AddDate(0, 0, 7), AtEnd: "RENEW", Negotiated: true}), with(func(c *Content) {
			bought(c)
			c.Until, c.Renews, c.Negotiated = noon.AddDate(0, 0, 7), true, true
			c.Unsubscribe = "https://buy.example/reminders?who=unsubscribe+of+per_1"
		})},
		{event(outbox.UsageThreshold, lic, threshold.Told{Dimension: "gb", Of: threshold.Budget, Percent: 80, Used: usage.Whole(8), Limit: usage.Whole(10), Period: "2026-11", Until: noon.AddDate(0, 1, 0)}), with(func(c *Content) {
			bought(c)
			c.Percent, c.Used, c.Limit, c.What, c.Unit, c.Budget, c.Month, c.Until = 80, "8", "10", "Storage", "GB", true, "November 2026", noon.AddDate(0, 1, 0)
			c.Unsubscribe = "https://buy.example/reminders?who=unsubscribe+of+per_1"
		})},
		{event(outbox.UsageThreshold, lic, threshold.Told{Dimension: "calls", Of: threshold.Entitlement, Percent: 100, Used: usage.Whole(12), Limit: usage.Whole(10), Period: "until 2027"}), with(func(c *Content) {
			bought(c)
			c.Percent, c.Used, c.Limit, c.What = 100, "12", "10", "calls"
			c.Unsubscribe = "https://buy.example/reminders?who=unsubscribe+of+per_1"
		})},
	} {
		res := d.carry(t, c.e)
		if res.State != outbox.Delivered || res.Status != 250 {
			t.Errorf("%s: %+v", c.e.Kind, res)
		}
		got := d.bag.sent[len(d.bag.sent)-1]
		if got.Content != c.want || got.ID != "dlv_1" || !got.Date.Equal(noon) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.e.Kind, got.Content, c.want)
		}
	}
	if want := []account.Purpose{account.ToVerify, account.ToReset}; len(d.people.issued) != 2 || d.people.issued[0] != want[0] || d.people.issued[1] != want[1] {
		t.Errorf("issued %v, want %v", d.people.issued, want)
	}
}

func TestLettersThatAreNotSentAnyMore(t *testing.T) {
	d := newDesk()
	owner := outbox.Subject{Account: "acc_1"}
	verified := d.people.all["per_1"]
	verified.VerifiedAt = noon
	for name, c := range map[string]struct {
		e      outbox.Event
		before func()
		want   outbox.State
	}{
		"in time":               {event(outbox.ResetAsked, owner, 1), func() { d.clk.Set(noon.Add(account.ResetLife - time.Second)) }, outbox.Delivered},
		"a password's too late": {event(outbox.ResetAsked, owner, 1), func() { d.clk.Set(noon.Add(account.ResetLife)) }, outbox.Dropped},
		"verified meanwhile":    {event(outbox.VerifyAsked, owner, 1), func() { d.people.all["per_1"] = verified }, outbox.Dropped},
		"the welcome all the same": {event(outbox.AccountCreated, owner, 1), func() {
			d.people.all["per_1"] = verified
		}, outbox.Delivered},
		"the end of what is over": {event(outbox.AgreementEnding, outbox.Subject{License: "lic_1"}, agreement.Ending{}), func() { d.end() }, outbox.Dropped},
		"usage of what is over":   {event(outbox.UsageThreshold, outbox.Subject{License: "lic_1"}, threshold.Told{}), func() { d.end() }, outbox.Dropped},
		"no reminders wanted": {event(outbox.UsageThreshold, outbox.Subject{License: "lic_1"}, threshold.Told{}), func() {
			d.people.all["per_1"] = account.Person{ID: "per_1", QuietAt: noon}
		}, outbox.Dropped},
		"what must be known all the same": {event(outbox.LicenseEnded, outbox.Subject{License: "lic_1"}, d.told()), func() {
			d.people.all["per_1"] = account.Person{ID: "per_1", QuietAt: noon}
		}, outbox.Delivered},
	} {
		d = newDesk()
		before := c.before
		targets, err := d.Plan(t.Context(), c.e)
		if err != nil {
			t.Fatal(err)
		}
		before()
		if res := d.Carry(t.Context(), outbox.Delivery{ID: "dlv_1", Target: targets[0]}, c.e); res.State != c.want || res.Say == "" {
			t.Errorf("%s: %+v, want %s", name, res, c.want)
		}
		if dropped := c.want == outbox.Dropped; dropped && len(d.bag.sent)+len(d.people.issued) > 0 {
			t.Errorf("%s: sent %v, issued %v", name, d.bag.sent, d.people.issued)
		}
	}
	d = newDesk()
	gone := outbox.Delivery{ID: "dlv_1", Target: outbox.Target{To: "per_gone", Form: string(Welcome)}}
	if res := d.Carry(t.Context(), gone, event(outbox.AccountCreated, owner, 1)); res.State != outbox.Dropped {
		t.Errorf("the person is gone: %+v", res)
	}
	delete(d.people.all, "per_1")
	waiting := outbox.Delivery{ID: "dlv_1", Target: outbox.Target{To: "per_1", Form: string(Welcome)}}
	if res := d.Carry(t.Context(), waiting, event(outbox.AccountCreated, owner, 1)); res.State != outbox.Dropped || len(d.bag.sent) != 0 {
		t.Errorf("erased while it waited: %+v", res)
	}
	taken := outbox.Delivery{ID: "dlv_1", Target: outbox.Target{To: "inv_taken_back", Form: string(Invitation)}}
	if res := d.Carry(t.Context(), taken, event(outbox.InvitationAsked, outbox.Subject{}, account.AskedIn{Invitation: "inv_taken_back"})); res.State != outbox.Dropped || len(d.bag.sent) != 0 {
		t.Errorf("taken back while it waited: %+v", res)
	}
	for what, change := range map[string]account.AddressChangeID{"confirmed": "adr_2", "taken back": "adr_gone"} {
		void := outbox.Delivery{ID: "dlv_1", Target: outbox.Target{To: string(change), Form: string(NewAddress)}}
		d.people.all["per_1"] = verified
		if res := d.Carry(t.Context(), void, event(outbox.AddressAsked, outbox.Subject{}, account.AddressAsked{Change: change})); res.State != outbox.Dropped || len(d.bag.sent) != 0 {
			t.Errorf("an address that was %s while it waited: %+v", what, res)
		}
	}
	if c, err := d.content(t.Context(), Welcome, "per_1", verified, event(outbox.AccountCreated, owner, 1)); err != nil || c.Link != "" {
		t.Errorf("a link for what is done: %+v, %v", c, err)
	}
}

func TestWhatTheServersAnswerMeans(t *testing.T) {
	for _, c := range []struct {
		answer Answer
		err    error
		want   outbox.State
		ours   bool
	}{
		{Answer{Code: 250}, nil, outbox.Delivered, false}, {Answer{Code: 251}, nil, outbox.Delivered, false},
		{Answer{Code: 450}, nil, outbox.Pending, false}, {Answer{Code: 452, Ours: true}, nil, outbox.Pending, true},
		{Answer{Code: 550}, nil, outbox.Dead, false}, {Answer{Code: 550, Ours: true}, nil, outbox.Pending, true},
		{Answer{}, errors.New("connection refused"), outbox.Pending, true}, {Answer{}, fail.New(fail.Invalid, "mail_templates", "The mail template x cannot be used."), outbox.Pending, false},
	} {
		d := newDesk()
		d.bag.answer, d.bag.err = c.answer, c.err
		if got := d.carry(t, event(outbox.AccountCreated, outbox.Subject{Account: "acc_1"}, 1)); got.State != c.want || got.Ours != c.ours || got.Say == "" {
			t.Errorf("%+v, %v: %+v", c.answer, c.err, got)
		}
	}
}

// Who makes an account with a stranger's address does not have them read an advertisement.
func TestANameThatLeadsSomewhereGreetsNobody(t *testing.T) {
	for name, want := range map[string]string{"Ada Lovelace": "Ada Lovelace", "O'Brien-Śmith jr.": "O'Brien-Śmith jr.", "Win at https://evil.example": "", "WWW.evil.example": "", "call me: x": "", "a@b.example": ""} {
		if got := greeting(name); got != want {
			t.Errorf("%q is greeted as %q, want %q", name, got, want)
		}
	}
}

// Who waits for the seller's people is told by when they are contacted, and not once their account is ready.
func TestWhoWaitsIsToldUntilWhen(t *testing.T) {
	d := newDesk()
	d.cfg.Products = core.Catalogue{{Code: "p", Title: "Pages", ManualSetup: core.ManualSetup{Within: 48 * time.Hour, Message: "We call you."}}}
	told := register.Told{Registration: register.Snapshot{ID: "reg_1", License: "lic_1", ProductCode: "p", DueAt: noon.Add(48 * time.Hour)}}
	e := event(outbox.RegistrationSettingUp, outbox.Subject{License: "lic_1", Account: "acc_1"}, told)
	for _, settingUp := range []bool{true, false} {
		d.lic.SettingUp = settingUp
		d.cfg.Licenses = shelf{l: d.lic}
		res := d.carry(t, e)
		if settingUp != (res.State == outbox.Delivered) {
			t.Errorf("setting up %v: %+v", settingUp, res)
		}
	}
	if len(d.bag.sent) != 1 || d.bag.sent[0].Name != SettingUp || !d.bag.sent[0].Content.Until.Equal(noon.Add(48*time.Hour)) || d.bag.sent[0].Content.Say != "We call you." {
		t.Errorf("sent %+v", d.bag.sent)
	}
}

// A letter about a product is the seller's as it shows itself for that product.
func TestALetterShowsTheProductsBrand(t *testing.T) {
	d := newDesk()
	d.cfg.Products = core.Catalogue{{Code: "p", Title: "Pages", Brand: core.Brand{Name: "Quill", Accent: "#225533"}}}
	d.cfg.Seller = core.Brand{Name: "Inkwell", SupportEmail: "help@inkwell.example", Accent: "#7a3e8a"}
	d.carry(t, event(outbox.LicenseEnded, outbox.Subject{License: "lic_1"}, d.told()))
	d.carry(t, event(outbox.PasswordChanged, outbox.Subject{}, account.Asked{Person: "per_1"}))
	want := []core.Brand{{Name: "Quill", SupportEmail: "help@inkwell.example", Accent: "#225533"}, d.cfg.Seller}
	for i, l := range d.bag.sent {
		if l.Content.Seller != want[i] {
			t.Errorf("%s is of %+v, want %+v", l.Name, l.Content.Seller, want[i])
		}
	}
}

// trial is one that every licence is in.
type trial agreement.Trial

func (t trial) TrialOf(context.Context, license.License, time.Time) (agreement.Trial, bool, error) {
	return agreement.Trial(t), true, nil
}

func TestWhoStartsAFreeTrialIsToldUntilWhen(t *testing.T) {
	d := newDesk()
	d.cfg.Trials = trial{Until: noon.Add(time.Hour), Ends: true}
	d.carry(t, event(outbox.LicenseReady, outbox.Subject{License: "lic_1", Account: "acc_1"}, d.told()))
	d.carry(t, event(outbox.LicenseEnded, outbox.Subject{License: "lic_1"}, d.told()))
	if c := d.bag.sent[0].Content; !c.TrialUntil.Equal(noon.Add(time.Hour)) || !c.TrialEnds {
		t.Errorf("%+v", c)
	}
	if c := d.bag.sent[1].Content; !c.TrialUntil.IsZero() {
		t.Errorf("of what is over: %+v", c)
	}
}

// The first notice of an end need not be the one that says why.
func TestALetterKnowsWhyItEndedIfSomethingHasSaidSo(t *testing.T) {
	d := newDesk()
	told := d.told()
	if got := d.endReason(told.License); got != "" {
		t.Errorf("nothing has said why: %q", got)
	}
	d.lic.Standing.EndReason = license.Expired
	d.cfg.Licenses = shelf{l: d.lic}
	d.carry(t, event(outbox.LicenseWindingDown, outbox.Subject{License: "lic_1"}, told))
	if got := d.bag.sent[0].Content; got.EndReason != "EXPIRED" || got.Cancelled() {
		t.Errorf("the letter says %q", got.Because())
	}
	d.lic.Standing.OpensAt = noon.AddDate(1, 0, 0) // it went on, and ends again
	d.cfg.Licenses = shelf{l: d.lic}
	if got := d.endReason(told.License); got != "" {
		t.Errorf("another end's reason: %q", got)
	}
}
