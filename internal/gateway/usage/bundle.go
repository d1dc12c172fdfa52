package usage

import (
	"encoding/binary"
	"math"
	"strings"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
)

// A bundle is the events of many calls in one piece, as they were told: what a node that stands by has gathered, and brings to
// the one that keeps the books. A byte says how the rest is written; then comes a call after the other, and in it an event
// after the other. A text that tends to repeat stands in full, behind a 0, where it is met first, and as its number from then on.
//
// How many calls there are is not said: that a bundle was not cut off is for whoever carries it to know.
const bundleFormat = 1

// Flags of an event in a bundle.
const (
	bundledTimed   = 1 << iota // its time follows, as the seconds since the last one's, and nanoseconds
	bundledByBuyer             // the licence is named by account and product, which follow
	bundledTags                // tags follow, see appendTags
	bundledUnknown             // this bit and those above are a newer version's
)

// leastBundled is how many bytes an event takes at least: flags, id, source, licence, dimension, quantity.
const leastBundled = 6

// Bundle makes bundles. Its zero value is an empty one; make it empty again with [Bundle.Reset].
type Bundle struct {
	out   []byte
	texts map[string]uint64 // the number of each, from 1
	last  [bundleColumns]struct {
		text string
		no   uint64 // 0: there was none
	}
	tags   tagWriter
	second int64 // of the last time
	events int
}

// The texts of a bundle that tend to repeat; neighbours are often alike.
const (
	bundleSource = iota
	bundleName
	bundleAccount
	bundleProduct
	bundleDimension
	bundleTags
	bundleKey
	bundleColumns
)

// Reset makes b empty, for the next one. What [Bundle.Bytes] gave is overwritten by it.
func (b *Bundle) Reset() {
	clear(b.texts)
	clear(b.last[:])
	b.out, b.tags, b.second, b.events = b.out[:0], tagWriter{}, 0, 0
}

// Events is how many there are in it.
func (b *Bundle) Events() int { return b.events }

// Bytes is the bundle. It is good until the next [Bundle.Add] or Reset.
func (b *Bundle) Bytes() []byte {
	if len(b.out) == 0 {
		b.out = append(b.out, bundleFormat)
	}
	return b.out
}

// Add puts a call of [Intake.Accept] behind the others: what is told, and the id of the API key with which it was.
func (b *Bundle) Add(key, source string, events []Event) {
	b.out = b.Bytes()
	b.text(bundleKey, key)
	b.text(bundleSource, source)
	b.out = binary.AppendUvarint(b.out, uint64(len(events)))
	for i := range events {
		b.add(&events[i])
	}
	b.events += len(events)
}

func (b *Bundle) add(e *Event) {
	var flags byte
	if !e.Time.IsZero() {
		flags |= bundledTimed
	}
	if e.License.Account != "" || e.License.Product != "" {
		flags |= bundledByBuyer
	}
	if len(e.Tags) > 0 {
		flags |= bundledTags
	}
	b.out = appendText(append(b.out, flags), e.ID)
	b.text(bundleSource, e.Source)
	b.text(bundleName, e.License.Name)
	if flags&bundledByBuyer != 0 {
		b.text(bundleAccount, e.License.Account)
		b.text(bundleProduct, string(e.License.Product))
	}
	b.text(bundleDimension, string(e.Dimension))
	b.out = appendText(b.out, e.Quantity)
	if flags&bundledTimed != 0 {
		second := e.Time.Unix()
		b.out = binary.AppendVarint(b.out, second-b.second)
		b.out = binary.AppendUvarint(b.out, uint64(e.Time.Nanosecond()))
		b.second = second
	}
	if flags&bundledTags != 0 {
		b.text(bundleTags, b.tags.write(e.Tags))
	}
}

func (b *Bundle) text(column int, s string) {
	last := &b.last[column]
	if last.no == 0 || last.text != s {
		no, met := b.texts[s]
		if !met {
			if b.texts == nil {
				b.texts = map[string]uint64{}
			}
			no = uint64(len(b.texts)) + 1
			b.texts[s] = no
			b.out = appendText(append(b.out, 0), s)
		}
		last.text, last.no = s, no
		if !met {
			return
		}
	}
	b.out = binary.AppendUvarint(b.out, last.no)
}

// bundleReader takes a bundle apart. bad says that it is none.
type bundleReader struct {
	sharedRows
	second int64
}

func newBundleReader(bundle string) *bundleReader {
	r := &bundleReader{}
	r.b = bundle
	if r.byte() != bundleFormat {
		r.spoil()
	}
	return r
}

// more reports whether another call begins.
func (r *bundleReader) more() bool { return r.b != "" && !r.bad }

// call reads how a call begins; its events follow.
func (r *bundleReader) call() (key, source string, events int) {
	key, source = r.shared(), r.shared()
	n := r.uvarint()
	if n > uint64(len(r.b)/leastBundled) {
		r.spoil()
		return "", "", 0
	}
	return key, source, int(n)
}

// event reads the next event.
func (r *bundleReader) event(e *Event) {
	flags := r.byte()
	*e = Event{ID: r.text(), Source: r.shared(), License: Ref{Name: r.shared()}}
	if flags&bundledByBuyer != 0 {
		e.License.Account, e.License.Product = r.shared(), core.ProductCode(r.shared())
	}
	e.Dimension, e.Quantity = core.Dimension(r.shared()), r.text()
	if flags&bundledTimed != 0 {
		r.second += r.varint()
		nano := r.uvarint()
		if nano > math.MaxInt32 {
			r.spoil()
		}
		e.Time = time.Unix(r.second, int64(nano))
	}
	if flags&bundledTags != 0 {
		e.Tags = r.tagsOf(r.number(), &r.reader)
	}
	if flags >= bundledUnknown {
		r.spoil()
	}
}

// sharedRows reads fields one behind the other, and texts that stand in full, behind a 0, where they are met first, and as their
// number from then on.
type sharedRows struct {
	reader
	sharedTexts
}

func (r *sharedRows) shared() string { return r.of(r.number(), &r.reader) }

// number reads a text's number, and the text where it stands in full.
func (r *sharedRows) number() uint64 {
	v := r.uvarint()
	if v == 0 && !r.bad {
		// A copy, so that who keeps a licence's name does not keep everything that came with it.
		r.add(strings.Clone(r.text()))
		v = uint64(len(r.texts))
	}
	return v
}

// Answer is what one call of a bundle is answered: as by [Intake.Accept].
type Answer struct {
	Result Result
	Err    error
}

// Counts is for how many events the answer is, if they were judged.
func (a Answer) Counts() int { return a.Result.Accepted + a.Result.Duplicates + len(a.Result.Rejected) }

// AppendAnswers writes the answers to a bundle's calls behind b, for [ReadAnswers].
func AppendAnswers(b []byte, answers []Answer) []byte {
	b = append(b, bundleFormat)
	for _, a := range answers {
		if a.Err != nil {
			e := classed(a.Err)
			b = appendText(appendText(append(b, 1+byte(e.Kind)), e.Code), e.Say)
			continue
		}
		b = binary.AppendUvarint(append(b, 0), uint64(a.Result.Accepted))
		b = binary.AppendUvarint(b, uint64(a.Result.Duplicates))
		b = binary.AppendUvarint(b, uint64(len(a.Result.Rejected)))
		for _, r := range a.Result.Rejected {
			b = binary.AppendUvarint(b, uint64(r.Index))
			b = appendText(appendText(appendText(b, r.ID), r.Code), r.Message)
		}
	}
	return b
}

// ReadAnswers reads what [AppendAnswers] wrote, in the order of the calls. ok is false for what is not the answers to so many.
func ReadAnswers(text []byte, calls int) (answers []Answer, ok bool) {
	r := reader{b: string(text)}
	if r.byte() != bundleFormat {
		return nil, false
	}
	answers = make([]Answer, calls)
	for i := range answers {
		a := &answers[i]
		if kind := r.byte(); kind > 1+byte(fail.Later) {
			return nil, false
		} else if kind > 0 {
			a.Err = &fail.Error{Kind: fail.Kind(kind - 1), Code: r.text(), Say: r.text()}
			continue
		}
		a.Result.Accepted, a.Result.Duplicates = r.count(), r.count()
		for n := r.count(); n > 0 && !r.bad; n-- {
			a.Result.Rejected = append(a.Result.Rejected, Rejection{Index: r.count(), ID: r.text(), Code: r.text(), Message: r.text()})
		}
	}
	return answers, !r.bad && r.b == ""
}

// count reads a number of things, of which there are not too many for an int.
func (r *reader) count() int {
	n := r.uvarint()
	if n > math.MaxInt32 {
		r.spoil()
		return 0
	}
	return int(n)
}
