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
	Calls      []Call // newest first
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

// getCalls lists what was asked of the AWS APIs, and what was answered.
func (s *Storefront) getCalls(w http.ResponseWriter, r *http.Request) error {
	v := callsView{Chrome: s.chrome(w, r), Operation: r.URL.Query().Get("operation"), Operations: operations(),
		Nothing: webui.Empty{Title: "No calls", Text: "Nobody has called an AWS API of this sandbox yet, or the calls were forgotten."}}
	for _, e := range s.opt.Calls.Newest(v.Operation, callsOnPage) {
		v.Calls = append(v.Calls, called(e, bodyOnList))
	}
	return s.ui.Render(w, http.StatusOK, "calls", v)
}

type callView struct {
	Chrome
	Call Call
}

// getCall shows one call whole.
func (s *Storefront) getCall(w http.ResponseWriter, r *http.Request) error {
	gone := fail.New(fail.NotFound, "unknown_call", "There is no such call, or it is so old that it was forgotten.")
	id, err := strconv.ParseUint(r.PathValue("call"), 10, 64)
	if err != nil || id == 0 {
		return gone
	}
	items, _ := s.opt.Calls.List(wire.CallQuery{After: strconv.FormatUint(id-1, 10), Limit: 1})
	if len(items) == 0 || items[0].ID != r.PathValue("call") {
		return gone
	}
	return s.ui.Render(w, http.StatusOK, "call", callView{s.chrome(w, r), called(items[0], 0)})
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
