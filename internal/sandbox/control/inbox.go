package control

import (
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/inbox"
)

// mails is the inbox, or says why there is none.
func (c *Control) mails() (*inbox.Inbox, error) {
	if c.opt.Inbox == nil {
		return nil, fail.New(fail.NotFound, "no_inbox", "This sandbox catches no mails; start it with --smtp-listen HOST:PORT.")
	}
	return c.opt.Inbox, nil
}

func (c *Control) getInbox(w http.ResponseWriter, r *http.Request) error {
	box, err := c.mails()
	if err != nil {
		return err
	}
	q := r.URL.Query()
	p, err := pageOf(q)
	if err != nil {
		return err
	}
	items, next, err := box.List(inbox.Query{To: q.Get("to"), After: q.Get("cursor"), Limit: p.limit})
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, httpx.List[inbox.Mail]{Items: items, Next: next})
}

func (c *Control) getMail(w http.ResponseWriter, r *http.Request) error {
	box, err := c.mails()
	if err != nil {
		return err
	}
	m, err := box.Get(r.PathValue("id"))
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, m)
}

func (c *Control) deleteInbox(w http.ResponseWriter, _ *http.Request) error {
	box, err := c.mails()
	if err != nil {
		return err
	}
	box.Clear()
	w.WriteHeader(http.StatusNoContent)
	return nil
}
