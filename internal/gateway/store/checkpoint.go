package store

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
)

// A commit goes to the end of SQLite's write-ahead log. Moving what is in the log to its place in the database (a
// checkpoint) takes two syncs and many scattered writes, and SQLite would let the commit that crosses a bound do it while
// its callers wait. Here another connection does nearly all of it beside the writer. Only the last bit, after which the
// log begins anew, needs the writer to hold still.
const (
	commitsPerLook = 64     // between two looks at the log's length: a look costs as much as a small read
	movePages      = 1_000  // not yet in their place: they are moved
	restartPages   = 16_000 // the log's length (64 MiB) at which it begins anew
	backstopPages  = 64_000 // SQLite itself sees to it, should this not work
)

// checkpointer moves the log's pages to their place.
type checkpointer struct {
	own, write *sql.DB
	commits    atomic.Int64
	look       chan struct{}
	stop       context.CancelFunc
	done       sync.WaitGroup
}

func startCheckpointer(own, write *sql.DB) *checkpointer {
	ctx, cancel := context.WithCancel(context.Background())
	c := &checkpointer{own: own, write: write, look: make(chan struct{}, 1), stop: cancel}
	c.done.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-c.look:
				c.run(ctx)
			}
		}
	})
	return c
}

// committed notes a commit. It never waits.
func (c *checkpointer) committed() {
	if c == nil || c.commits.Add(1)%commitsPerLook != 0 {
		return
	}
	select {
	case c.look <- struct{}{}:
	default:
	}
}

// run does what is due. What fails is tried again after some more commits, and at last by SQLite's own checkpoint in the
// commit, which can report it.
func (c *checkpointer) run(ctx context.Context) {
	pages, moved, err := checkpoint(ctx, c.own, "noop")
	if err != nil || pages-moved < movePages {
		return
	}
	if pages, _, err = checkpoint(ctx, c.own, "passive"); err != nil || pages < restartPages {
		return
	}
	_, _, _ = checkpoint(ctx, c.write, "passive") // nobody commits meanwhile, so it gets to the end
}

// checkpoint tells how many pages are in the log, and how many of them are in their place. Mode noop only looks; passive
// waits for nobody.
func checkpoint(ctx context.Context, db *sql.DB, mode string) (pages, moved int, err error) {
	var busy int
	err = db.QueryRowContext(ctx, "pragma wal_checkpoint("+mode+")").Scan(&busy, &pages, &moved)
	return pages, moved, err
}

func (c *checkpointer) close() {
	if c == nil {
		return
	}
	c.stop()
	c.done.Wait()
}
