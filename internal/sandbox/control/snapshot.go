package control

import (
	"bufio"
	"net/http"
)

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
