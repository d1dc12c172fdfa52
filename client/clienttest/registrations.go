package clienttest

import (
	"encoding/json"
	"net/http"

	"souk.dev/souk/client"
)

// AddRegistration makes a handle of r that can be redeemed once.
func (s *Server) AddRegistration(handle string, r client.Registration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.State == "" {
		r.State = client.RegistrationOpen
	}
	s.handles[handle] = r.ID
	if _, known := s.registrations[r.ID]; !known {
		s.registrations[r.ID] = r
	}
}

// Customers lists, by their references, the customers that registrations were completed for.
func (s *Server) Customers() map[string]client.Customer {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]client.Customer{}
	for reference, c := range s.customers {
		all[reference] = c
	}
	return all
}

func (s *Server) postRedeemRegistration(w http.ResponseWriter, r *http.Request) {
	s.once(w, r, func(w http.ResponseWriter) {
		var in struct {
			ProductCode string `json:"productCode"`
		}
		_ = json.NewDecoder(r.Body).Decode(&in) // the body may be left out
		handle := r.PathValue("handle")
		id, known := s.handles[handle]
		reg := s.registrations[id]
		switch {
		case !known:
			problem(w, http.StatusNotFound, "no_such_handle", "This registration handle was not made here.")
		case id == "":
			problem(w, http.StatusConflict, "handle_redeemed", "This registration handle was redeemed before.")
		case in.ProductCode != "" && in.ProductCode != reg.ProductCode:
			problem(w, http.StatusConflict, "other_product", "This registration is of the product "+reg.ProductCode+".")
		default:
			s.handles[handle] = ""
			answer(w, reg)
		}
	})
}

func (s *Server) postComplete(w http.ResponseWriter, r *http.Request) {
	s.once(w, r, func(w http.ResponseWriter) {
		var who client.Customer
		if err := json.NewDecoder(r.Body).Decode(&who); err != nil || who.Reference == "" {
			problem(w, http.StatusBadRequest, "invalid_fields", "account: Say by what you know the customer.")
			return
		}
		reg, known := s.registrations[r.PathValue("id")]
		switch {
		case !known:
			problem(w, http.StatusNotFound, "no_such_registration", "There is no such registration.")
			return
		case reg.Reference != "" && reg.Reference != who.Reference:
			problem(w, http.StatusConflict, "claimed", "This subscription belongs to another customer of yours.")
			return
		}
		reg.State, reg.Reference, reg.Account = client.RegistrationComplete, who.Reference, "acc_"+who.Reference
		s.registrations[reg.ID], s.customers[who.Reference] = reg, who
		answer(w, reg)
	})
}

// once does f under the lock; the same request again (by its Idempotency-Key) has the same answer.
func (s *Server) once(w http.ResponseWriter, r *http.Request, f func(http.ResponseWriter)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := r.Header.Get("Idempotency-Key") // clients make one up for each act
	if again, ok := s.answers[key]; ok && key != "" {
		again(w)
		return
	}
	kept := &keeping{header: http.Header{}, status: http.StatusOK}
	f(kept)
	s.answers[key] = kept.write
	kept.write(w)
}

// keeping holds an answer, to be given as often as it is asked for.
type keeping struct {
	header http.Header
	status int
	body   []byte
}

func (k *keeping) Header() http.Header         { return k.header }
func (k *keeping) WriteHeader(status int)      { k.status = status }
func (k *keeping) Write(p []byte) (int, error) { k.body = append(k.body, p...); return len(p), nil }

func (k *keeping) write(w http.ResponseWriter) {
	for name, values := range k.header {
		w.Header()[name] = values
	}
	w.WriteHeader(k.status)
	_, _ = w.Write(k.body) // a client that has gone asks again
}
