package notice

import (
	"fmt"
	"time"
)

// BeginReplay makes Accept only take notice of notices: their plans are in the journal, and come through [Desk.Replay].
func (d *Desk) BeginReplay() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.replaying = true
}

// Replay applies a change of the journal. Attempts that were due by then are carried out again, so that the queues have
// their messages before the journal tells which of them were deleted.
func (d *Desk) Replay(c Change) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.runDue(c.At)
	if c.Reset {
		d.forget()
		return nil
	}
	if c.Posting != nil {
		d.begin(d.filePosting(*c.Posting), c, c.At)
		return nil
	}
	del := d.byID[c.Notice]
	if del == nil {
		return fmt.Errorf("the journal has a plan for notice %s, which never happened", c.Notice)
	}
	if c.Result != nil {
		d.conclude(del, c)
		return nil
	}
	for i, u := range d.unplanned {
		if u == del {
			d.unplanned = append(d.unplanned[:i], d.unplanned[i+1:]...)
			break
		}
	}
	d.begin(del, c, c.At)
	return nil
}

// ReplayTo carries out the attempts that were due by t. It is called before the journal's changes of a queue.
func (d *Desk) ReplayTo(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.runDue(t)
}

// EndReplay goes over to live delivery. A notice without a plan, because the sandbox was killed in between, is planned now.
func (d *Desk) EndReplay() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.replaying = false
	left := d.unplanned
	d.unplanned = nil
	for _, del := range left {
		d.decide(del)
	}
}
