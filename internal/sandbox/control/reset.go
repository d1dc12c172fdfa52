package control

import (
	"net/http"

	"souk.dev/souk/internal/httpx"
)

// postReset makes everything as the world's file says. The clock stays where it is.
func (c *Control) postReset(w http.ResponseWriter, r *http.Request) error {
	if err := noBody(w, r); err != nil {
		return err
	}
	if err := c.opt.Reset(); err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, c.clock(nil))
}
