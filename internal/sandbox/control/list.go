package control

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
)

// How many items a page has when ?limit= does not say, and at most.
const (
	pageSize = 100
	pageMost = 1000
)

// page is which part of a list is asked for.
type page struct {
	after int64 // the cursor: opaque to callers, a position here; 0 at first
	limit int
}

func pageOf(q url.Values) (page, error) {
	p := page{limit: pageSize}
	if s := q.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > pageMost {
			return p, fail.New(fail.Invalid, "limit", "limit must be a number from 1 to %d.", pageMost)
		}
		p.limit = n
	}
	if s := q.Get("cursor"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 {
			return p, fail.New(fail.Invalid, "cursor", "The cursor %q is not one that a list gave as next.", s)
		}
		p.after = n
	}
	return p, nil
}

// answerSlice answers the part of all that r asks for.
func answerSlice[T any](w http.ResponseWriter, r *http.Request, all []T) error {
	out, err := partOf(r, all)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, out)
}

// partOf is the part of all that r asks for. Lists only grow at their end, so a position is a good cursor.
func partOf[T any](r *http.Request, all []T) (out httpx.List[T], err error) {
	p, err := pageOf(r.URL.Query())
	if err != nil {
		return out, err
	}
	from := min(int(p.after), len(all))
	to := min(from+p.limit, len(all))
	out.Items = append([]T{}, all[from:to]...)
	if to < len(all) {
		out.Next = strconv.Itoa(to)
	}
	return out, nil
}

// timeOf reads an instant from the query; absent is the zero time.
func timeOf(q url.Values, name string) (time.Time, error) {
	s := q.Get(name)
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fail.New(fail.Invalid, name, "%s must be an instant such as 2026-11-01T00:00:00Z.", name)
	}
	return t, nil
}
