package intake

import (
	"context"
	"fmt"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/license"
)

// Replay reads a kept notice again from its bytes, by this version's rules and with today's products, and applies it. It is
// for a notice that had no effect: one that could not be read, or was of an unknown kind, by an older version, or that
// came before its product was configured.
//
// Errors: fail.NotFound if there is none with that key; fail.Conflict if it has had its effect.
func (in *Intake) Replay(ctx context.Context, key string) (Notice, error) {
	in.applying.Lock()
	defer in.applying.Unlock()
	kept, err := in.store.NoticeByKey(ctx, key)
	if err != nil {
		return Notice{}, err
	}
	switch kept.Outcome {
	case license.Applied, license.Confirmed, license.Recorded, license.Held:
		return Notice{}, fail.New(fail.Conflict, "notice_done", "The notice is %s; there is nothing to replay.", kept.Outcome)
	}
	again := Parse(kept.delivery())
	again.Key, again.ReceivedAt, again.LastAt, again.Deliveries, again.License = kept.Key, kept.ReceivedAt, kept.LastAt, kept.Deliveries, kept.License
	again.note.ID = kept.Key
	if err := in.store.RereadNotice(ctx, again); err != nil {
		return Notice{}, fmt.Errorf("replay notice %s: %w", key, err)
	}
	if again.Outcome == Received {
		if again, err = in.apply(ctx, again); err != nil {
			in.behind.Store(true)
			return Notice{}, err
		}
	}
	in.tell(ctx, again, false)
	return again, nil
}
