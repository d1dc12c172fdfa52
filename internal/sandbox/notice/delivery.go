package notice

import (
	"fmt"
	"slices"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/queue"
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
	Outcome   Outcome   `json:"outcome"`
	Why       string    `json:"why,omitempty"`
	MessageID string    `json:"messageId,omitempty"` // in the queue
}

// Delivery is a notice on its way to its seller.
type Delivery struct {
	ID          string     `json:"id"` // of the notice: detail.requestId of an event, MessageId of an SNS message
	Channel     string     `json:"channel"`
	Kind        string     `json:"kind"` // the detail type, or the action
	Target      string     `json:"target"`
	Seller      string     `json:"sellerAccountId"`
	AgreementID string     `json:"agreementId"`
	LicenseARN  string     `json:"licenseArn,omitempty"`
	ProductCode string     `json:"productCode"`
	HappenedAt  time.Time  `json:"happenedAt"`
	Outcome     Outcome    `json:"outcome"`         // of the whole: delivered as soon as one attempt was
	Fault       fault.Kind `json:"fault,omitempty"` // that disturbed it
	Attempts    []Attempt  `json:"attempts"`
	Body        string     `json:"body"`

	seq    int64
	notice world.Notice
}

// file enters a notice in the list.
func (d *Desk) file(n world.Notice) *Delivery {
	a := n.Subject()
	d.made++
	del := &Delivery{ID: a.ID, Target: queue.ARN(a.SellerAccount, DefaultQueue), Seller: a.SellerAccount, AgreementID: a.AgreementID,
		LicenseARN: a.LicenseARN, ProductCode: a.ProductCode, HappenedAt: a.At, seq: d.made, notice: n}
	if m, ok := publish(n); ok {
		del.Channel, del.Kind = SNS, m.Action
	} else if e, ok := event(n, ""); ok {
		del.Channel, del.Kind = EventBridge, e.DetailType
	} else {
		panic(fmt.Sprintf("notice: nobody taught the desk to write a %T", n))
	}
	del.Body = d.render(n, uuidOf(a.ID, "envelope"))
	d.list = append(d.list, del)
	d.byID[del.ID], d.kinds[del.Kind] = del, true
	return del
}

// render is the body of the queue's message.
func (d *Desk) render(n world.Notice, envelopeID string) string {
	if m, ok := publish(n); ok {
		return text(notify(n.Subject(), m, d.signer, d.opt.Base()))
	}
	e, _ := event(n, envelopeID)
	return text(e)
}

// outcome is that of the whole delivery.
func (del *Delivery) outcome() Outcome {
	all := Failed
	for _, a := range del.Attempts {
		switch {
		case a.Way == Forge:
		case a.Outcome == Delivered:
			return Delivered
		case a.Outcome == Waiting:
			all = Waiting
		case a.Outcome == Lost && all == Failed:
			all = Lost
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

// Redeliver delivers a notice once more, now, whatever came of it before: the same bytes in a new message.
func (d *Desk) Redeliver(id string) (Delivery, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	del, err := d.get(id)
	if err != nil {
		return Delivery{}, err
	}
	now := d.opt.Clock.Now()
	c := Change{Notice: id, Attempts: []Planned{{At: now, Way: Deliver}}, At: now}
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
	d.list, d.unplanned, d.due, d.made = nil, nil, nil, 0
	d.byID, d.behind, d.kinds = map[string]*Delivery{}, map[string][]*attempt{}, map[string]bool{}
}
