package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// agrees lays the two ledgers side by side, audits the gateway's, and looks for the token where the buyer went.
func (p *play) agrees(ctx context.Context) error {
	theirs, _, err := p.honouredRecords(ctx)
	if err != nil {
		return err
	}
	ours, err := p.ourRecords(ctx)
	if err != nil {
		return err
	}
	type line struct {
		receipt, hour, dimension string
		quantity                 int64
	}
	var a, b []line
	for _, r := range theirs {
		a = append(a, line{r.MeteringRecordID, r.Hour.UTC().Format("15:04"), r.Dimension, r.Quantity})
	}
	for _, r := range ours {
		if r.State != "honoured" {
			return fmt.Errorf("the gateway's record %s is %s: %s", r.ID, r.State, r.Why)
		}
		b = append(b, line{r.MeteringRecordID, r.Hour.UTC().Format("15:04"), r.Dimension, r.Quantity})
	}
	byHour := func(x, y line) int {
		return cmp.Or(strings.Compare(x.hour, y.hour), strings.Compare(x.receipt, y.receipt))
	}
	slices.SortFunc(a, byHour)
	slices.SortFunc(b, byHour)
	if len(a) == 0 || !slices.Equal(a, b) {
		return fmt.Errorf("the ledgers differ: AWS has %+v, the gateway %+v", a, b)
	}
	report, err := auditDatabase(ctx, p.b.Database)
	if err != nil {
		return err
	}
	if len(report.Breaches) > 0 {
		return fmt.Errorf("the audit found: %s", strings.Join(report.Breaches, "; "))
	}
	for _, address := range p.web.Trail {
		if strings.Contains(address, p.token) {
			return errors.New("the registration token stands in an address that the browser went to")
		}
	}
	for _, l := range a {
		p.saw(atMarketplace, "%s  %s  %d  receipt %s", l.hour, l.dimension, l.quantity, shorten(l.receipt))
	}
	for _, l := range report.Lines {
		if !l.Accepted.IsZero() {
			p.saw(atGateway, "audit of %s: %s", l.Dimension, conservation(l))
		}
	}
	return nil
}
