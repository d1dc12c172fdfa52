// Package page cuts lists into pages, as AWS's APIs tell them: a page of at most so many items, and a token for the one
// after it.
//
// It owns: which items are on a page, and what a token says. It does not own the sizes that an API allows, nor its
// errors: each API's package does. Always true: what was told stays told, whatever comes or goes between two pages; and
// a token is good for the question that it was an answer to, and for no other.
package page

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Key is where an item stands in its list. N orders items; ID tells apart, and orders, those with the same N.
type Key struct {
	N  int64
	ID string
}

// Turn is a page that was asked for: the items after a key, or from the start.
type Turn struct {
	size     int
	after    *Key
	question [8]byte
}

// Of is the page of at most size items that token asks for; the first without a token. question is all that decides
// which items are listed, and in which order: strings, numbers, and structs and lists of these. ok is false for a token
// that is no answer to that question.
func Of(size int, token *string, question ...any) (t Turn, ok bool) {
	text, err := json.Marshal(question)
	if err != nil {
		panic(err) // a mistake of the caller: its question cannot be written down
	}
	sum := sha256.Sum256(text)
	t = Turn{size: size, question: [8]byte(sum[:8])}
	if token == nil {
		return t, true
	}
	after, ok := t.read(*token)
	t.after = &after
	return t, ok
}

// Question tells apart what was asked, whatever the page.
func (t Turn) Question() [8]byte { return t.question }

// The alphabet of tokens is one that the patterns of all APIs take.
var encoding = base64.StdEncoding

func (t Turn) write(k Key) *string {
	return new(encoding.EncodeToString([]byte(string(t.question[:]) + strconv.FormatInt(k.N, 10) + " " + k.ID)))
}

func (t Turn) read(token string) (k Key, ok bool) {
	text, err := encoding.DecodeString(token)
	rest, ours := strings.CutPrefix(string(text), string(t.question[:]))
	n, id, whole := strings.Cut(rest, " ")
	at, bad := strconv.ParseInt(n, 10, 64)
	return Key{at, id}, err == nil && bad == nil && ours && whole
}

// Cut is the page of items that t asks for, in the order of their keys, descending if so asked. items stay as they are:
// only the page is sorted, so that it may be cut out of many. next is nil on the last page.
func Cut[T any](items []T, keyOf func(T) Key, descending bool, t Turn) (part []T, next *string) {
	compare := func(a, b Key) int {
		n := cmp.Or(cmp.Compare(a.N, b.N), strings.Compare(a.ID, b.ID))
		if descending {
			return -n
		}
		return n
	}
	part = []T{}
	var keys []Key // of part, which has one item more than the page, if there is one
	for i := range items {
		if descending {
			i = len(items) - 1 - i // most lists come oldest first, and the newest are soonest on a descending page
		}
		item := items[i]
		k := keyOf(item)
		if t.after != nil && compare(k, *t.after) <= 0 || len(keys) > t.size && compare(k, keys[t.size]) >= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(keys, k, compare)
		keys, part = slices.Insert(keys, at, k), slices.Insert(part, at, item)
		if len(keys) > t.size+1 {
			keys, part = keys[:t.size+1], part[:t.size+1]
		}
	}
	if len(keys) <= t.size {
		return part, nil
	}
	return part[:t.size], t.write(keys[t.size-1])
}
