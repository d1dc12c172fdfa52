package metering

import (
	"context"
	"fmt"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/usage"
)

// Finalize says that no more usage of a licence that is winding down will come: its last hours are closed now, and
// their records go out without waiting. Usage that comes all the same is kept and not billed. It may be repeated.
//
// Errors: fail.NotFound if there is no such licence; fail.Conflict if it is not winding down.
func (e *Engine) Finalize(ctx context.Context, id core.LicenseID) error {
	l, ok := e.cfg.Licenses.ByID(id)
	if !ok {
		return fail.New(fail.NotFound, "unknown_license", "There is no license %.60q.", id)
	}
	if l.Standing.State != license.WindingDown {
		return fail.New(fail.Conflict, "not_winding_down", "The license is %s; only one in its last hour can be finalized.", l.Standing.State)
	}
	end, _ := usage.EndOf(l.Standing)
	for h := e.cfg.Intake.Closed(id) + 1; h <= lastHour(end); h++ {
		if err := e.close(ctx, id, h); err != nil {
			return fmt.Errorf("finalize %s: %w", id, err)
		}
	}
	e.cfg.Wake(SealJob)
	return nil
}
