package portal

import (
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/register"
)

// landingProblem is what a buyer is told when the landing page could not take them in.
type landingProblem struct {
	Status int
	Title  string
	Say    string
	Reload bool // sending the same form again can help
	Return bool // pressing Set up your account again can help
}

type landingView struct {
	Page
	landingProblem
}

// landingProblems are the known ones by code.
var landingProblems = map[string]landingProblem{
	noToken: {Status: http.StatusBadRequest, Title: "AWS Marketplace sent no registration", Return: true,
		Say: "The form that brought you here has no registration token in it, so we cannot tell which subscription is yours."},
	wrongForm: {Status: http.StatusUnsupportedMediaType, Title: "We expected a form from AWS Marketplace", Return: true,
		Say: "What arrived is of another kind. This page takes the form that AWS Marketplace sends (application/x-www-form-urlencoded)."},
	multipart: {Status: http.StatusUnsupportedMediaType, Title: "The form came in a format we do not take", Return: true,
		Say: "It was sent as multipart/form-data; AWS Marketplace sends application/x-www-form-urlencoded."},
	formTooBig: {Status: http.StatusRequestEntityTooLarge, Title: "The form is too large", Return: true,
		Say: "AWS Marketplace's form is a few hundred characters long; what arrived is far larger, so it was not read."},
	brokenForms: {Status: http.StatusBadRequest, Title: "The form arrived broken", Reload: true, Return: true,
		Say: "Part of it is missing or garbled. Your subscription is not affected."},
	longToken: {Status: http.StatusBadRequest, Title: "This registration token is too long", Return: true,
		Say: "No token of AWS Marketplace is this long; it may have been pasted together by accident."},
	manyTokens: {Status: http.StatusBadRequest, Title: "The form has more than one registration", Return: true,
		Say: "We cannot tell which of them is yours."},
	noCookies: {Status: http.StatusBadRequest, Title: "Your browser keeps no cookies for this site", Return: true,
		Say: "We need one to remember which subscription you are setting up, until your account is made. Allow cookies for this site, then start again."},
	gateClosed: {Status: http.StatusTooManyRequests, Title: "Please wait a few seconds", Reload: true, Return: true,
		Say: "Very many registrations are arriving right now. Yours is not lost."},
	register.TokenExpired: {Status: http.StatusGone, Title: "This registration link has expired", Return: true,
		Say: "AWS Marketplace gives a registration only a short life, and this one is over. Your subscription is not affected, and you will not be charged twice."},
	register.TokenInvalid: {Status: http.StatusBadRequest, Title: "AWS Marketplace does not know this registration", Return: true,
		Say: "It may have been changed on the way, or it belongs to another seller's product. Your subscription is not affected."},
	register.ForeignProduct: {Status: http.StatusBadRequest, Title: "This is a subscription to another product",
		Say: "AWS Marketplace recognised you, but the product you bought is not one that is set up here. Please write to us; we will put it right."},
}

var landingLater = landingProblem{Status: http.StatusServiceUnavailable, Title: "We cannot reach AWS Marketplace right now", Reload: true, Return: true,
	Say: "Nothing is lost: your subscription is safe, and nothing was charged for this attempt."}

var landingInternal = landingProblem{Status: http.StatusInternalServerError, Title: "Something went wrong on our side", Reload: true, Return: true,
	Say: "It has been logged. Nothing is lost: your subscription is safe."}

func problemOfLanding(err error) landingProblem {
	if known, ok := landingProblems[fail.CodeOf(err)]; ok {
		return known
	}
	if fail.Is(err, fail.Later) {
		return landingLater
	}
	if fail.Is(err, fail.Invalid) { // whom AWS named cannot be taken in
		return landingProblems[register.ForeignProduct]
	}
	return landingInternal
}

func (p *Portal) showLandingProblem(w http.ResponseWriter, r *http.Request, err error) error {
	problem := problemOfLanding(err)
	switch {
	case problem.Status == http.StatusServiceUnavailable:
		p.Log.WarnContext(r.Context(), "a buyer could not be taken in", "code", fail.CodeOf(err), "err", err)
	case problem.Status >= http.StatusInternalServerError:
		p.Log.ErrorContext(r.Context(), "a buyer could not be taken in", "err", err)
	default:
		p.Log.InfoContext(r.Context(), "a buyer could not be taken in", "code", fail.CodeOf(err))
	}
	if problem.Reload {
		w.Header().Set("Retry-After", "5")
	}
	return p.ui.Render(w, problem.Status, "landing", landingView{p.page(r, nil), problem})
}
