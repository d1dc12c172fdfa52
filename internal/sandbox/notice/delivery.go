package notice

import (
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/parcel"
	"souk.dev/souk/internal/sandbox/world"
)

// Outcome is what came of an attempt.
type Outcome string

// The outcomes.
const (
	Waiting   Outcome = "waiting" // its time has not come
	Delivered Outcome = "delivered"
	Lost      Outcome = "lost"
	Failed    Outcome = "failed"
	Unheard   Outcome = "unheard" // no rule matched it, or nobody is subscribed
)

// The channels that AWS Marketplace tells sellers by.
const (
	EventBridge = "eventbridge"
	SNS         = "sns"
)

// Attempt is one try to deliver a notice.
type Attempt struct {
	At        time.Time `json:"at"` // when it was made, or will be
	Way       Way       `json:"way"`
	Target    string    `json:"target"`        // the ARN of a queue, or a URL
	Via       string    `json:"via,omitempty"` // the ARN of the subscription, or of the rule with the target's id
	Outcome   Outcome   `json:"outcome"`
	Why       string    `json:"why,omitempty"`
	Status    int       `json:"status,omitempty"`    // that an HTTP endpoint answered
	MessageID string    `json:"messageId,omitempty"` // in the queue
}

// Delivery is a notice on its way to all who are to get it.
type Delivery struct {
	ID          string     `json:"id"` // of the notice: detail.requestId of an event, MessageId of an SNS message
	Channel     string     `json:"channel"`
	Kind        string     `json:"kind"`                  // the detail type, or the action
	Source      string     `json:"source"`                // the ARN of the bus, or of the topic
	Seller      string     `json:"sellerAccountId"`       // the account that is told: a seller, or a buyer by its own bus
	AgreementID string     `json:"agreementId,omitempty"` // this and the next two: not of what clients post
	LicenseARN  string     `json:"licenseArn,omitempty"`
	ProductCode string     `json:"productCode,omitempty"`
	HappenedAt  time.Time  `json:"happenedAt"`
	Outcome     Outcome    `json:"outcome"`         // of the whole: delivered when every receiver has it
	Fault       fault.Kind `json:"fault,omitempty"` // that disturbed it
	Attempts    []Attempt  `json:"attempts"`
	Body        string     `json:"body"`

	seq    int64
	notice world.Notice // nil: a client posted it
	letter letter
	only   *parcel.Stop // its one receiver; nil: as rules and subscriptions say
	tries  []*attempt   // as Attempts
}

// file enters a notice in the list.
func (d *Desk) file(n world.Notice) *Delivery {
	a := n.Subject()
	l, ok := letterOf(n, Deliver, 0)
	if !ok {
		panic(fmt.Sprintf("notice: nobody taught the desk to write a %T", n))
	}
	del := &Delivery{ID: a.ID, Channel: EventBridge, Seller: a.Receiver(), AgreementID: a.AgreementID, LicenseARN: a.LicenseARN,
		ProductCode: a.ProductCode, HappenedAt: a.At, notice: n, letter: l}
	if m, ok := publish(n); ok {
		del.Channel, del.Kind = SNS, m.Action
		d.opt.Topics.Offer(a.ProductCode, a.Receiver())
	} else if e, ok := event(n, ""); ok {
		del.Kind = e.DetailType
	}
	return d.enter(del)
}

// filePosting enters a client's posting in the list.
func (d *Desk) filePosting(p Posting) *Delivery {
	del := &Delivery{Kind: p.Kind, Seller: p.Account, letter: p.letter, only: p.Only}
	if p.Message != nil {
		del.ID, del.Channel, del.HappenedAt = p.Message.ID, SNS, p.Message.At
	} else {
		del.ID, del.Channel, del.HappenedAt = p.Event.ID, EventBridge, p.Event.At
	}
	return d.enter(del)
}

func (d *Desk) enter(del *Delivery) *Delivery {
	d.made++
	del.seq, del.Source = d.made, del.letter.source()
	d.list = append(d.list, del)
	d.byID[del.ID], d.kinds[del.Kind] = del, true
	return del
}

// unfile takes the newest delivery out of the list again.
func (d *Desk) unfile(del *Delivery) {
	d.made--
	d.list = d.list[:len(d.list)-1]
	delete(d.byID, del.ID)
}

// outcome is that of the whole delivery: the worst of what became of it on each of its ways.
func (del *Delivery) outcome() Outcome {
	if len(del.Attempts) == 0 {
		return Unheard
	}
	ways := map[string]Outcome{}
	for _, a := range del.Attempts {
		if a.Way != Forge && ways[a.Via] != Delivered {
			ways[a.Via] = a.Outcome
		}
	}
	all := Delivered
	for _, worse := range []Outcome{Lost, Waiting, Failed} {
		for _, o := range ways {
			if o == worse {
				all = worse
			}
		}
	}
	return all
}

func (del *Delivery) shown() Delivery {
	c := *del
	c.Outcome, c.Attempts = del.outcome(), slices.Clone(del.Attempts)
	return c
}

// List gives at most limit deliveries after the one numbered after (0: from the first), oldest first, and the number
// to go on after; more is false on the last page.
func (d *Desk) List(after int64, limit int, keep func(Delivery) bool) (page []Delivery, last int64, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	start, _ := slices.BinarySearchFunc(d.list, after+1, func(del *Delivery, seq int64) int { return int(del.seq - seq) })
	for _, del := range d.list[start:] {
		one := del.shown()
		if keep != nil && !keep(one) {
			continue
		}
		if len(page) == limit {
			return page, last, true
		}
		page, last = append(page, one), del.seq
	}
	return page, last, false
}

// Get finds one delivery; fail.NotFound if there is none.
func (d *Desk) Get(id string) (Delivery, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	del, err := d.get(id)
	if err != nil {
		return Delivery{}, err
	}
	return del.shown(), nil
}

func (d *Desk) get(id string) (*Delivery, error) {
	if del := d.byID[id]; del != nil {
		return del, nil
	}
	return nil, fail.New(fail.NotFound, "unknown_delivery", "There is no delivery %q; GET /_sandbox/deliveries lists them.", id)
}

// Redeliver delivers a notice once more, now, whatever came of it before: the same bytes, to whoever is to get it by the
// rules and subscriptions of today.
func (d *Desk) Redeliver(id string) (Delivery, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	del, err := d.get(id)
	if err != nil {
		return Delivery{}, err
	}
	now := d.opt.Clock.Now()
	c := Change{Notice: id, Attempts: d.planned(del, plan(now, noFault)), At: now}
	if err := d.opt.Record(c); err != nil {
		return Delivery{}, fmt.Errorf("write down that notice %s is delivered again: %w", id, err)
	}
	d.begin(del, c, now)
	return del.shown(), nil
}

// Reset forgets all deliveries, those under way too.
func (d *Desk) Reset() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.opt.Record(Change{Reset: true, At: d.opt.Clock.Now()}); err != nil {
		return fmt.Errorf("write down that the deliveries are reset: %w", err)
	}
	d.forget()
	return nil
}

func (d *Desk) forget() {
	d.list, d.unplanned, d.due, d.outbox, d.made = nil, nil, nil, nil, 0
	d.byID, d.behind, d.kinds = map[string]*Delivery{}, map[string][]*attempt{}, map[string]bool{}
}
