package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/webui"
)

const peoplePath = "/portal/people"

// peopleView is who is in the account, and who is asked to be.
type peopleView struct {
	Page
	Notice      webui.Notice
	Members     []account.Member
	Invitations []account.Invitation
	Fields      []webui.Field // of an invitation
	Seats       []account.Who // the accounts that who looks is in; shown where there are several
}

// Title is what the account is called.
func (v peopleView) Title() string { return titleOf(v.Account.Account) }

// titleOf is what an account is called, for its people.
func titleOf(a account.Account) string {
	if a.Company != "" {
		return a.Company
	}
	return "Account of " + a.Name
}

// LastOwner reports whether the account would be without an owner, were id not one any more.
func (v peopleView) LastOwner(id core.PersonID) bool {
	return !slices.ContainsFunc(v.Members, func(m account.Member) bool { return m.Role == account.RoleOwner && m.ID != id })
}

// Also are the accounts that who looks is in besides.
func (v peopleView) Also() (also []seatView) {
	for _, s := range v.Seats {
		if s.Account.ID != v.Account.Account.ID {
			also = append(also, seatView{s.Account.ID, titleOf(s.Account), s.Role})
		}
	}
	return also
}

type seatView struct {
	ID    core.AccountID
	Title string
	Role  account.Role
}

func inviteFields(in url.Values, bad account.FieldErrors) []webui.Field {
	return []webui.Field{
		{Name: account.FieldEmail, Label: "E-mail address", Type: "email", Autocomplete: "off", Required: true, MaxLength: account.MaxEmail, Value: in.Get(account.FieldEmail), Error: bad[account.FieldEmail]},
	}
}

// peopleNotices are what was done, by the query that says so.
var peopleNotices = map[string]string{
	"invited": "The invitation is on its way.", "revoked": "The invitation is taken back.", "role": "The role is changed.", "removed": "They are out of the account, and signed out everywhere.",
	"joined": "You are in this account now.",
}

func (p *Portal) getPeople(w http.ResponseWriter, r *http.Request) error {
	who, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	view := peopleView{}
	for name, text := range peopleNotices {
		if r.URL.Query().Has(name) {
			view.Notice = webui.Notice{Tone: webui.Success, Text: text}
		}
	}
	return p.showPeople(w, r, who, http.StatusOK, view)
}

func (p *Portal) showPeople(w http.ResponseWriter, r *http.Request, who *account.Who, status int, view peopleView) (err error) {
	view.Page = p.page(r, who)
	if view.Members, err = p.Accounts.Members(r.Context(), who.Account.ID); err != nil {
		return err
	}
	if view.Invitations, err = p.Accounts.Invitations(r.Context(), who.Account.ID); err != nil {
		return err
	}
	if view.Seats, err = p.Accounts.Seats(r.Context(), who.ID); err != nil {
		return err
	}
	if view.Fields == nil {
		view.Fields = inviteFields(nil, nil)
	}
	return p.ui.Render(w, status, "people", view)
}

// peopleForm makes what changes the people of who's account; it leads back to their page, which says by done what was done, or
// why not.
func (p *Portal) peopleForm(done string, do func(r *http.Request, who account.Who, in url.Values) error) httpx.Func {
	return func(w http.ResponseWriter, r *http.Request) error {
		who, away, err := p.signedIn(w, r)
		if err != nil || away {
			return err
		}
		in, err := p.form(w, r)
		if err != nil {
			return err
		}
		err = do(r, *who, in)
		switch fail.KindOf(err) {
		case fail.Invalid, fail.Conflict, fail.TooMuch:
			bad, _ := errors.AsType[account.FieldErrors](err)
			status := http.StatusUnprocessableEntity
			if fail.Is(err, fail.TooMuch) {
				status = http.StatusTooManyRequests
			}
			return p.showPeople(w, r, who, status, peopleView{Notice: noticeOf(err), Fields: inviteFields(in, bad)})
		}
		if err != nil {
			return err
		}
		seeOther(w, r, peoplePath+"?"+done)
		return nil
	}
}

func (p *Portal) postInvite(r *http.Request, who account.Who, in url.Values) error {
	if !p.Mails {
		return p.noMail()
	}
	return p.Accounts.Invite(r.Context(), who, in.Get(account.FieldEmail), account.Role(in.Get(account.FieldRole)), httpx.ClientAddress(r))
}

func (p *Portal) postInviteAgain(r *http.Request, who account.Who, in url.Values) error {
	if !p.Mails {
		return p.noMail()
	}
	return p.Accounts.InviteAgain(r.Context(), who, account.InvitationID(in.Get("invitation")), httpx.ClientAddress(r))
}

func (p *Portal) postRevoke(r *http.Request, who account.Who, in url.Values) error {
	return p.Accounts.Revoke(r.Context(), who, account.InvitationID(in.Get("invitation")))
}

func (p *Portal) postRole(r *http.Request, who account.Who, in url.Values) error {
	return p.Accounts.ChangeRole(r.Context(), who, core.PersonID(in.Get("person")), account.Role(in.Get(account.FieldRole)))
}

func (p *Portal) postRemove(r *http.Request, who account.Who, in url.Values) error {
	return p.Accounts.Remove(r.Context(), who, core.PersonID(in.Get("person")))
}

// postSeat has the browser be at another of the person's accounts.
func (p *Portal) postSeat(w http.ResponseWriter, r *http.Request) error {
	_, done, err := p.signedIn(w, r)
	if err != nil || done {
		return err
	}
	in, err := p.form(w, r)
	if err != nil {
		return err
	}
	if err := p.Accounts.TakeSeat(r.Context(), p.cookie(r, sessionCookie), core.AccountID(in.Get("account"))); err != nil {
		return err
	}
	seeOther(w, r, "/portal")
	return nil
}
