package inbox

import (
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
)

// Bounds of what is kept: mails, and bytes of them all as they came.
const (
	maxMails = 500
	maxBytes = 32 << 20
)

// Inbox is the mails that were caught, the newest ones within bounds. It is safe for concurrent use.
type Inbox struct {
	clock clock.Clock
	log   *slog.Logger

	mu    sync.Mutex
	mails []Mail // oldest first
	bytes int
	made  uint64 // counts mails, those forgotten too
}

// New makes an empty inbox. clk stamps what comes.
func New(clk clock.Clock, log *slog.Logger) *Inbox {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Inbox{clock: clk, log: log}
}

// Take keeps a mail that came for the recipients to, and forgets the oldest ones where the bounds ask for it.
func (b *Inbox) Take(from string, to []string, source []byte) Mail {
	m := Parse(source)
	m.From, m.To, m.ReceivedAt = valid(from), slices.Clone(to), b.clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.made++
	m.ID = strconv.FormatUint(b.made, 10)
	b.mails = append(b.mails, m)
	b.bytes += m.Size
	old := 0
	for ; len(b.mails)-old > maxMails || b.bytes > maxBytes && len(b.mails)-old > 1; old++ {
		b.bytes -= b.mails[old].Size
	}
	b.mails = slices.Delete(b.mails, 0, old)
	return m
}

// Query chooses mails; what is empty chooses all.
type Query struct {
	// To is a recipient's address, without regard to case.
	To string
	// After is the ID of the last mail of the page before; Limit the most to return, 0 for all.
	After string
	Limit int
}

func (q Query) wants(m Mail) bool {
	return q.To == "" || slices.ContainsFunc(m.To, func(to string) bool { return strings.EqualFold(to, q.To) })
}

// List tells the mails that q chooses, oldest first. next is the After of the next page; empty on the last.
// Errors: fail.Invalid when After is no ID.
func (b *Inbox) List(q Query) (page []Mail, next string, err error) {
	var after uint64
	if q.After != "" {
		if after, err = strconv.ParseUint(q.After, 10, 64); err != nil {
			return nil, "", fail.New(fail.Invalid, "cursor", "The cursor %q is not one that a list gave as next.", q.After)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	page = []Mail{}
	for _, m := range b.mails[b.index(after+1):] {
		if !q.wants(m) {
			continue
		}
		if q.Limit > 0 && len(page) == q.Limit {
			return page, page[len(page)-1].ID, nil
		}
		page = append(page, m)
	}
	return page, "", nil
}

// Newest tells at most limit of the mails to an address (empty: to anybody) that came before the one numbered before
// (0: of all), newest first, and whether there are more.
func (b *Inbox) Newest(to string, before uint64, limit int) (page []Mail, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	end := len(b.mails)
	if before > 0 {
		end = b.index(before)
	}
	q := Query{To: to}
	for i := end - 1; i >= 0; i-- {
		if !q.wants(b.mails[i]) {
			continue
		}
		if len(page) == limit {
			return page, true
		}
		page = append(page, b.mails[i])
	}
	return page, false
}

// index is where the mail numbered n is, or would be if it was not forgotten. Numbers follow each other.
func (b *Inbox) index(n uint64) int {
	first := b.made - uint64(len(b.mails)) + 1
	if n <= first {
		return 0
	}
	return int(min(n-first, uint64(len(b.mails))))
}

// Get finds a mail; fail.NotFound if there is none, or it was forgotten.
func (b *Inbox) Get(id string) (Mail, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n, err := strconv.ParseUint(id, 10, 64); err == nil && n > 0 {
		if i := b.index(n); i < len(b.mails) && b.mails[i].ID == id {
			return b.mails[i], nil
		}
	}
	return Mail{}, fail.New(fail.NotFound, "unknown_mail", "There is no mail %q, or it is so old that it was forgotten.", id)
}

// Clear forgets all mails.
func (b *Inbox) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails, b.bytes = nil, 0
}

// Made counts the mails that ever came: it changes when one does.
func (b *Inbox) Made() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.made
}

// Recipients lists everybody who has a mail here, in lower case, sorted.
func (b *Inbox) Recipients() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, m := range b.mails {
		for _, to := range m.To {
			all = append(all, strings.ToLower(to))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
