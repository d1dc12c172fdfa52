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

// forgotView asks for the address of whoever has forgotten their password, or says that a mail is on its way.
type forgotView struct {
	Page
	Sent   bool
	Fields []webui.Field
	Notice webui.Notice
}

func forgotFields(email string, bad account.FieldErrors) []webui.Field {
	return []webui.Field{{Name: account.FieldEmail, Label: "E-mail address", Type: "email", Autocomplete: "username", Required: true, MaxLength: credential.MaxEmail,
		Value: email, Error: bad[account.FieldEmail], Autofocus: true}}
}

// noMail is what the pages answer that lead to a mail, where none is sent.
func (p *Portal) noMail() error {
	return fail.New(fail.NotFound, "no_mail", "No mails are sent from here, so this cannot be done by yourself. Please ask for help.")
}

func (p *Portal) getForgot(w http.ResponseWriter, r *http.Request) error {
	if !p.Mails {
		return p.noMail()
	}
	return p.ui.Render(w, http.StatusOK, "forgot", forgotView{Page: p.page(r, nil), Sent: r.URL.Query().Has("sent"), Fields: forgotFields("", nil)})
}

// postForgot has the mail sent. What it answers is the same whether or not somebody has an account with the address.
func (p *Portal) postForgot(w http.ResponseWriter, r *http.Request) error {
	if !p.Mails {
		return p.noMail()
	}
	in, err := p.form(w, r)
	if err != nil {
		return err
	}
	if err := p.Accounts.AskReset(r.Context(), in.Get(account.FieldEmail), httpx.ClientAddress(r)); err != nil {
		bad, _ := errors.AsType[account.FieldErrors](err)
		return p.showAgain(w, r, "forgot", forgotView{Page: p.page(r, nil), Fields: forgotFields(in.Get(account.FieldEmail), bad), Notice: noticeOf(err)}, err)
	}
	seeOther(w, r, "/password/forgot?sent")
	return nil
}
