package console

import (
	"net/http"
	"net/url"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/correction"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/register"
)

// getSearch leads to what an identifier names: to the one thing, where it is whole, or to the licences that it is a part
// of some identifier of.
func (c *Console) getSearch(w http.ResponseWriter, r *http.Request, _ operator.Person) error {
	text := strings.TrimSpace(r.URL.Query().Get("q"))
	to, err := c.named(r, text)
	if err != nil {
		return err
	}
	if to == "" {
		to = address("/console/licenses", "q", text)
	}
	seeOther(w, r, to)
	return nil
}

// named is the page of what text names whole; "" if it names nothing whole.
func (c *Console) named(r *http.Request, text string) (page string, err error) {
	if text == "" {
		return "", nil
	}
	if l, ok := c.Book.ByID(core.LicenseID(text)); ok {
		return "/console/licenses/" + string(l.ID), nil
	}
	if l, ok := c.Book.ByARN(core.LicenseARN(text)); ok {
		return "/console/licenses/" + string(l.ID), nil
	}
	ctx := r.Context()
	for _, try := range []struct {
		page string
		find func() error
	}{
		{"/console/records/" + url.PathEscape(text), func() error { _, err := c.Engine.Record(ctx, text); return err }},
		{"/console/notices/" + url.PathEscape(text), func() error { _, err := c.Notices.NoticeByKey(ctx, text); return err }},
		{"/console/deliveries/" + url.PathEscape(text), func() error { _, _, _, err := c.Outbox.Delivery(ctx, outbox.DeliveryID(text)); return err }},
		{"/console/alerts/" + url.PathEscape(text), func() error { _, err := c.Alerts.Alert(ctx, alert.ID(text)); return err }},
		{"/console/corrections/" + url.PathEscape(text), func() error { _, err := c.Corrections.Find(ctx, correction.ID(text)); return err }},
		{"/console/cancellations/" + url.PathEscape(text), func() error { _, err := c.Cancellations.Find(ctx, cancellation.ID(text)); return err }},
		{"/console/accounts/" + url.PathEscape(text), func() error { _, err := c.Accounts.Account(ctx, core.AccountID(text)); return err }},
	} {
		switch err := try.find(); {
		case err == nil:
			return try.page, nil
		case !fail.Is(err, fail.NotFound):
			return "", err
		}
	}
	if strings.Contains(text, "@") || strings.HasPrefix(text, "per_") {
		seats, err := c.Accounts.Seats(ctx, core.PersonID(text))
		if strings.Contains(text, "@") {
			seats, err = c.Accounts.ByEmail(ctx, text)
		}
		if len(seats) > 0 {
			return "/console/accounts/" + string(seats[0].Account.ID), nil
		}
		if err != nil && !fail.Is(err, fail.NotFound) {
			return "", err
		}
	}
	if strings.HasPrefix(text, "reg_") {
		reg, err := c.Register.Registration(ctx, register.ID(text))
		if err == nil {
			return "/console/registrations/" + string(reg.ID), nil
		}
		if !fail.Is(err, fail.NotFound) {
			return "", err
		}
	}
	return "", nil
}
