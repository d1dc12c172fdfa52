package webui

import (
	"log/slog"
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
)

// Problem is what a page says when a request could not be served: {{template "ui-problem" .}}.
type Problem struct {
	Status      int
	Title       string
	Say         string
	Href, Label string // a way on; home when empty
}

var problemTitles = map[int]string{
	http.StatusBadRequest:          "That did not work",
	http.StatusUnauthorized:        "Please sign in",
	http.StatusForbidden:           "Not allowed",
	http.StatusNotFound:            "Nothing here",
	http.StatusMethodNotAllowed:    "That did not work",
	http.StatusConflict:            "That did not work",
	http.StatusTooManyRequests:     "A little slower, please",
	http.StatusServiceUnavailable:  "Please try again in a moment",
	http.StatusInternalServerError: "Something went wrong",
}

// ProblemOf is what err looks like to a reader: an Internal one shows nothing of its cause.
func ProblemOf(err error) Problem {
	p := httpx.ProblemOf(err)
	title, ok := problemTitles[p.Status]
	if !ok {
		title = p.Title
	}
	return Problem{Status: p.Status, Title: title, Say: p.Detail}
}

// NotFound is the problem of an address that leads nowhere.
func NotFound() Problem {
	return ProblemOf(fail.New(fail.NotFound, "no_page", "There is no page at this address. It may have been mistyped, or what it showed is gone."))
}

// StrictTransport has browsers come by https alone from now on, for a year, where secure says that the site is reached by it.
func StrictTransport(secure bool, h http.Handler) http.Handler {
	if !secure {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		h.ServeHTTP(w, r)
	})
}

// Try makes a page's handler of one that may fail: show answers its failures with a page, and what is ours to mend is
// logged, once, here.
func Try(log *slog.Logger, show func(w http.ResponseWriter, r *http.Request, p Problem), f httpx.Func) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := f(w, r)
		if err == nil {
			return
		}
		p := ProblemOf(err)
		if p.Status >= 500 {
			log.ErrorContext(r.Context(), "page failed", "method", r.Method, "route", r.Pattern, "err", err)
		}
		show(w, r, p)
	}
}

// Answer shows p by render, which shows its page; where that fails, p's own words. Whoever had better come back soon is told when.
func (p Problem) Answer(w http.ResponseWriter, r *http.Request, log *slog.Logger, render func() error) {
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "5")
	}
	if err := render(); err != nil {
		log.ErrorContext(r.Context(), "the problem page cannot be shown", "err", err)
		http.Error(w, p.Say, p.Status)
	}
}
