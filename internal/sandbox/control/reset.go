package control

import (
	"net/http"

	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/notice"
)

// postReset makes everything as the world's file says: agreements, usage, queues, deliveries, calls, mails
// and faults are gone.
// The clock stays where it is, because followers could not go back.
func (c *Control) postReset(w http.ResponseWriter, r *http.Request) error {
	if err := noBody(w, r); err != nil {
		return err
	}
	c.opt.Faults.Clear() // first, so that none disturbs what follows
	if err := c.opt.World.Reset(c.opt.Clock.Now()); err != nil {
		return err
	}
	if err := c.opt.Desk.Reset(); err != nil {
		return err
	}
	if err := c.opt.Queues.Reset(notice.DefaultQueue); err != nil {
		return err
	}
	for _, s := range c.opt.World.Sellers() { // somebody may have deleted one
		if err := c.opt.Queues.Create(s.AccountID, notice.DefaultQueue, nil); err != nil {
			return err
		}
	}
	c.opt.Calls.Clear()
	if c.opt.Inbox != nil {
		c.opt.Inbox.Clear()
	}
	return httpx.JSON(w, http.StatusOK, c.clock(nil))
}
