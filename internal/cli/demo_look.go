package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"souk.dev/souk/client"
	"souk.dev/souk/internal/clock"
)

// This file is how the demo looks at both sides: the marketplace through its control API, the gateway through the
// public client.

// now is the time in the marketplace.
func (p *play) now(ctx context.Context) (time.Time, error) {
	var c clockState
	err := p.market.call(ctx, http.MethodGet, "clock", nil, &c)
	return c.Now, err
}

// moveTo moves the clock to an instant; all that is due on the way has happened on both sides when it returns.
func (p *play) moveTo(ctx context.Context, t time.Time) error {
	return p.move(ctx, map[string]any{"set": t.Format(time.RFC3339Nano)})
}

func (p *play) advance(ctx context.Context, d time.Duration) error {
	return p.move(ctx, map[string]any{"advance": d.String()})
}

func (p *play) move(ctx context.Context, how map[string]any) error {
	var c clockState
	if err := p.market.call(ctx, http.MethodPost, "clock", how, &c); err != nil {
		return err
	}
	if len(c.Silent) > 0 {
		return fmt.Errorf("the clock was moved, but %v did not follow", c.Silent)
	}
	return nil
}

// bought is an agreement, as the marketplace knows it.
type bought struct {
	AgreementID    string `json:"agreementId"`
	ProductCode    string `json:"productCode"`
	BuyerAccountID string `json:"buyerAccountId"`
	Status         string `json:"status"`
	License        struct {
		ARN           string    `json:"arn"`
		Status        string    `json:"status"`
		MeteringUntil time.Time `json:"meteringUntil"`
	} `json:"license"`
}

// agreed is the agreement of the demo's buyer.
func (p *play) agreed(ctx context.Context) (bought, error) {
	var a bought
	err := p.market.call(ctx, http.MethodGet, "agreements/"+url.PathEscape(p.agreement), nil, &a)
	return a, err
}

// honouredRecords is what the marketplace has on the buyer's bill: the records of the dimension that is used here, and
// how many it has of others, which must all be of nothing (AWS wants to hear of every dimension, every hour).
func (p *play) honouredRecords(ctx context.Context) (pages []honoured, others int, err error) {
	all, err := list[honoured](ctx, p.market, "records", url.Values{"licenseArn": {p.arn}})
	for _, r := range all {
		switch {
		case r.Dimension == demoDimension:
			pages = append(pages, r)
		case r.Quantity != 0:
			return nil, 0, fmt.Errorf("AWS has %d of %s, which nobody used", r.Quantity, r.Dimension)
		default:
			others++
		}
	}
	slices.SortFunc(pages, func(a, b honoured) int { return a.Hour.Compare(b.Hour) })
	return pages, others, err
}

// licenses is all that the gateway knows.
func (p *play) licenses(ctx context.Context) ([]client.License, error) {
	var all []client.License
	for l, err := range p.souk.Licenses(ctx, client.LicenseFilter{}) {
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// theLicense asks the gateway about the license that was bought, and insists on its state. The gateway learns of
// notices by its queue, so a moment may pass in real time.
func (p *play) theLicense(ctx context.Context, want client.State) (client.License, error) {
	var l client.License
	err := p.until(ctx, func() error {
		all, err := p.licenses(ctx)
		if err != nil {
			return err
		}
		if len(all) != 1 {
			return fmt.Errorf("the gateway knows %d licenses; want the one that was bought", len(all))
		}
		if l = all[0]; l.State != want {
			return fmt.Errorf("the gateway has the license as %s (%s); want %s", l.State, l.Why, want)
		}
		return nil
	})
	p.license = l.ID
	return l, err
}

// settleLimit is how long, in real time, something may take that does not wait for the clock.
const settleLimit = 10 * time.Second

// until repeats look until it is satisfied, and gives its last complaint when it never is.
func (p *play) until(ctx context.Context, look func() error) error {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	for {
		err := look()
		if err == nil {
			return nil
		}
		if clock.Sleep(ctx, 10*time.Millisecond) != nil {
			return err
		}
	}
}

// counted is the sum of the pages that the gateway has accepted for the license.
func (p *play) counted(ctx context.Context) (total int64, err error) {
	u, err := p.souk.Usage(ctx, p.license, demoBegins.Add(-time.Hour), demoBegins.Add(24*time.Hour))
	if err != nil {
		return 0, err
	}
	for _, h := range u.Items {
		n, err := h.Accepted.Int64()
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// plural is n of something.
func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
