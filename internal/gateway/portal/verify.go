package portal

import (
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/httpx"
)

// getVerify asks whether the address is to be confirmed.
func (p *Portal) getVerify(w http.ResponseWriter, r *http.Request) error {
	proof := r.URL.Query().Get("proof")
	a, err := p.Accounts.Proves(r.Context(), account.ToVerify, proof)
	if fail.Is(err, fail.NotFound) {
		return p.staleLink(w, r, "/portal", "Go to your subscriptions")
	}
	if err != nil {
		return err
	}
	return p.ui.Render(w, http.StatusOK, "verify", proofView{Page: p.page(r, nil), Proof: proof, Email: a.Email})
}

// postVerify notes that the account's address is its owner's.
func (p *Portal) postVerify(w http.ResponseWriter, r *http.Request) error {
	in, err := p.form(w, r)
	if err != nil {
		return err
	}
	a, err := p.Accounts.Verify(r.Context(), in.Get("proof"))
	if fail.Is(err, fail.NotFound) {
		return p.staleLink(w, r, "/portal", "Go to your subscriptions")
	}
	if err != nil {
		return err
	}
	who, err := p.who(r)
	if err != nil {
		return err
	}
	if who == nil || who.ID != a.ID {
		seeOther(w, r, "/signin?verified")
		return nil
	}
	seeOther(w, r, "/portal?verified")
	return nil
}

// postVerifyAgain has the mail sent again to whoever is signed in.
func (p *Portal) postVerifyAgain(w http.ResponseWriter, r *http.Request) error {
	if !p.Mails {
		return p.noMail()
	}
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	if err := p.Accounts.AskVerify(r.Context(), who.Person, httpx.ClientAddress(r)); err != nil {
		return err
	}
	seeOther(w, r, "/portal?mailed")
	return nil
}
