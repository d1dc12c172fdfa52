package console

import (
	"net/url"
	"testing"

	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/webui/webuitest"
)

// TestTheConsoleIsWalkedByKeyboard does an operator's main jobs in a browser, with no key but Tab, Enter and letters: every control
// on the way is reached, shows that it is, and lets go again.
func TestTheConsoleIsWalkedByKeyboard(t *testing.T) {
	if testing.Short() {
		t.Skip("the walk takes real time, in a browser")
	}
	d := newDesk(t)
	l, n, person := d.buys(1), d.hears(`{"nonsense":1}`), d.add(operator.Admin)
	err := d.db.Corrections().Add(t.Context(), correction.Correction{Life: proposal.Life{ID: "cor_1", License: l.ID, AskedBy: approval.Actor{Key: "key_1", Person: "the billing bot"}, CreatedAt: noon,
		State: correction.Proposed, Why: "It waits for a person.", Since: noon}, Kind: correction.OverBilled, Amount: "5.00", Month: noon.AddDate(0, -1, 0), Reason: "OTHER", Maximum: "412.50",
		Request: &correction.Request{AgreementID: "agmt-1", InvoiceID: "INV-1", Amount: "5.00", CurrencyCode: "USD", ReasonCode: "OTHER", ClientToken: "cor-1"}}, func([]correction.Correction) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	k := webuitest.NewKeyboard(t)

	k.Open(d.URL + "/console")
	k.Sees("Sign in to the console")
	k.To("E-mail address")
	k.Type(person.Email)
	k.To("Password")
	k.Type(password)
	k.Enter() // as everywhere, Enter in a field sends its form
	k.Sees("Overview", "What needs somebody")

	// What needs somebody, and from there to what to do about it.
	k.ToContent()
	k.To("Look at them: 1 alert is raised")
	k.Enter()
	k.To("A notice cannot be read")
	k.Enter()
	k.Sees("What to do", "it is kept as it came")
	k.To("Look at where it shows")
	k.Enter()
	k.Sees("It had no effect")
	k.To("Replay it")
	k.Enter()
	if at := k.Where(); at != d.URL+"/console/notices/"+url.PathEscape(n.Key)+"?replayed" {
		t.Errorf("replaying leads to %s", at)
	}
	k.Sees("It is now unreadable")

	// A licence by what somebody has at hand, which leads straight to it; and from the list.
	k.To("Search any identifier")
	k.Type(string(l.ARN))
	k.Enter()
	k.Sees("Where it stands", string(l.Customer))
	k.To("Licences")
	k.Enter()
	k.ToContent()
	k.To(string(l.ID))
	k.Enter()
	k.Sees(string(l.ARN))

	// The count beside the word leads to what waits for a decision.
	k.To("Corrections 1")
	k.Enter()
	k.ToContent()
	k.To("cor_1")
	k.Enter()
	k.To("Approve it")
	k.Enter()
	k.Sees("Approved")

	// A key is made, and revoked after a question.
	k.To("API keys")
	k.Enter()
	k.ToContent()
	k.To("Name")
	k.Type("orders")
	k.Enter()
	k.Sees("The key of orders", "Copy it now")
	k.To("Done")
	k.Enter()
	k.ToContent()
	k.To("Revoke")
	k.Unfold()
	k.To("Revoke orders")
	k.Enter()
	k.Sees("Revoked")

	// The menu opens, and is gone with its page.
	k.To(person.Name)
	k.Unfold()
	k.To("Sign out")
	k.Enter()
	k.Sees("Sign in to the console")
}

// What is brought up to date under somebody's hand does not take it away: who is on a link of the overview when another problem comes is
// on it still.
func TestFreshPartsKeepTheFocus(t *testing.T) {
	if testing.Short() {
		t.Skip("the page looks again in real time, in a browser")
	}
	d := newDesk(t)
	d.hears(`{"nonsense":1}`)
	person := d.add(operator.Viewer)
	k := webuitest.NewKeyboard(t)
	k.Open(d.URL + "/console")
	k.To("E-mail address")
	k.Type(person.Email)
	k.To("Password")
	k.Type(password)
	k.Enter()
	const link = "Look at them: 1 notice is unreadable"
	k.To(link)
	d.hears(`{"nonsense":2, "more": true}`)
	k.Sees("2 notices are")
	k.On("Look at them: 2 notices are")
}
