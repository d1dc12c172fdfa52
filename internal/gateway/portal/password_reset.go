package portal

import (
	"errors"
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/credential"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/webui"
)

// proofView is a page that a mail's link leads to, which asks before it does anything: programs that read mails open their
// links, too.
type proofView struct {
	Page
	Proof  string
	Email  string // of the account
	Fields []webui.Field
	Notice webui.Notice
}

func resetFields(bad account.FieldErrors) []webui.Field {
	return []webui.Field{{Name: account.FieldPassword, Label: "New password", Type: "password", Autocomplete: "new-password", Required: true, MaxLength: credential.MaxPassword,
		Hint: passwordHint, Error: bad[account.FieldPassword], Autofocus: true}}
}

// getReset asks for the new password of the account that the link's proof is for.
func (p *Portal) getReset(w http.ResponseWriter, r *http.Request) error {
	proof := r.URL.Query().Get("proof")
	a, err := p.Accounts.Proves(r.Context(), account.ToReset, proof)
	if fail.Is(err, fail.NotFound) {
		return p.staleLink(w, r, "/password/forgot", "Ask for another mail")
	}
	if err != nil {
		return err
	}
	return p.ui.Render(w, http.StatusOK, "reset", proofView{Page: p.page(r, nil), Proof: proof, Email: a.Email, Fields: resetFields(nil)})
}

// postReset replaces the password. Whoever did it signs in with it: that shows that it was typed as it was meant.
func (p *Portal) postReset(w http.ResponseWriter, r *http.Request) error {
	in, err := p.form(w, r)
	if err != nil {
		return err
	}
	proof := in.Get("proof")
	err = p.Accounts.ResetPassword(r.Context(), proof, in.Get(account.FieldPassword), httpx.ClientAddress(r))
	if fail.Is(err, fail.NotFound) {
		return p.staleLink(w, r, "/password/forgot", "Ask for another mail")
	}
	if err != nil {
		a, found := p.Accounts.Proves(r.Context(), account.ToReset, proof)
		if found != nil {
			return found
		}
		bad, _ := errors.AsType[account.FieldErrors](err)
		return p.showAgain(w, r, "reset", proofView{Page: p.page(r, nil), Proof: proof, Email: a.Email, Fields: resetFields(bad), Notice: noticeOf(err)}, err)
	}
	seeOther(w, r, "/signin?reset")
	return nil
}

// staleLink answers a link of a mail that leads nowhere any more.
func (p *Portal) staleLink(w http.ResponseWriter, r *http.Request, href, label string) error {
	p.showProblem(w, r, webui.Problem{Status: http.StatusNotFound, Title: "This link does not work any more",
		Say: "It was used before, or is too old, or not the whole link arrived: look whether your mail has cut it in two.", Href: href, Label: label})
	return nil
}
