package queue

import (
	"container/heap"
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"
)

// Attribute is one message attribute. A DataType that begins with Binary has its value in Binary, any other in String.
type Attribute struct {
	DataType string `json:"type"`
	String   string `json:"string,omitempty"`
	Binary   []byte `json:"binary,omitempty"`
}

// Message is what a sender puts into a queue.
type Message struct {
	// ID is chosen by the service when empty. A message whose ID is in the queue already is not put in again, so that
	// replaying a delivery is harmless.
	ID          string               `json:"id"`
	Body        string               `json:"body"`
	Attributes  map[string]Attribute `json:"attributes,omitempty"`
	TraceHeader string               `json:"trace,omitempty"` // the system attribute AWSTraceHeader
	SenderID    string               `json:"sender,omitempty"`
	SentAt      time.Time            `json:"sent"`
	VisibleAt   time.Time            `json:"visible"` // SentAt, or later by a delay
}

// Received is a message as one receive hands it out.
type Received struct {
	Message
	Handle          string
	Receives        int // this one included
	FirstReceivedAt time.Time
	DeadLetterOf    string // ARN of the queue it came from, if it is a dead letter
}

// item is a message in a queue.
type item struct {
	Message
	seq      int64
	until    time.Time // when it is next to be seen: after a delay, or after the visibility timeout
	inFlight bool
	receives int
	first    time.Time
	deadOf   string
	where    *pile
	index    int // in where
}

// pile is a heap of items: the visible ones by age, the hidden ones by the instant they come back.
type pile struct {
	items []*item
	less  func(a, b *item) bool
}

func byAge(a, b *item) bool { return a.seq < b.seq }

func byReturn(a, b *item) bool {
	if !a.until.Equal(b.until) {
		return a.until.Before(b.until)
	}
	return a.seq < b.seq
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (p *pile) Len() int           { return len(p.items) }
func (p *pile) Less(i, j int) bool { return p.less(p.items[i], p.items[j]) }
func (p *pile) Swap(i, j int) {
	p.items[i], p.items[j] = p.items[j], p.items[i]
	p.items[i].index, p.items[j].index = i, j
}
func (p *pile) Push(x any) {
	it := x.(*item)
	it.index = len(p.items)
	p.items = append(p.items, it)
}
func (p *pile) Pop() any {
	last := len(p.items) - 1
	it := p.items[last]
	p.items[last] = nil
	p.items = p.items[:last]
	return it
}

// put moves it into p, out of wherever it was.
func (p *pile) put(it *item) {
	it.remove()
	it.where = p
	heap.Push(p, it)
}

func (it *item) remove() {
	if it.where != nil {
		heap.Remove(it.where, it.index)
		it.where = nil
	}
}

// A receipt handle names the message and the receive that gave it. It holds no secret: it is opaque so that clients
// do not come to depend on its parts, and it carries a checksum so that a garbled one is told from an old one.
func handle(queue, id string, receives int) string {
	plain := queue + "\n" + id + "\n" + strconv.Itoa(receives)
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%08x%s", crc32.ChecksumIEEE([]byte(plain)), plain))
}

func readHandle(queue, h string) (id string, receives int, err error) {
	bad := refuse(ReceiptHandleInvalid, "The input receipt handle %q is not a valid receipt handle.", h)
	raw, err := base64.StdEncoding.DecodeString(h)
	if err != nil || len(raw) < 8 {
		return "", 0, bad
	}
	plain := string(raw[8:])
	if fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(plain))) != string(raw[:8]) {
		return "", 0, bad
	}
	parts := strings.Split(plain, "\n")
	if len(parts) != 3 || parts[0] != queue {
		return "", 0, bad
	}
	n, err := strconv.Atoi(parts[2])
	if err != nil {
		return "", 0, bad
	}
	return parts[1], n, nil
}
