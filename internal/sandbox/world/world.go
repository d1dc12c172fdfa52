package world

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/profile"
)

// Options is what a world is made from.
type Options struct {
	// File is the world at its start, and after every [World.Reset].
	File *File
	// Seed is what all identifiers are drawn from.
	Seed uint64
	// FulfillmentURL and SignInURL stand in for products whose listing in the file has none.
	FulfillmentURL string
	SignInURL      string
	// Sink takes every notice when it is due, in order. It is called with the world locked: it must be quick and
	// must not call the world. It may be nil.
	Sink func(Notice)
	// Record keeps a command before it takes effect; when it fails, nothing happens and the act fails with its
	// error. It is called with the world locked. It may be nil.
	Record func(Command) error
}

// World is one market. Its methods are safe for concurrent use, and what they return is the caller's own.
//
// Acts are given the instant at which they happen. It should not go back from act to act; the sandbox's clock sees to it.
type World struct {
	opt Options

	mu        sync.RWMutex
	acts      uint64 // that took effect
	ids       *ids
	profiles  profile.Set
	shuffle   uint64 // the seed of SetProfiles' last shuffle; 0: everything is as it was chosen
	sellers   map[string]*Seller
	buyers    map[string]*Buyer
	products  map[string]*product // by product id and by product code
	offers    map[string]*offer
	proposals map[string]*offer // by agreementProposalId, superseded ones too
	keys      map[string]AccessKey
	agreement map[string]*agreement
	licenses  map[string]*agreement // by licence ARN
	customers map[customerKey]*customer
	byHandle  map[handleKey]string // customer identifier → account id, per seller
	tokens    map[string]*token
	order     struct { // as they were made
		sellers, buyers, products, offers []string
		agreements                        []*agreement
	}
	quotes        quotes
	invoices      shelf[Invoice]
	invoicesOf    map[string][]*Invoice   // by buyer
	agreementsOf  map[string][]*agreement // by buyer, oldest first
	closing       map[int32]bool          // months whose close is planned
	cancellations shelf[CancellationRequest]
	adjustments   shelf[Adjustment]
	payments      shelf[PaymentRequest]
	cases         shelf[Case]
	calendar      calendar
	ledger        ledger
}

type product struct {
	Product
	dims       map[string]uint16 // dimension key → its place in Dimensions
	offers     []*offer          // the listing's own first
	agreements []*agreement      // oldest first
	raisedAt   time.Time         // when a listed price was last raised; zero: never
}

type agreement struct {
	Agreement
	product *product
	buyer   *Buyer
	offer   *offer // that it was made from
	subject uint32 // in the ledger
	// invoices are those that were issued for it, oldest first.
	invoices []*Invoice
	// announced is when the seller was, or will be, told of the agreement; toldBy is when of all that has happened to it.
	announced, toldBy time.Time
	advised           bool // AWS sees a risk with its buyer
}

type customerKey struct{ code, account string }
type handleKey struct{ seller, handle string }

// customer is a buyer of one product: the key of legacy metering.
type customer struct {
	product    *product
	buyer      *Buyer
	handle     string
	subject    uint32       // in the ledger
	agreements []*agreement // oldest first
}

// New makes the world that opt.File describes. A file that contradicts itself is fail.Invalid.
func New(opt Options) (*World, error) {
	w := &World{opt: opt, ids: newIDs(opt.Seed)}
	if err := w.begin(opt.File); err != nil {
		return nil, err
	}
	return w, nil
}

// begin makes everything as f says. The source of identifiers goes on.
func (w *World) begin(f *File) error {
	profiles, err := profile.Defaults().With(shuffled(w.shuffle, f))
	if err != nil {
		return about("profiles", err)
	}
	w.profiles = profiles // a shuffle stays
	w.sellers, w.buyers, w.products = map[string]*Seller{}, map[string]*Buyer{}, map[string]*product{}
	w.offers, w.proposals, w.keys = map[string]*offer{}, map[string]*offer{}, map[string]AccessKey{}
	w.agreement, w.licenses = map[string]*agreement{}, map[string]*agreement{}
	w.customers, w.byHandle = map[customerKey]*customer{}, map[handleKey]string{}
	w.tokens = map[string]*token{}
	w.order.sellers, w.order.buyers, w.order.products, w.order.offers, w.order.agreements = nil, nil, nil, nil, nil
	w.agreementsOf = map[string][]*agreement{}
	w.invoices, w.invoicesOf, w.closing = shelf[Invoice]{}, map[string][]*Invoice{}, map[int32]bool{}
	w.payments = shelf[PaymentRequest]{}
	w.cancellations, w.adjustments, w.cases = shelf[CancellationRequest]{}, shelf[Adjustment]{}, shelf[Case]{}
	w.calendar, w.quotes = calendar{}, newQuotes()
	w.ledger.clear()
	for i, s := range f.Sellers {
		if err := w.addSeller(s); err != nil {
			return in("sellers", i, err)
		}
	}
	for _, k := range f.AccessKeys {
		w.keys[k.ID] = k
	}
	for i, b := range f.Buyers {
		if _, err := w.checkBuyer(b); err != nil {
			return in("buyers", i, err)
		}
		w.addBuyer(b)
	}
	for i, p := range f.Products {
		p, err := w.completeProduct(p)
		if err != nil {
			return in("products", i, err)
		}
		w.addProduct(time.Time{}, p)
	}
	for i, o := range f.Offers {
		o, p, err := w.newOffer(o)
		if err != nil {
			return in("offers", i, err)
		}
		w.addOffer(time.Time{}, o, p)
	}
	return nil
}

// act locks the world for an act that changes it, and returns what unlocks it.
func (w *World) act() (done func()) {
	w.mu.Lock()
	w.ids.turn(w.acts + 1)
	return w.mu.Unlock
}

// record keeps c, if somebody wants it kept, and counts it. Called after the act was found possible and before it
// takes effect.
func (w *World) record(c Command) error {
	if w.opt.Record != nil {
		if err := w.opt.Record(c); err != nil {
			return fail.Wrap(fail.Internal, err, "journal", "The sandbox could not write its journal.")
		}
	}
	w.acts++
	return nil
}

func (w *World) tell(n Notice) {
	if w.opt.Sink != nil {
		w.opt.Sink(n)
	}
}

// Strict reports whether the world's file asks for signatures to be verified.
func (w *World) Strict() bool { return w.opt.File.Auth == AuthStrict }

// Profiles is the present choice of disputed behaviours.
func (w *World) Profiles() profile.Set {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.profiles
}

// SetProfiles replaces some choices from now on. fail.Invalid: an unknown name or value.
func (w *World) SetProfiles(now time.Time, choices map[string]string) error {
	return w.choose(now, choices, w.Shuffle())
}

// ShuffleProfiles makes every choice by seed, from now on, but for those of the world's file and those given here, and
// lets the seed draw how notices travel. The same seed chooses the same again; 0 is no shuffle: every default. The seed
// outlives a [World.Reset]. fail.Invalid: as SetProfiles has it.
func (w *World) ShuffleProfiles(now time.Time, seed uint64, choices map[string]string) error {
	all := shuffled(seed, w.opt.File)
	maps.Copy(all, choices)
	return w.choose(now, all, seed)
}

// shuffled is the choice that a world begins with.
func shuffled(seed uint64, f *File) map[string]string {
	all := profile.Defaults().Map()
	if seed != 0 {
		all = profile.Shuffled(seed)
	}
	maps.Copy(all, f.Profiles)
	return all
}

func (w *World) choose(now time.Time, choices map[string]string, seed uint64) error {
	defer w.act()()
	next, err := w.profiles.With(choices)
	if err != nil {
		return err
	}
	if err := w.record(Command{At: now, Act: actProfiles, Profiles: choices, Shuffle: seed}); err != nil {
		return err
	}
	w.profiles, w.shuffle = next, seed
	return nil
}

// Shuffle is the seed of the last shuffle; 0 when there was none since the world's beginning.
func (w *World) Shuffle() uint64 {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.shuffle
}

// Reset makes everything as the world's file says: agreements, tokens and honoured usage are gone. New identifiers
// differ from those before.
func (w *World) Reset(now time.Time) error {
	defer w.act()()
	if err := w.record(Command{At: now, Act: actReset}); err != nil {
		return err
	}
	return w.begin(w.opt.File)
}

// DefaultSeller is the account that unknown access keys belong to: the file's first seller.
func (w *World) DefaultSeller() string {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.order.sellers[0]
}

// Account tells whose access key id is. ok is false for a key that neither the world's file lists, nor is a buyer's
// own (see [World.BuyerKey]).
func (w *World) Account(id string) (k AccessKey, ok bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if k, ok = w.keys[id]; ok {
		return k, true
	}
	if account, buyers := strings.CutPrefix(id, buyerKeyPrefix); buyers && w.buyers[account] != nil {
		return ownKey(account), true
	}
	return AccessKey{}, false
}

// AccessKeys lists the keys of the world's file, secrets included.
func (w *World) AccessKeys() []AccessKey {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return slices.Clone(w.opt.File.AccessKeys)
}
