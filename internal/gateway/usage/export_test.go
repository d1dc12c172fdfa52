package usage

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// GrowRun gives the intake another run, of n ids that no event has, as if they had left memory now.
func (in *Intake) GrowRun(ctx context.Context, n int) error {
	in.commit.Lock()
	defer in.commit.Unlock()
	w := in.writeRun(n, nil)
	w.LastSeq, w.FirstAt, w.LastAt = in.seq, in.cfg.Clock.Now().UnixMicro(), in.cfg.Clock.Now().UnixMicro()
	chance := rand.New(rand.NewPCG(uint64(w.No), uint64(n)))
	every := math.MaxUint64 / uint64(n)
	for i := range uint64(n) {
		var id idSlot
		binary.BigEndian.PutUint64(id.key[:], i*every+chance.Uint64N(every))
		binary.BigEndian.PutUint64(id.key[8:], chance.Uint64())
		if err := w.add(ctx, id); err != nil {
			return err
		}
	}
	r, err := w.close(ctx, nil)
	if err != nil {
		return err
	}
	in.runs = append(in.runs, r)
	return nil
}

// Allow gives the filters that much memory from now on.
func (in *Intake) Allow(bytes int64) {
	in.commit.Lock()
	defer in.commit.Unlock()
	in.cfg.IDsMemory = bytes
}
