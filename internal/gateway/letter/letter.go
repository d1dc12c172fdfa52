package letter

import (
	"context"
	"slices"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
)

// Name is which letter it is: its templates are called name.txt and name.html.
type Name string

// The letters.
const (
	Welcome         Name = "welcome"          // an account was made; the link verifies its address
	Verify          Name = "verify"           // the link verifies the address; it was asked for
	Reset           Name = "reset"            // the link leads to where another password is chosen; it was asked for
	PasswordChanged Name = "password-changed" // another password was chosen
	FactorAdded     Name = "factor-added"     // a second factor is asked for from now on
	FactorRemoved   Name = "factor-removed"   // it is not any more
	PasskeyAdded    Name = "passkey-added"    // a passkey signs in from now on
	PasskeyRemoved  Name = "passkey-removed"  // it does not any more
	NewAddress      Name = "new-address"      // the link shows that who asked for this address reads its mail; it goes there
	AddressChanged  Name = "address-changed"  // another address counts from now on; it goes to the one before
	Invitation      Name = "invitation"       // the link leads to where somebody joins an account; an owner asked
	SettingUp       Name = "setting-up"       // the seller's people make the account ready
	Ready           Name = "ready"            // the subscription gives access, and has an account
	Cancelling      Name = "cancelling"       // the subscription is ending: cancelled, or for another reason
	Ended           Name = "ended"            // the subscription is over
	PaymentFailed   Name = "payment-failed"   // the subscription did not start
	Refund          Name = "refund"           // AWS has given money back
	Usage           Name = "usage"            // much of what was bought, or of a budget, is used up
	Renewal         Name = "renewal"          // a contract or a free trial is near its end, or renews itself
)

// Names are all letters.
var Names = []Name{Welcome, Verify, Reset, PasswordChanged, FactorAdded, FactorRemoved, PasskeyAdded, PasskeyRemoved, NewAddress, AddressChanged, Invitation, SettingUp, Ready, Cancelling, Ended, PaymentFailed, Refund, Usage, Renewal}

// letters says which happening is told in which letter.
var letters = map[outbox.Kind]Name{
	outbox.AccountCreated: Welcome, outbox.VerifyAsked: Verify, outbox.ResetAsked: Reset, outbox.PasswordChanged: PasswordChanged, outbox.FactorAdded: FactorAdded, outbox.FactorRemoved: FactorRemoved, outbox.PasskeyAdded: PasskeyAdded, outbox.PasskeyRemoved: PasskeyRemoved, outbox.AddressAsked: NewAddress, outbox.AddressChanged: AddressChanged, outbox.InvitationAsked: Invitation,
	outbox.RegistrationSettingUp: SettingUp, outbox.LicenseReady: Ready, outbox.LicenseWindingDown: Cancelling, outbox.LicenseEnded: Ended, outbox.LicenseFailed: PaymentFailed,
	outbox.CorrectionCompleted: Refund, outbox.UsageThreshold: Usage, outbox.AgreementEnding: Renewal,
}

// reminders are the letters that people may do without. All others tell what somebody must know who buys something.
var reminders = []Name{Usage, Renewal}

// personal reports whether letters of that name are for one person, whatever accounts they are in.
func (n Name) personal() bool {
	return slices.Contains([]Name{Verify, Reset, PasswordChanged, FactorAdded, FactorRemoved, PasskeyAdded, PasskeyRemoved}, n)
}

// Reminder reports whether people may do without letters of that name.
func (n Name) Reminder() bool { return slices.Contains(reminders, n) }

// Content is what the templates of a letter are given. What a letter has nothing to say of is zero.
type Content struct {
	Seller  core.Brand // as for the product that the letter is about
	Name    string     // the person's
	Email   string     // theirs
	Product string     // the subscription's, as its title
	Home    string     // the URL of the person's subscriptions, or of the one that the letter is about
	App     string     // the URL of the seller's application
	Market  string     // the URL of the buyer's subscriptions on AWS Marketplace
	Link    string     // the URL that the letter is sent for; it works once
	Until   time.Time  // when the link goes stale, access ends, or somebody has been contacted
	At      time.Time  // when it happened
	From    string     // the name of who invites; empty where it is not told
	Company string     // whose account somebody is invited to; empty where it is not told
	Why     string     // it happened, as the licence's standing tells it
	// EndReason is why a subscription is ending or has ended, by AWS's word, such as EXPIRED; empty where AWS has not said.
	EndReason string
	Say       string // what happens, in the seller's words

	// TrialUntil is when a free trial is over; zero: there is none, or AWS has not said so yet. TrialEnds: the subscription is, too.
	TrialUntil time.Time
	TrialEnds  bool

	Amount, Currency string // given back, such as 12.50 and USD
	Month            string // that was billed, or that a budget is for, such as October 2026

	Percent     int    // of Limit that is used up: 50, 80 or 100
	Used, Limit string // decimals, in units that AWS bills
	What        string // is used, such as Pages made
	Unit        string // of Used and Limit, such as GB; may be empty
	Budget      bool   // Limit is a budget, and not what was bought in advance

	Renews     bool // another term follows by itself
	FreeTrial  bool // what ends is a free trial
	Negotiated bool // what ends has terms that only private offers have

	Unsubscribe string // the URL for those who want no more reminders; only in a reminder
}

// because is why a subscription ends, as its buyer is told.
var because = map[license.EndReason]string{
	license.Cancelled: "It was cancelled.", license.Expired: "Its term is over.", license.Terminated: "AWS Marketplace ended it.",
	license.Renewed: "Another subscription renews it.", license.Replaced: "Another subscription replaces it.",
}

// Because is why the subscription is ending or has ended, in words; empty where AWS has not said.
func (c Content) Because() string { return because[license.EndReason(c.EndReason)] }

// Cancelled reports whether it is a cancellation that is in progress: AWS says so, or nothing else.
func (c Content) Cancelled() bool {
	return c.EndReason == "" || c.EndReason == string(license.Cancelled)
}

// Letter is one that is ready to be written and sent.
type Letter struct {
	ID      string // the same for the same telling, as often as it is sent
	Name    Name
	Content Content // to Content.Name at Content.Email
	Date    time.Time
}

// Post brings letters to a mail server.
type Post interface {
	// Send writes a letter and hands it over, in bounded real time. An error says why nobody answered, or that the letter
	// cannot be written (fail.Invalid: its templates fail).
	Send(ctx context.Context, l Letter) (Answer, error)
}

// Answer is the mail server's.
type Answer struct {
	Code int    // of SMTP: 2xx it has taken the letter; 4xx try again; 5xx never
	Text string // its words, on one line
	// Ours says that the answer is about us or the server, and not about this letter or its recipient.
	Ours bool
}
