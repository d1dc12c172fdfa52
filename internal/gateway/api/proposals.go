package api

import (
	"context"
	"net/http"
	"slices"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/proposal"
	"souk.dev/souk/internal/httpx"
)

// proposals are the calls that all kinds of proposal have; Out is one from outside.
type proposals[C proposal.Proposal[C], Out any] struct {
	path      string // "/v1/corrections"
	desk      *proposal.Desk[C]
	states    []proposal.State
	directory license.Directory
	refused   audit.Action
	row       func(c C) Out                               // in a list
	single    func(ctx context.Context, c C) (Out, error) // by itself
}

// mount mounts what is the same for every kind: to list them, to get one, and to reject one.
func (h proposals[C, Out]) mount(d *Door) {
	d.Handle("GET "+h.path, h.list)
	d.Handle("GET "+h.path+"/{id}", h.get)
	d.Handle("POST "+h.path+"/{id}/reject", h.decide(h.refused, h.desk.Reject))
}

func (h proposals[C, Out]) list(w http.ResponseWriter, r *http.Request) error {
	limit, err := Limit(r)
	if err != nil {
		return err
	}
	q := proposal.Query{State: proposal.State(r.URL.Query().Get("state")), Limit: limit + 1}
	if q.State != "" && !slices.Contains(h.states, q.State) {
		return fail.New(fail.Invalid, "bad_state", "There is no state %.40q; see /openapi.json.", q.State)
	}
	if q.License, err = licenseAsked(r, h.directory); err != nil {
		return err
	}
	if err := Cursor(r, &q.After); err != nil {
		return err
	}
	list, err := h.desk.List(r.Context(), q)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, PageOf(list, limit, func(c C) any { return c.Stands().ID }, h.row))
}

func (h proposals[C, Out]) get(w http.ResponseWriter, r *http.Request) error {
	c, err := h.desk.Find(r.Context(), proposal.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	return h.show(w, r, http.StatusOK, c)
}

// show answers with one.
func (h proposals[C, Out]) show(w http.ResponseWriter, r *http.Request, status int, c C) error {
	out, err := h.single(r.Context(), c)
	if err != nil {
		return err
	}
	return httpx.JSON(w, status, out)
}

// created answers with one that was proposed.
func (h proposals[C, Out]) created(w http.ResponseWriter, r *http.Request, c C) error {
	w.Header().Set("Location", h.path+"/"+string(c.Stands().ID))
	return h.show(w, r, http.StatusCreated, c)
}

// decide is a call in which a person decides, and may say why.
func (h proposals[C, Out]) decide(action audit.Action, do func(ctx context.Context, id proposal.ID, by approval.Actor, why string) (C, error)) httpx.Func {
	return func(w http.ResponseWriter, r *http.Request) error {
		var in struct {
			By  string `json:"by"`
			Why string `json:"why"`
		}
		if err := httpx.Decode(w, r, &in); err != nil {
			return err
		}
		return h.acted(w, r, action, in.By, func(id proposal.ID) (C, error) { return do(r.Context(), id, actor(r, in.By), in.Why) })
	}
}

// acted has do decide on the one that the call's address names, writes that down in the audit log, and answers with what it has
// become.
func (h proposals[C, Out]) acted(w http.ResponseWriter, r *http.Request, action audit.Action, by string, do func(id proposal.ID) (C, error)) error {
	c, err := acted(r, action, r.PathValue("id"), by, func() (C, error) { return do(proposal.ID(r.PathValue("id"))) })
	if err != nil {
		return err
	}
	return h.show(w, r, http.StatusOK, c)
}

// actorOut is who did something.
type actorOut struct {
	Key    string `json:"key"`
	Person string `json:"person,omitempty"`
}

// actor is the key that the call came with, and the person whom its body names.
func actor(r *http.Request, person string) approval.Actor {
	return approval.Actor{Key: KeyOf(r.Context()).ID, Person: person}
}

// requests are the calls that all kinds have of which AWS asks the buyer, beside those of all proposals.
type requests[C proposal.Request[C], Out any] struct {
	proposals[C, Out]
	okayed, withdrawn audit.Action
	approve           func(ctx context.Context, id proposal.ID, by approval.Actor) (C, error)
	withdraw          func(ctx context.Context, id proposal.ID, by approval.Actor, why string) (C, error)
}

// mount mounts what is the same for every such kind: all but how one is proposed.
func (h requests[C, Out]) mount(d *Door) {
	h.proposals.mount(d)
	d.Handle("POST "+h.path+"/{id}/approve", h.postApproval)
	d.Handle("POST "+h.path+"/{id}/withdraw", h.decide(h.withdrawn, h.withdraw))
}

func (h requests[C, Out]) postApproval(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		By string `json:"by"`
	}
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	return h.acted(w, r, h.okayed, in.By, func(id proposal.ID) (C, error) { return h.approve(r.Context(), id, actor(r, in.By)) })
}
