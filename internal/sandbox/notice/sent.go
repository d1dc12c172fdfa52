package notice

import "souk.dev/souk/internal/sandbox/queue"

// Sent is what an attempt puts on its way, to the byte: a request to an endpoint, or a message for a queue.
type Sent struct {
	Attempt    int                        `json:"attempt"`          // its place among the delivery's attempts, from 0
	Method     string                     `json:"method,omitempty"` // of an endpoint only, as are the next two
	URL        string                     `json:"url,omitempty"`
	Header     map[string]string          `json:"header,omitempty"`
	Queue      string                     `json:"queueArn,omitempty"`
	Attributes map[string]queue.Attribute `json:"attributes,omitempty"` // of the queue's message
	Body       string                     `json:"body,omitempty"`
	// Unknown says why it cannot be told: what the attempt went by, a subscription or a target, is there no more.
	Unknown string `json:"unknown,omitempty"`
}

// Sent tells what each attempt of a delivery puts on its way, in their order. It is worked out from what the desk keeps,
// as each attempt's own bytes are: a rule or a subscription that was changed since shows in it.
// Errors: fail.NotFound if there is no such delivery.
func (d *Desk) Sent(id string) ([]Sent, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	del, err := d.get(id)
	if err != nil {
		return nil, err
	}
	all := make([]Sent, len(del.tries))
	for i, a := range del.tries {
		all[i].Attempt = i
		p, err := d.parcel(a)
		if err != nil {
			all[i].Unknown = err.Error()
			continue
		}
		all[i] = Sent{Attempt: i, Method: p.Method, URL: p.URL, Header: p.Header, Queue: p.Queue, Attributes: p.Attributes, Body: p.Body}
	}
	return all, nil
}
