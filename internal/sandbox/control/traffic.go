package control

import (
	"net/http"
	"strconv"

	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/sandbox/wire"
)

func (c *Control) getCalls(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	p, err := pageOf(q)
	if err != nil {
		return err
	}
	since, err := timeOf(q, "since")
	if err != nil {
		return err
	}
	items, next := c.opt.Calls.List(wire.CallQuery{Operation: q.Get("operation"), Since: since, After: q.Get("cursor"), Limit: p.limit})
	return httpx.JSON(w, http.StatusOK, httpx.List[wire.Entry]{Items: items, Next: next})
}

func (c *Control) getDeliveries(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	p, err := pageOf(q)
	if err != nil {
		return err
	}
	wanted := func(name, have string) bool { v := q.Get(name); return v == "" || v == have }
	items, last, more := c.opt.Desk.List(p.after, p.limit, func(d notice.Delivery) bool {
		return wanted("channel", d.Channel) && wanted("kind", d.Kind) && wanted("agreementId", d.AgreementID) && wanted("outcome", string(d.Outcome))
	})
	out := httpx.List[notice.Delivery]{Items: append([]notice.Delivery{}, items...)}
	if more {
		out.Next = strconv.FormatInt(last, 10)
	}
	return httpx.JSON(w, http.StatusOK, out)
}

func (c *Control) getDelivery(w http.ResponseWriter, r *http.Request) error {
	d, err := c.opt.Desk.Get(r.PathValue("id"))
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, d)
}

func (c *Control) postRedeliver(w http.ResponseWriter, r *http.Request) error {
	if err := noBody(w, r); err != nil {
		return err
	}
	d, err := c.opt.Desk.Redeliver(r.PathValue("id"))
	if err != nil {
		return err
	}
	c.acted(r.Context())
	return httpx.JSON(w, http.StatusOK, d)
}

// getCertificate serves what SNS messages are signed with, at the address that they name.
func (c *Control) getCertificate(w http.ResponseWriter, _ *http.Request) error {
	text, err := c.opt.Topics.Signer().Certificate()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	_, _ = w.Write(text) // a client that has gone is told nothing
	return nil
}
