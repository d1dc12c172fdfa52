package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/client"
	"souk.dev/souk/client/clienttest"
)

const license = "lic_1"

func gateway(t *testing.T) *clienttest.Server {
	t.Helper()
	s := clienttest.New()
	t.Cleanup(s.Close)
	s.AddLicense(client.License{ID: license, State: client.Active, ProductCode: "inkwell"})
	return s
}

func used(id string, quantity client.Quantity) client.Event {
	return client.Event{ID: id, License: license, Dimension: "pages", Quantity: quantity}
}

func TestAnEventIsCountedOnceWhateverBreaks(t *testing.T) {
	for name, broken := range map[string]func(*clienttest.Server){
		"nothing":           func(*clienttest.Server) {},
		"request refused":   func(s *clienttest.Server) { s.Refuse(2, http.StatusServiceUnavailable) },
		"asked to slow":     func(s *clienttest.Server) { s.Refuse(1, http.StatusTooManyRequests) },
		"a bug over there":  func(s *clienttest.Server) { s.Refuse(1, http.StatusInternalServerError) },
		"answer lost":       func(s *clienttest.Server) { s.LoseAnswers(1) },
		"answer lost often": func(s *clienttest.Server) { s.LoseAnswers(4) },
	} {
		t.Run(name, func(t *testing.T) {
			s := gateway(t)
			broken(s)
			receipt, err := s.Client().Report(t.Context(), client.Event{License: license, Dimension: "pages", Quantity: "2.5"})
			if err != nil {
				t.Fatal(err)
			}
			if receipt.Accepted+receipt.Duplicates != 1 {
				t.Errorf("receipt %+v; want the event in it once", receipt)
			}
			if total := s.Total(license, "pages"); total != "2.5" {
				t.Errorf("counted %s; want 2.5", total)
			}
		})
	}
}

func TestUndeliveredEventsKeepTheirIDs(t *testing.T) {
	s := gateway(t)
	s.LoseAnswers(5) // counted, and never answered
	c := s.Client()
	_, err := c.Report(t.Context(), client.Event{License: license, Dimension: "pages", Quantity: "1"}, used("mine", "2"))
	left := client.Undelivered(err)
	if len(left) != 2 || left[0].ID == "" || left[1].ID != "mine" {
		t.Fatalf("undelivered %+v, %v; want both events, with IDs", left, err)
	}
	receipt, err := c.Report(t.Context(), left...)
	if err != nil || receipt.Duplicates != 2 {
		t.Errorf("the second report: %+v, %v; want two duplicates", receipt, err)
	}
	if total := s.Total(license, "pages"); total != "3" {
		t.Errorf("counted %s; want 3", total)
	}
}

func TestReportDoesNotChangeWhatItWasGiven(t *testing.T) {
	events := []client.Event{{License: license, Dimension: "pages", Quantity: "1"}}
	if _, err := gateway(t).Client().Report(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	if events[0].ID != "" {
		t.Errorf("the caller's event was given the ID %s", events[0].ID)
	}
}

func TestABadEventSinksNoNeighbour(t *testing.T) {
	s := gateway(t)
	var events []client.Event
	for range 1200 { // more than travel in one request
		events = append(events, client.Event{License: license, Dimension: "pages", Quantity: "1"})
	}
	events[7].Quantity = "-1"
	events[1100].License = "lic_2"
	receipt, err := s.Client().Report(t.Context(), events...)
	if err != nil || receipt.Accepted != 1198 {
		t.Fatalf("accepted %d, %v; want 1198", receipt.Accepted, err)
	}
	var bad []int
	for _, r := range receipt.Rejected {
		bad = append(bad, r.Index)
		if r.Code == "" || r.Message == "" || r.ID == "" {
			t.Errorf("rejection %+v does not say all it should", r)
		}
	}
	if !slices.Equal(bad, []int{7, 1100}) {
		t.Errorf("rejected %v; want 7 and 1100, as counted in the whole report", bad)
	}
}

func TestProblems(t *testing.T) {
	s := gateway(t)
	c, err := client.New(s.URL, "souk_wrong")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.License(t.Context(), license)
	if !client.IsCode(err, "bad_key") || !client.IsStatus(err, http.StatusUnauthorized) {
		t.Errorf("a wrong key: %v; want bad_key, 401", err)
	}
	if _, err = s.Client().License(t.Context(), "lic_9"); !client.IsStatus(err, http.StatusNotFound) {
		t.Errorf("an unknown license: %v; want 404", err)
	}
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Detail == "" || p.Temporary() {
		t.Errorf("an unknown license: %#v; want a lasting problem with a sentence", err)
	}
	s.Refuse(1, http.StatusUnauthorized)
	if _, err = s.Client().Report(t.Context(), used("a", "1")); len(client.Undelivered(err)) != 1 || !client.IsStatus(err, http.StatusUnauthorized) {
		t.Errorf("a refused report: %v; want the event back, with the problem, at once", err)
	}
}

func TestGivingUp(t *testing.T) {
	s := gateway(t)
	c := s.Client(client.WithRetries(1000, time.Hour, time.Hour))
	s.Refuse(1, http.StatusServiceUnavailable)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := c.Report(ctx, used("a", "1"))
	if !client.IsStatus(err, http.StatusServiceUnavailable) {
		t.Errorf("%v; want what the gateway said last, as soon as the context ends", err)
	}
	s.Close()
	quick := s.Client(client.WithRetries(2, time.Millisecond, time.Millisecond))
	if _, err := quick.License(t.Context(), license); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("a closed gateway: %v", err)
	}
}

func TestLicenses(t *testing.T) {
	s := gateway(t)
	s.AddLicense(client.License{ID: "lic_2", State: client.Ended, ProductCode: "inkwell"})
	s.AddLicense(client.License{ID: "lic_3", State: client.Active, ProductCode: "inkwell"})
	var ids []string
	for l, err := range s.Client().Licenses(t.Context(), client.LicenseFilter{State: client.Active}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, l.ID)
	}
	if !slices.Equal(ids, []string{"lic_1", "lic_3"}) {
		t.Errorf("active: %v; want lic_1 and lic_3, across pages", ids)
	}
	s.Refuse(1, http.StatusForbidden)
	n := 0
	for _, err := range s.Client().Licenses(t.Context(), client.LicenseFilter{}) {
		if n++; err == nil {
			t.Error("the first page's failure was not told")
		}
	}
	if n != 1 {
		t.Errorf("%d rounds after a failure; want 1", n)
	}
}

func TestRedeemSignIn(t *testing.T) {
	s := gateway(t)
	s.AddSignIn("h1", client.SignIn{Account: client.Account{ID: "acc_1", Email: "ada@example.com"}})
	s.LoseAnswers(1) // redeemed, and the answer lost: the repetition must have the same answer
	who, err := s.Client().RedeemSignIn(t.Context(), "h1")
	if err != nil || who.Account.Email != "ada@example.com" {
		t.Fatalf("%+v, %v", who, err)
	}
	if _, err := s.Client().RedeemSignIn(t.Context(), "h1"); !client.IsStatus(err, http.StatusNotFound) {
		t.Errorf("a second redemption: %v; want 404", err)
	}
}

func TestCheck(t *testing.T) {
	s := gateway(t)
	s.AddLicense(client.License{ID: "lic_2", State: client.Ended, Why: "It is over."})
	c := s.Client()
	want := client.Check{Allowed: true, Reason: client.Entitled, Why: "Yes.", Entitled: json.RawMessage("10"), Used: "2.5"}
	s.SetCheck(license, "pages", want)
	got, err := c.Check(t.Context(), license, "pages", "")
	if n, ok := got.Limit(); err != nil || !got.Allowed || got.Used != "2.5" || n != 10 || !ok {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := c.Check(t.Context(), license, "", ""); err != nil || !got.Allowed || got.Reason != client.ByAccess || got.Used != "" {
		t.Errorf("access: %+v, %v", got, err)
	}
	if got, err := c.Check(t.Context(), "lic_2", "pages", "5"); err != nil || got.Allowed || got.Reason != client.NoAccess {
		t.Errorf("an ended license: %+v, %v", got, err)
	}
	if err := c.Finalize(t.Context(), license); err != nil || !s.Finalized(license) {
		t.Errorf("finalized %v, %v", s.Finalized(license), err)
	}
}

func TestSignInURL(t *testing.T) {
	c, err := client.New("https://billing.example.com/souk/", "k")
	if err != nil {
		t.Fatal(err)
	}
	got := c.SignInURL("code", "https://app.example.com/back?state=a&b")
	if want := "https://billing.example.com/souk/signin?product=code&return=https%3A%2F%2Fapp.example.com%2Fback%3Fstate%3Da%26b"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, bad := range []string{"", "billing.example.com", "ftp://x", "https://", "https://x/?a=b", "https://x/#y"} {
		if _, err := client.New(bad, "k"); err == nil {
			t.Errorf("the URL %q was taken", bad)
		}
	}
	if _, err := client.New("https://x", ""); err == nil {
		t.Error("an empty key was taken")
	}
}
