package agreement

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// doubt is one licence that AWS is asked about by itself. It is not stored: when AWS is asked follows from when the doubt
// began, and a process that starts asks about all for which that was due before.
type doubt struct {
	since time.Time // when it began
	due   time.Time // when AWS is asked next
}

// doubted says whether there is a doubt about a licence, since when, and when AWS is asked first.
//
//   - A buyer has come, and no notice says that the licence is active: AWS does not promise one for pay as you go, and any
//     may be lost. Of the older generation subscribe-success is sent in any case; the scheduled runs look after a lost one.
//   - AWS answers CustomerNotSubscribed to usage of a licence that it called active: the notices of its end may be lost. AWS is
//     asked at once.
func doubted(l license.License) (d doubt, ok bool) {
	s := l.Standing
	switch {
	case l.Customer == "":
		return d, false
	case s.State == license.Pending && l.Identity() == license.ByLicense:
		d.since = s.Since
		d.due, ok = license.AskedAfter(s.Since, s.Since)
		return d, ok
	case s.State != license.Active:
		return d, false
	}
	for _, f := range s.Unused {
		if f.Kind == license.Refused && f.At.After(s.ActivatedAt) {
			d, ok = doubt{f.At, f.At}, true
		}
	}
	return d, ok
}

// Doubted tells that AWS did not know a licence that it called active, at an instant: AWS is asked at once, and again as of other
// doubts while that goes on.
func (s *Service) Doubted(id core.LicenseID, at time.Time) {
	l, ok := s.cfg.Licenses.ByID(id)
	if !ok || l.Customer == "" || l.Standing.State != license.Active {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.doubtful[l.ID]; !known {
		s.doubtful[l.ID] = doubt{at, at}
		s.cfg.Wake()
	}
}

// follow sees a licence that is new or changed.
func (s *Service) follow(l license.License) {
	d, ok := doubted(l)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !ok {
		delete(s.doubtful, l.ID)
		return
	}
	if o, known := s.doubtful[l.ID]; !known || !o.since.Equal(d.since) {
		s.doubtful[l.ID] = d
	}
}

// firstDoubt is the licence that is due first. Called with mu held.
func (s *Service) firstDoubt() (id core.LicenseID, at time.Time, ok bool) {
	for l, d := range s.doubtful {
		if !d.due.IsZero() && (!ok || d.due.Before(at) || d.due.Equal(at) && l < id) {
			id, at, ok = l, d.due, true
		}
	}
	return id, at, ok
}

// postpone lets AWS be asked again, if the doubt goes on: ever more rarely, and at last no more.
func (s *Service) postpone(id core.LicenseID, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.doubtful[id]
	if !ok {
		return
	}
	if d.due, ok = license.AskedAfter(d.since, now); !ok {
		d.due = time.Time{}
	}
	s.doubtful[id] = d
}
