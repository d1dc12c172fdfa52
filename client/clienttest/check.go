package clienttest

import (
	"net/http"

	"souk.dev/souk/client"
)

// SetCheck makes c the answer to every check of a dimension by the license with that ID. Without it a license is allowed
// what its state allows.
func (s *Server) SetCheck(license, dimension string, c client.Check) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checks[license+" "+dimension] = c
}

func (s *Server) getCheck(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, known := s.find(r.PathValue("id"))
	if !known {
		problem(w, http.StatusNotFound, "unknown_license", "There is no license "+r.PathValue("id")+".")
		return
	}
	c, set := s.checks[l.ID+" "+r.FormValue("dimension")]
	switch {
	case set:
	case l.State.Access():
		c = client.Check{Allowed: true, Reason: client.ByAccess, Why: "The subscription gives access; nothing of this is bought in advance."}
	default:
		c = client.Check{Reason: client.NoAccess, Why: l.Why}
	}
	answer(w, c)
}

// Finalized reports whether the license with that ID was finalized.
func (s *Server) Finalized(license string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.finalized[license]
}

func (s *Server) postFinalize(w http.ResponseWriter, r *http.Request) {
	s.once(w, r, func(w http.ResponseWriter) {
		l, known := s.find(r.PathValue("id"))
		if !known {
			problem(w, http.StatusNotFound, "unknown_license", "There is no license "+r.PathValue("id")+".")
			return
		}
		s.finalized[l.ID] = true
		answer(w, l)
	})
}
