package api

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
)

// The number of items on a page of a list.
const (
	DefaultLimit = 50
	MaxLimit     = 500
)

// Limit reads ?limit=.
//
// Errors: fail.Invalid unless it is a number from 1 to 500.
func Limit(r *http.Request) (int, error) {
	s := r.URL.Query().Get("limit")
	if s == "" {
		return DefaultLimit, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > MaxLimit {
		return 0, fail.New(fail.Invalid, "bad_limit", "The limit is %q; give a number from 1 to %d.", s, MaxLimit)
	}
	return n, nil
}

// Cursor reads ?cursor= into v, which is left alone on the first page. To a client a cursor is opaque; it is the last
// item's sort key, so that what is added meanwhile neither shifts nor repeats items.
//
// Errors: fail.Invalid if it is not one that [CursorOf] made.
func Cursor(r *http.Request, v any) error {
	s := r.URL.Query().Get("cursor")
	if s == "" {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		return fail.New(fail.Invalid, "bad_cursor", "The cursor was not made here; start again without one.")
	}
	return nil
}

// CursorOf is the cursor that [Cursor] reads back as v, a struct of plain fields.
func CursorOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // a programming error: v is not plain
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// PageOf is a page of at most limit items, each as show shows it. Of items one more than limit was asked for, where there
// is one: then there is a next page, after what key says of the last item shown, which [Cursor] reads back.
func PageOf[T, Out any](items []T, limit int, key func(T) any, show func(T) Out) httpx.List[Out] {
	page := httpx.List[Out]{Items: []Out{}}
	for i, item := range items {
		if i == limit {
			page.Next = CursorOf(key(items[i-1]))
			break
		}
		page.Items = append(page.Items, show(item))
	}
	return page
}
