package control

import (
	"bufio"
	"io"
	"net/http"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
)

// maxSnapshot is the largest snapshot, in bytes, that is restored: some millions of usage records.
const maxSnapshot = 1 << 30

// Restored is how the clock stands in a restored world.
type Restored struct {
	Now    time.Time `json:"now"`
	Rate   float64   `json:"rate"`
	Frozen bool      `json:"frozen"`
}

// postSnapshot makes everything as it was when the snapshot was taken, the clock included.
func (c *Control) postSnapshot(w http.ResponseWriter, r *http.Request) error {
	if c.opt.Restore == nil {
		return fail.New(fail.Conflict, "no_restore", "This sandbox cannot be replaced while it runs; start one with --snapshot FILE.")
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSnapshot))
	if err != nil {
		return httpx.BodyError(err)
	}
	now, err := c.opt.Restore(text)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, now)
}

// getSnapshot gives the document that `souk sandbox --snapshot` goes on from.
func (c *Control) getSnapshot(w http.ResponseWriter, _ *http.Request) error {
	// A refusal comes before the first byte, and so must find the answer unwritten: the buffer holds it back, and the
	// header is set only when there is something to say.
	out := bufio.NewWriterSize(&onFirst{ResponseWriter: w}, 1<<16)
	if err := c.opt.Snapshot(out); err != nil {
		return err
	}
	_ = out.Flush() // a client that has gone is told nothing
	return nil
}

// onFirst sets the type of an answer with its first byte.
type onFirst struct{ http.ResponseWriter }

// Write implements io.Writer.
func (o *onFirst) Write(b []byte) (int, error) {
	o.Header().Set("Content-Type", "application/x-ndjson")
	return o.ResponseWriter.Write(b)
}
