package metering_test

import (
	"context"
	"errors"
	"time"

	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/usage"
)

// errCrash is the end of the process, as the code under test sees it: from then on nothing it does has any effect.
var errCrash = errors.New("the process died here")

// crasher kills the process at its n-th write: before the write took effect or after it, but before anybody knew.
type crasher struct {
	in    int // writes to go; negative: never
	after bool
	lives bool // only the database's answer is lost
	dead  bool
}

// write runs w, or dies.
func (c *crasher) write(w func() error) error {
	if c.dead {
		return errCrash
	}
	if c.in == 0 {
		c.in, c.dead = -1, !c.lives
		if c.after {
			if err := w(); err != nil {
				return err
			}
		}
		return errCrash
	}
	c.in--
	return w()
}

type crashingLog struct {
	usage.Store
	c *crasher
}

func (s crashingLog) Append(ctx context.Context, g usage.Segment) error {
	return s.c.write(func() error { return s.Store.Append(ctx, g) })
}
func (s crashingLog) Cut(ctx context.Context, c usage.Cut) error {
	return s.c.write(func() error { return s.Store.Cut(ctx, c) })
}
func (s crashingLog) Done(ctx context.Context, part int, scope core.LicenseID, hour core.Hour, at int64) error {
	return s.c.write(func() error { return s.Store.Done(ctx, part, scope, hour, at) })
}
func (s crashingLog) PutIDs(ctx context.Context, part int, run int64, pieces []usage.RunPiece) error {
	return s.c.write(func() error { return s.Store.PutIDs(ctx, part, run, pieces) })
}
func (s crashingLog) PutRun(ctx context.Context, r usage.Run, instead []int64) error {
	return s.c.write(func() error { return s.Store.PutRun(ctx, r, instead) })
}
func (s crashingLog) DropRuns(ctx context.Context, part int, runs []int64) error {
	return s.c.write(func() error { return s.Store.DropRuns(ctx, part, runs) })
}
func (s crashingLog) SweepIDs(ctx context.Context, part int) (more bool, err error) {
	err = s.c.write(func() error { more, err = s.Store.SweepIDs(ctx, part); return err })
	return more, err
}

func (s crashingLog) Drop(ctx context.Context, part int, seq, at int64) error {
	return s.c.write(func() error { return s.Store.Drop(ctx, part, seq, at) })
}
func (s crashingLog) Pack(ctx context.Context, g usage.Segment) error {
	return s.c.write(func() error { return s.Store.Pack(ctx, g) })
}
func (s crashingLog) Shrink(ctx context.Context) (more bool, err error) {
	err = s.c.write(func() error { more, err = s.Store.Shrink(ctx); return err })
	return more, err
}

type crashingLedger struct {
	metering.Store
	c *crasher
}

func (s crashingLedger) Seal(ctx context.Context, g metering.Sealing) error {
	return s.c.write(func() error { return s.Store.Seal(ctx, g) })
}
func (s crashingLedger) Recover(ctx context.Context, now time.Time) (n int64, err error) {
	err = s.c.write(func() error { n, err = s.Store.Recover(ctx, now); return err })
	return n, err
}
func (s crashingLedger) Begin(ctx context.Context, as []metering.Attempt) error {
	return s.c.write(func() error { return s.Store.Begin(ctx, as) })
}
func (s crashingLedger) Settle(ctx context.Context, as []metering.Attempt, rs []metering.Record, bs []metering.Balance, found ...alert.Finding) error {
	return s.c.write(func() error { return s.Store.Settle(ctx, as, rs, bs, found...) })
}
func (s crashingLedger) Hasten(ctx context.Context, l core.LicenseID, deadline, now time.Time) error {
	return s.c.write(func() error { return s.Store.Hasten(ctx, l, deadline, now) })
}
