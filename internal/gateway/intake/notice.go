package intake

import (
	"context"
	"time"

	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
)

// Channel is the form in which a notice came.
type Channel string

// The channels.
const (
	EventBridge Channel = "eventbridge" // an EventBridge event
	SNS         Channel = "sns"         // a legacy message in the envelope of its topic
	Raw         Channel = "sns_raw"     // a legacy message by itself: its topic delivers raw
	NoChannel   Channel = "unreadable"
)

// Way is how a notice reached the gateway first.
type Way string

// The ways.
const (
	FromQueue  Way = "queue"      // read from the SQS queue
	ByTopic    Way = "aws_sns"    // posted by an SNS topic, whose signature was checked
	ByEventBus Way = "aws_events" // posted by an EventBridge API destination, which knows our secret
)

// Outcomes that a notice has before, or without, the book of licences; the others are the book's.
const (
	Received license.Outcome = "received"     // kept, and not yet applied
	Unknown  license.Outcome = "unknown_kind" // readable, but not a kind that is known here
	Foreign  license.Outcome = "foreign"      // not from the marketplace, or not about something we sell
	Poison   license.Outcome = "unreadable"   // not JSON, or of no known form
	Unserved                 = license.Unserved
)

// Notice is one thing that AWS told, however often it was delivered.
type Notice struct {
	Key         string // the same for every delivery; see keyOf
	Way         Way
	Channel     Channel
	Kind        string // AWS's word: an event's detail type without its role, or a message's action
	Role        string // Proposer, Manufacturer or Acceptor; empty in the legacy generation
	ProductCode core.ProductCode
	MessageID   string    // of the queue's message that brought it first; empty where none did
	EventID     string    // an EventBridge event's own id, by which AWS's logs know it; empty of all else
	At          time.Time // when it happened, by AWS's word; when it was sent, where AWS does not say
	SentAt      time.Time // when the queue took it; of one that was posted, when it was signed or came
	ReceivedAt  time.Time // when it was first read here
	LastAt      time.Time // when it was last read here
	Deliveries  int
	Body        string // whole, as it came
	Outcome     license.Outcome
	Why         string
	License     core.LicenseID // empty while none is known

	note license.Note // what it says, where Outcome is Received
}

// NeedsLook is what somebody should look at in a notice that nothing can be made of. Those of one outcome are one cause.
func (n Notice) NeedsLook() []alert.Finding {
	say := ""
	switch n.Outcome {
	case Poison:
		say = "A notice cannot be read: it is of no form that AWS Marketplace writes. It came by " + string(n.Way) + "."
	case Unknown:
		say = "A notice is of a kind that this version does not know. It is kept."
	default:
		return nil
	}
	return []alert.Finding{{Kind: outbox.AlertNoticeUnread, Cause: string(n.Outcome), Product: n.ProductCode, About: n.Key, Say: say, At: n.ReceivedAt}}
}

// Message is what a queue delivers, or AWS posts.
type Message struct {
	ID      string // the queue's own; empty where there was no queue
	Way     Way    // empty: FromQueue
	Receipt string // hands it back to the queue
	Body    string
	SentAt  time.Time
}

// Queue is where AWS's notices wait.
type Queue interface {
	// Receive returns up to ten messages, which stay hidden from others for a while. With wait it blocks, for at
	// most 20 s, until there is one.
	Receive(ctx context.Context, wait bool) ([]Message, error)
	// Remove takes messages off the queue for good. What it could not take off comes again.
	Remove(ctx context.Context, ms []Message) error
}

// Book is where what a notice says is written; license.Book is one. The outcome is kept with the notice in the same
// transaction.
type Book interface {
	Note(ctx context.Context, n license.Note) (license.Verdict, error)
}

// Store keeps notices.
type Store interface {
	// KeepNotice keeps n, with what somebody should look at in it, or counts one more delivery of it, and returns it as it is kept.
	KeepNotice(ctx context.Context, n Notice) (Notice, error)
	// Raise keeps what somebody should look at that is in no notice.
	Raise(ctx context.Context, f alert.Finding) error
	// WaitingNotices lists notices that are kept and not applied, by key, after the key given.
	WaitingNotices(ctx context.Context, after string, limit int) ([]Notice, error)
	// NoticeByKey finds one; fail.NotFound if there is none.
	NoticeByKey(ctx context.Context, key string) (Notice, error)
	// Notices lists, newest first.
	Notices(ctx context.Context, q Query) ([]Notice, error)
	// UnservedProducts lists the products of notices that were put aside because their product was not configured.
	UnservedProducts(ctx context.Context) ([]core.ProductCode, error)
	// RereadNotice replaces what was understood of a kept notice (its channel, kind, role, product, instant, event id,
	// outcome and reason) by what n has. Its key, its body and its deliveries stay.
	RereadNotice(ctx context.Context, n Notice) error
	// ReconsiderProduct makes the product's notices that were put aside wait to be applied.
	ReconsiderProduct(ctx context.Context, code core.ProductCode) error
}

// Query selects notices; empty members select all.
type Query struct {
	Outcome license.Outcome
	Kind    string
	License core.LicenseID
	Way     Way
	// Before and BeforeKey are the last notice of the page before; zero for the first page.
	Before    time.Time
	BeforeKey string
	Limit     int
}
