package storefront

import (
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/webui"
)

const (
	callsOnPage = 40
	bodyOnList  = 4 << 10 // bytes of a body that the list shows; the call's own page has it whole
)

type callsView struct {
	Chrome
	Operation  string // the only one listed; empty: all
	Operations []string
	Only       string // "failed" or "disturbed"; empty: all
	Calls      []Call // newest first
	Older      string // address of the next page; empty on the last
	Nothing    webui.Empty
}

// Call is a call of an AWS API as pages show it.
type Call struct {
	wire.Entry
	Tone webui.Tone
	Word string // what came of it
	Cut  bool   // its bodies are not shown whole
}

func called(e wire.Entry, most int) Call {
	c := Call{Entry: e, Tone: webui.Success, Word: strconv.Itoa(e.Status)}
	switch {
	case e.Status == 0:
		c.Tone, c.Word = webui.Error, "Connection broken"
	case e.Status >= 500:
		c.Tone = webui.Error
	case e.Status >= 400:
		c.Tone = webui.Warn
	}
	if e.Error != "" {
		c.Word += " " + e.Error
	}
	var cutRequest, cutResponse bool
	c.Request, cutRequest = shortened(e.Request, most)
	c.Response, cutResponse = shortened(e.Response, most)
	c.Cut = cutRequest || cutResponse
	return c
}

// shortened is the beginning of text, at most so many bytes, and whether there is more.
func shortened(text string, most int) (string, bool) {
	if most <= 0 || len(text) <= most {
		return text, false
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + " …", true
}

// calls are the newest calls that q chooses, their bodies no longer than most, and whether there are more.
func (s *Storefront) calls(q wire.NewestQuery, most int) (all []Call, more bool) {
	entries, more := s.opt.Calls.Newest(q)
	for _, e := range entries {
		all = append(all, called(e, most))
	}
	return all, more
}

// getCalls lists what was asked of the AWS APIs, and what was answered.
func (s *Storefront) getCalls(w http.ResponseWriter, r *http.Request) error {
	in := r.URL.Query()
	v := callsView{Chrome: s.chrome(w, r), Operation: in.Get("operation"), Only: in.Get("only"), Operations: operations(),
		Nothing: webui.Empty{Title: "No calls", Text: "Nobody has called an AWS API of this sandbox yet, or the calls were forgotten."}}
	if v.Operation != "" || v.Only != "" {
		v.Nothing = webui.Empty{Title: "No such calls", Text: "There were none, or they were forgotten.", Href: "/control/calls", Label: "All calls"}
	}
	before, err := pageBefore(in)
	if err != nil {
		return err
	}
	more := false
	v.Calls, more = s.calls(wire.NewestQuery{Operation: v.Operation, Failed: v.Only == "failed", Disturbed: v.Only == "disturbed", Before: uint64(before), Limit: callsOnPage}, bodyOnList)
	if more {
		v.Older = older("/control/calls", in, v.Calls[len(v.Calls)-1].ID)
	}
	return s.ui.Render(w, http.StatusOK, "calls", v)
}

type callView struct {
	Chrome
	Call            Call
	Raw             bool // shown as it travelled
	Request, Answer wire.Message
}

// getCall shows one call whole: to be read, or with view=sent as it travelled.
func (s *Storefront) getCall(w http.ResponseWriter, r *http.Request) error {
	e, ok := s.opt.Calls.Get(r.PathValue("call"))
	if !ok {
		return fail.New(fail.NotFound, "unknown_call", "There is no such call, or it is so old that it was forgotten.")
	}
	v := callView{Chrome: s.chrome(w, r), Call: called(e, 0), Raw: r.URL.Query().Get("view") == "sent"}
	v.Request, v.Answer, _ = s.opt.Calls.Sent(e.ID)
	return s.ui.Render(w, http.StatusOK, "call", v)
}

// operations lists the calls that one may ask for by name.
func operations() []string {
	names := []string{"SendMessage", "ReceiveMessage", "DeleteMessage"}
	for name := range contract.Operations {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
