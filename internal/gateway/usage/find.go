package usage

import (
	"context"
	"fmt"

	"souk.dev/souk/internal/gateway/core"
)

// Find finds an event of a licence in the log that was accepted in the hour from or later; ok is false if there is none. It
// looks through one hour after the other, up to the one after the present one, so that from should not lie far back.
func (in *Intake) Find(ctx context.Context, source, id string, l core.LicenseID, from core.Hour) (found Entry, ok bool, err error) {
	for hour := from; hour <= core.HourOf(in.cfg.Clock.Now())+1; hour++ {
		err := in.cfg.Store.SegmentsOf(ctx, in.cfg.Part, l, hour, func(s Segment) error {
			var err error
			if found, ok, err = s.Find(source, id); ok {
				return errFound
			}
			return err
		})
		if ok {
			return found, true, nil
		}
		if err != nil {
			return found, false, fmt.Errorf("look for an event of %s in %s: %w", l, hour, err)
		}
	}
	return found, false, nil
}
