package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"souk.dev/souk/client"
)

func (p *play) cancels(ctx context.Context) error {
	before := p.pages
	if err := p.publish(ctx, shortNote); err != nil {
		return err
	}
	if err := p.web.Open(ctx, p.b.Sandbox+"/subscriptions"); err != nil {
		return err
	}
	if err := p.web.Follow(ctx, "Cancel subscription"); err != nil {
		return err
	}
	if err := p.web.Press(ctx, "Yes, cancel subscription", map[string]string{"confirm": "confirm"}); err != nil {
		return err
	}
	a, err := p.agreed(ctx)
	if err != nil {
		return err
	}
	if a.Status != "CANCELLED" {
		return fmt.Errorf("after cancelling the agreement is %s", a.Status)
	}
	p.saw(atApp, "%s more", plural(p.pages-before, "page"))
	p.saw(atMarketplace, "agreement %s", a.Status)
	return nil
}

func (p *play) windsDown(ctx context.Context) error {
	if err := p.advance(ctx, 2*time.Minute); err != nil {
		return err
	}
	l, err := p.theLicense(ctx, client.WindingDown)
	if err != nil {
		return err
	}
	if l.By == nil {
		return errors.New("the gateway does not say when the last hour ends")
	}
	p.closes = *l.By
	if err := p.web.Open(ctx, p.b.App+"/"); err != nil {
		return err
	}
	if !p.web.Page.Has("Your subscription is ending") {
		return fmt.Errorf("the application does not say that the subscription is ending: %v", p.web.Page)
	}
	before := p.pages
	if err := p.publish(ctx, shortNote); err != nil {
		return err
	}
	// On into the next clock hour, so that the last hour has two of them to meter.
	if err := p.moveTo(ctx, demoBegins.Truncate(time.Hour).Add(2*time.Hour+10*time.Minute)); err != nil {
		return err
	}
	if err := p.publish(ctx, shortNote); err != nil {
		return err
	}
	if err := p.checkCounted(ctx); err != nil {
		return err
	}
	p.saw(atGateway, "%s until %s: %s", l.State, p.closes.Format("15:04:05"), l.Why)
	p.saw(atApp, "says so, and takes %s more, on both sides of the full hour", plural(p.pages-before, "page"))
	return nil
}

func (p *play) ends(ctx context.Context) error {
	if err := p.moveTo(ctx, p.closes.Add(time.Minute)); err != nil {
		return err
	}
	l, err := p.theLicense(ctx, client.Ended)
	if err != nil {
		return err
	}
	records, _, err := p.honouredRecords(ctx)
	if err != nil {
		return err
	}
	var sum int64
	var last time.Time
	for _, r := range records {
		sum += r.Quantity
		if !r.ReceivedAt.Before(p.closes) {
			return fmt.Errorf("record %s reached AWS at %s, after the window closed at %s", r.MeteringRecordID, r.ReceivedAt, p.closes)
		}
		if r.ReceivedAt.After(last) {
			last = r.ReceivedAt
		}
	}
	if sum != p.pages {
		return fmt.Errorf("AWS has %d pages on the bill; %d were published", sum, p.pages)
	}
	if err := p.web.Open(ctx, p.b.App+"/"); err != nil {
		return err
	}
	if _, err := p.web.Page.FormTo("Publish"); err == nil || !p.web.Page.Has("Your subscription has ended") {
		return fmt.Errorf("the application still gives access: %v", p.web.Page)
	}
	p.saw(atMarketplace, "%d records honoured, %s in all; the last came %s, the window closed %s", len(records), plural(sum, "page"), last.Format("15:04:05"), p.closes.Format("15:04:05"))
	p.saw(atGateway, "%s: %s", l.State, l.Why)
	p.saw(atApp, "shows that the subscription has ended, and keeps the notes")
	return nil
}
