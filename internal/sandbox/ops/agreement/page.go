package agreement

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/wire"
)

// paging is what all lists of this API take.
type paging struct {
	MaxResults *int64
	NextToken  *string
}

// key is where an item stands in its list. Items are told apart by ID; N orders them.
type key struct {
	N  int64
	ID string
}

// turn is a page that was asked for: at most size items after the key, or from the start without one.
type turn struct {
	size     int
	after    *key
	question [8]byte
}

// turn checks p. question is what was asked beside it: a token goes on with no other.
func (p paging) turn(c *wire.Call, question ...any) (turn, error) {
	t := turn{size: contract.MaxAgreements}
	if p.MaxResults != nil {
		if *p.MaxResults < 1 || *p.MaxResults > contract.MaxAgreements {
			return t, invalid(c, "INVALID_MAX_RESULTS", "maxResults", "maxResults must be between 1 and "+strconv.Itoa(contract.MaxAgreements)+".")
		}
		t.size = int(*p.MaxResults)
	}
	text, err := json.Marshal(append(question, c.Account, c.Operation))
	if err != nil {
		return t, err
	}
	sum := sha256.Sum256(text)
	t.question = [8]byte(sum[:8])
	if p.NextToken == nil {
		return t, nil
	}
	after, ok := t.read(*p.NextToken)
	if !ok {
		return t, invalid(c, "INVALID_NEXT_TOKEN", "nextToken", "The nextToken is not one of an answer to this request.")
	}
	t.after = &after
	return t, nil
}

func (t turn) write(k key) *string {
	return new(base64.RawURLEncoding.EncodeToString([]byte(string(t.question[:]) + strconv.FormatInt(k.N, 10) + " " + k.ID)))
}

func (t turn) read(token string) (k key, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	rest, ours := strings.CutPrefix(string(text), string(t.question[:]))
	n, id, whole := strings.Cut(rest, " ")
	at, bad := strconv.ParseInt(n, 10, 64)
	return key{at, id}, err == nil && bad == nil && ours && whole && len(token) <= contract.MaxNextToken
}

// page sorts items, in descending order if so asked, and cuts t out of them. Keys that were told stay told whatever
// comes or goes in between. next is nil on the last page.
func page[T any](items []T, keyOf func(T) key, descending bool, t turn) (part []T, next *string) {
	compare := func(a, b key) int {
		n := cmp.Or(cmp.Compare(a.N, b.N), strings.Compare(a.ID, b.ID))
		if descending {
			return -n
		}
		return n
	}
	slices.SortFunc(items, func(a, b T) int { return compare(keyOf(a), keyOf(b)) })
	if t.after != nil {
		items = items[len(items)-countAfter(items, keyOf, compare, *t.after):]
	}
	if len(items) <= t.size {
		return items, nil
	}
	return items[:t.size], t.write(keyOf(items[t.size-1]))
}

// countAfter is how many of the sorted items come after k.
func countAfter[T any](items []T, keyOf func(T) key, compare func(a, b key) int, k key) int {
	first, _ := slices.BinarySearchFunc(items, k, func(item T, k key) int { return cmp.Or(compare(keyOf(item), k), -1) })
	return len(items) - first
}
