package wire

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Entry is one call, as GET /_sandbox/calls tells it. It has the bytes that travelled, tokens included: a sandbox is
// for looking at them. CBOR is written in diagnostic notation.
type Entry struct {
	ID           string    `json:"id"`
	At           time.Time `json:"time"` // in the sandbox's time
	Account      string    `json:"account,omitempty"`
	AccessKey    string    `json:"accessKey,omitempty"`
	Region       string    `json:"region,omitempty"`
	Service      string    `json:"service,omitempty"`
	Operation    string    `json:"operation,omitempty"`
	RequestID    string    `json:"requestId"`
	Request      string    `json:"request"`
	Response     string    `json:"response"`
	Status       int       `json:"status"` // 0: the connection was broken
	Error        string    `json:"error,omitempty"`
	Fault        string    `json:"fault,omitempty"`
	Milliseconds float64   `json:"durationMs"` // of real time
}

// Bounds of the log: entries, and bytes of requests and responses in all of them.
const (
	maxEntries = 4096
	maxBytes   = 16 << 20
	maxBody    = 64 << 10 // kept of one body
)

// Calls is the log of calls: the newest ones, within bounds. The zero Calls is empty. It is safe for concurrent use.
type Calls struct {
	mu    sync.Mutex
	ring  []kept // grows up to maxEntries, so that a log of few calls is small; number n is at n modulo maxEntries
	first uint64 // number of the oldest entry kept
	next  uint64 // number of the next one
	bytes int
}

// kept is an entry before it is shown: its bodies are shared with the call, not copied.
type kept struct {
	call     *Call
	service  string
	status   int
	code     string
	method   string
	target   string // the path and query
	host     string
	header   http.Header // of the request
	answered http.Header // of the answer
	response []byte
	took     time.Duration
}

func (k kept) size() int { return len(k.call.Body) + len(k.response) }

// add keeps a call, and forgets the oldest ones where the bounds ask for it.
func (l *Calls) add(k kept) {
	if len(k.response) > maxBody {
		k.response = slices.Clone(k.response[:maxBody])
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.first < l.next && (l.next-l.first == maxEntries || l.bytes+k.size() > maxBytes) {
		oldest := &l.ring[l.first%maxEntries]
		l.bytes -= oldest.size()
		*oldest = kept{}
		l.first++
	}
	if i := l.next % maxEntries; int(i) < len(l.ring) {
		l.ring[i] = k
	} else {
		l.ring = append(l.ring, k)
	}
	l.bytes += k.size()
	l.next++
}

// CallQuery chooses calls; what is empty chooses all.
type CallQuery struct {
	Operation string
	Since     time.Time // in the sandbox's time
	// After is the ID of the last call of the page before; Limit the most to return, 0 for all.
	After string
	Limit int
}

// List tells the calls that q chooses, oldest first. next is the After of the next page; empty on the last.
func (l *Calls) List(q CallQuery) (items []Entry, next string) {
	after, _ := strconv.ParseUint(q.After, 10, 64)
	l.mu.Lock()
	defer l.mu.Unlock()
	items = []Entry{}
	for n := max(l.first, after); n < l.next; n++ {
		k := l.ring[n%maxEntries]
		if (q.Operation != "" && q.Operation != k.call.Operation) || k.call.At.Before(q.Since) {
			continue
		}
		if q.Limit > 0 && len(items) == q.Limit {
			return items, items[len(items)-1].ID
		}
		items = append(items, k.entry(n))
	}
	return items, ""
}

func (k kept) entry(n uint64) Entry {
	c := k.call
	body := c.Body
	if len(body) > maxBody {
		body = body[:maxBody]
	}
	return Entry{ID: strconv.FormatUint(n+1, 10), At: c.At, Account: c.Account, AccessKey: c.AccessKey, Region: c.Region, Service: k.service,
		Operation: c.Operation, RequestID: c.RequestID, Request: readable(c.Protocol, body), Response: readable(c.Protocol, string(k.response)), Status: k.status, Error: k.code,
		Fault: string(c.Fault.Kind), Milliseconds: float64(k.took.Microseconds()) / 1000}
}

// Made counts the calls that ever came: it changes when one does.
func (l *Calls) Made() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next
}

// Clear forgets all calls.
func (l *Calls) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for ; l.first < l.next; l.first++ {
		l.ring[l.first%maxEntries] = kept{}
	}
	l.bytes = 0
}
