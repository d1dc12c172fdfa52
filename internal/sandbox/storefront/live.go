package storefront

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// The pace of the stream of events, in real time: how often it is looked whether anything changed, and how many looks
// may pass in silence before a line says that the stream is still there.
const (
	lookEvery = 200 * time.Millisecond
	quietMost = 50
)

// nowFormat is how the clock stands on pages that tick.
const nowFormat = "Mon 2 Jan 2006, 15:04:05"

// getLive streams server-sent events to a page that is being looked at: "changed" when anything in the sandbox did, and
// "tick" with the clock's face. It counts nothing and copies nothing: it compares [Storefront.version], so that what is
// not watched costs nothing, and what is, next to nothing.
func (s *Storefront) getLive(w http.ResponseWriter, r *http.Request) error {
	to := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	seen, face, quiet := s.version(), "", 0
	// A page says what it has seen: what changed between its answer and this stream, or while it was hidden, is news to it.
	if since, err := strconv.ParseUint(r.URL.Query().Get("since"), 10, 64); err == nil {
		seen = since
	}
	send := func(event, data string) error {
		quiet = 0
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, data); err != nil {
			return err
		}
		return to.Flush()
	}
	if err := send("hello", "souk"); err != nil {
		return fail.Wrap(fail.Internal, err, "no_stream", "This connection cannot carry a stream of events.")
	}
	for {
		if now := s.opt.Clock.Now().UTC().Format(nowFormat); now != face {
			face = now
			if send("tick", now) != nil {
				return nil // the reader has gone
			}
		}
		if v := s.version(); v != seen {
			seen = v
			if send("changed", fmt.Sprint(v)) != nil {
				return nil
			}
		}
		if quiet++; quiet > quietMost && send("hello", "souk") != nil {
			return nil
		}
		if clock.Sleep(r.Context(), lookEvery) != nil || s.life.Err() != nil {
			return nil
		}
	}
}

// version changes when something that pages show may have changed. The clock's minute is part of it: pages say how far
// things are from now.
func (s *Storefront) version() uint64 {
	v := uint64(s.opt.Clock.Now().Unix() / 60)
	if s.opt.Changes != nil {
		v += s.opt.Changes()
	}
	return v
}
