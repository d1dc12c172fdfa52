package notice

import (
	"fmt"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/parcel"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/topic"
	"souk.dev/souk/internal/sandbox/world"
)

// letter is what a channel is given: an event for the bus, or a message for a topic.
type letter struct {
	Event   *bus.Event     `json:"event,omitempty"`
	Message *topic.Message `json:"message,omitempty"`
}

// Posting is what a client publishes to a topic or puts on a bus; or a confirmation, for one subscriber only.
type Posting struct {
	letter
	Kind    string       `json:"kind"`
	Account string       `json:"account"` // who posted it, or, of a confirmation, who subscribed
	Only    *parcel.Stop `json:"only,omitempty"`
}

// PostEvent is the posting of an event that a client puts on its bus.
func PostEvent(e bus.Event, detailType string) Posting {
	return Posting{letter: letter{Event: &e}, Kind: detailType, Account: e.Account}
}

// PostMessage is the posting of a message that a client publishes to its topic.
func PostMessage(account string, m topic.Message) Posting {
	return Posting{letter: letter{Message: &m}, Kind: string(m.Kind), Account: account}
}

// PostConfirmation is the posting of a confirmation to its subscriber.
func PostConfirmation(to topic.Subscription, m topic.Message) Posting {
	return Posting{letter: letter{Message: &m}, Kind: string(m.Kind), Account: to.Owner, Only: &parcel.Stop{Via: to.ARN, To: to.Endpoint}}
}

// letterOf writes a notice of the market for its channel, as an attempt of the given way sends it: a copy of an event has
// another envelope id, for which n counts. A copy of a message is the same message.
func letterOf(n world.Notice, way Way, count int) (l letter, ok bool) {
	a := n.Subject()
	if way == Forge {
		return forge(n)
	}
	if m, ok := publish(n); ok {
		return letter{Message: &topic.Message{ID: a.ID, Kind: topic.Notification, Topic: m.topic(), Text: text(m), At: a.At}}, true
	}
	id := parcel.UUID(a.ID, "envelope")
	if way == Copy {
		id = parcel.UUID(a.ID, "envelope", fmt.Sprint(count))
	}
	e, ok := event(n, id)
	return letter{Event: &bus.Event{Account: e.Account, Region: e.Region, ID: id, At: a.At, Text: text(e)}}, ok
}

// forge writes what somebody who is not AWS might send about the same agreement: that it is over. An event's proof is its
// source, which nobody but AWS can send under (PutEvents refuses sources that begin with "aws."); an SNS message's is its
// signature and its topic's owner.
func forge(n world.Notice) (l letter, ok bool) {
	a := n.Subject()
	if m, ok := publish(n); ok {
		lie := message{Action: contract.UnsubscribeSuccess, CustomerIdentifier: a.CustomerIdentifier, ProductCode: a.ProductCode}
		return letter{Message: &topic.Message{ID: parcel.UUID(a.ID, "forged"), Kind: topic.Notification, Topic: m.topic(), Text: text(lie), At: a.At, Forged: true}}, true
	}
	a.ID = parcel.UUID(a.ID, "forged")
	id := parcel.UUID(a.ID, "envelope")
	e, ok := event(world.LicenseDeprovisioned{About: a}, id)
	e.Source = "custom.agreement-marketplace"
	return letter{Event: &bus.Event{Account: e.Account, Region: e.Region, ID: id, At: a.At, Text: text(e)}}, ok
}

// stops lists where l goes.
func (d *Desk) stops(l letter) []parcel.Stop {
	if l.Message != nil {
		return d.opt.Topics.Match(*l.Message)
	}
	return d.opt.Bus.Match(*l.Event)
}

// parcel is what attempt a sends.
func (d *Desk) parcel(a *attempt) (parcel.Parcel, error) {
	l := a.del.letter
	if a.del.notice != nil && (a.Way == Copy || a.Way == Forge) {
		l, _ = letterOf(a.del.notice, a.Way, a.n)
	}
	switch {
	case a.Via == "": // of a journal that knows but one way
		return parcel.Parcel{Queue: queue.ARN(a.del.Seller, DefaultQueue), Body: d.body(l, ""), Trusted: true}, nil
	case l.Message != nil:
		return d.opt.Topics.Parcel(a.Via, *l.Message)
	default:
		return d.opt.Bus.Parcel(a.Via, *l.Event)
	}
}

// body is l as people look at it.
func (d *Desk) body(l letter, via string) string {
	if l.Message != nil {
		return d.opt.Topics.Envelope(*l.Message, via)
	}
	return l.Event.Text
}

// source is the ARN of the topic or the bus that l goes over.
func (l letter) source() string {
	if l.Message != nil {
		return l.Message.Topic
	}
	return bus.ARN(l.Event.Account, l.Event.Region)
}

// Post delivers what a client posted. fail.Internal: it could not be written down, and was not delivered.
func (d *Desk) Post(p Posting) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.opt.Clock.Now()
	del := d.filePosting(p)
	c := Change{Notice: del.ID, Posting: &p, Attempts: d.planned(del, plan(now, noFault)), At: now}
	if err := d.opt.Record(c); err != nil {
		d.unfile(del)
		return fail.Wrap(fail.Internal, err, "journal", "The sandbox could not write its journal.")
	}
	d.begin(del, c, now)
	return nil
}
