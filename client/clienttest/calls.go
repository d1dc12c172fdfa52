package clienttest

import (
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"regexp"
	"time"

	"souk.dev/souk/client"
)

var decimal = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

func (s *Server) postEvents(w http.ResponseWriter, r *http.Request) {
	var events []client.Event
	if err := json.NewDecoder(r.Body).Decode(&events); err != nil {
		problem(w, http.StatusBadRequest, "bad_json", "The body is not a JSON array of events.")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	receipt := client.Receipt{Rejected: []client.Rejection{}}
	for i, e := range events {
		no := func(code, message string) {
			receipt.Rejected = append(receipt.Rejected, client.Rejection{Index: i, ID: e.ID, Code: code, Message: message})
		}
		before, known := s.known[e.ID]
		switch _, found := s.find(e.License); {
		case e.ID == "":
			no("no_id", "The event has no id.")
		case !found && e.License != "":
			no("unknown_license", "There is no license "+e.License+".")
		case !decimal.MatchString(string(e.Quantity)):
			no("bad_quantity", "The quantity is not a decimal number of 0 or more.")
		case known && same(before, e):
			receipt.Duplicates++
		case known:
			no("id_reused", "The id was used before, for another event.")
		default:
			s.known[e.ID] = e
			s.events = append(s.events, e)
			receipt.Accepted++
		}
	}
	answer(w, receipt)
}

func same(a, b client.Event) bool {
	x, _ := new(big.Rat).SetString(string(a.Quantity))
	y, _ := new(big.Rat).SetString(string(b.Quantity))
	return a.License == b.License && a.Account == b.Account && a.Product == b.Product && a.Dimension == b.Dimension &&
		a.Time.Equal(b.Time) && maps.Equal(a.Tags, b.Tags) && x.Cmp(y) == 0
}

// find looks a license up by ID or ARN. The lock is held.
func (s *Server) find(id string) (client.License, bool) {
	for _, l := range s.licenses {
		if id != "" && (l.ID == id || l.LicenseARN == id) {
			return l, true
		}
	}
	return client.License{}, false
}

func (s *Server) getLicense(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.find(r.PathValue("id"))
	if !ok {
		problem(w, http.StatusNotFound, "unknown_license", "There is no license "+r.PathValue("id")+".")
		return
	}
	answer(w, l)
}

// getLicenses gives one license a page, so that a reader that ignores the cursor is found out.
func (s *Server) getLicenses(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	page := struct {
		Items []client.License `json:"items"`
		Next  string           `json:"next,omitempty"`
	}{Items: []client.License{}}
	past := q.Get("cursor") == ""
	for _, l := range s.licenses {
		wanted := func(name, value string) bool { return q.Get(name) == "" || q.Get(name) == value }
		switch {
		case !wanted("productCode", l.ProductCode), !wanted("account", l.Account), !wanted("state", string(l.State)):
		case !past:
			past = l.ID == q.Get("cursor")
		case len(page.Items) == 1:
			page.Next = page.Items[0].ID
		default:
			page.Items = append(page.Items, l)
		}
	}
	answer(w, page)
}

// getUsage gives what was counted. Events without a time count for the hour of 1970 in which this server's time stands
// still: a test that cares for hours gives its events times.
func (s *Server) getUsage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.find(r.PathValue("id"))
	if !ok {
		problem(w, http.StatusNotFound, "unknown_license", "There is no license "+r.PathValue("id")+".")
		return
	}
	type slot struct {
		dimension string
		hour      time.Time
	}
	hourOf := func(e client.Event) time.Time {
		if e.Time.IsZero() {
			return time.Unix(0, 0).UTC()
		}
		return e.Time.UTC().Truncate(time.Hour)
	}
	u := client.Usage{Items: []client.HourUsage{}}
	seen := map[slot]bool{}
	for _, e := range s.events {
		at := slot{e.Dimension, hourOf(e)}
		if (e.License != l.ID && e.License != l.LicenseARN) || seen[at] {
			continue
		}
		seen[at] = true
		u.Items = append(u.Items, client.HourUsage{Dimension: at.dimension, Hour: at.hour, Accepted: s.total(func(x client.Event) bool {
			return (x.License == l.ID || x.License == l.LicenseARN) && x.Dimension == at.dimension && hourOf(x).Equal(at.hour)
		})})
	}
	answer(w, u)
}

func (s *Server) postRedeem(w http.ResponseWriter, r *http.Request) {
	s.once(w, r, func(w http.ResponseWriter) {
		who, ok := s.signIns[r.PathValue("handle")]
		if !ok {
			problem(w, http.StatusNotFound, "no_such_handle", "There is no such sign-in handle, or it was redeemed before.")
			return
		}
		delete(s.signIns, r.PathValue("handle"))
		answer(w, who)
	})
}
