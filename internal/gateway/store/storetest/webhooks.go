package storetest

import (
	"reflect"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/webhook"
)

// Webhooks is what every engine must do for package webhook.
func Webhooks(t *testing.T, open func(t *testing.T) webhook.Store) {
	for name, test := range map[string]func(*testing.T, webhook.Store){"KeptWhole": webhookKeptWhole, "TwoChangesAtOnce": webhookTwoChanges, "Gone": webhookGone} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func endpoint(id webhook.EndpointID, minute int) webhook.Endpoint {
	at := noon.Add(time.Duration(minute) * time.Minute)
	return webhook.Endpoint{ID: id, URL: "https://app.example.com/souk", Description: "The app", Events: []string{"license.*", "correction.failed"}, Secret: "whsec_1", CreatedAt: at, ChangedAt: at}
}

func webhookKeptWhole(t *testing.T, s webhook.Store) {
	e, all := endpoint("whk_1", 1), endpoint("whk_0", 0)
	all.Events = nil
	for _, n := range []webhook.Endpoint{e, all} {
		if err := s.AddEndpoint(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	e.URL, e.Description, e.Events, e.Disabled, e.Why = "https://b.example.com", "", []string{"*"}, true, "Somebody has disabled it."
	e.Old, e.Secret, e.OldUntil, e.ChangedAt = e.Secret, "whsec_2", noon.Add(time.Hour), noon.Add(time.Minute)
	if err := s.ChangeEndpoint(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	e.Revision = 1
	if got, err := s.Endpoint(t.Context(), e.ID); err != nil || !reflect.DeepEqual(got, e) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, e)
	}
	if got, err := s.Endpoints(t.Context()); err != nil || !reflect.DeepEqual(got, []webhook.Endpoint{all, e}) {
		t.Errorf("listed %+v, %v", got, err)
	}
}

func webhookTwoChanges(t *testing.T, s webhook.Store) {
	e := endpoint("whk_1", 0)
	if err := s.AddEndpoint(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	mine, theirs := e, e
	mine.Description, theirs.Description = "mine", "theirs"
	if err := s.ChangeEndpoint(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	if err := s.ChangeEndpoint(t.Context(), theirs); !fail.Is(err, fail.Conflict) {
		t.Errorf("the second change: %v", err)
	}
	if got, err := s.Endpoint(t.Context(), e.ID); err != nil || got.Description != "mine" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func webhookGone(t *testing.T, s webhook.Store) {
	e := endpoint("whk_1", 0)
	if err := s.AddEndpoint(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteEndpoint(t.Context(), e.ID); err != nil {
		t.Fatal(err)
	}
	_, found := s.Endpoint(t.Context(), e.ID)
	for doing, err := range map[string]error{"delete": s.DeleteEndpoint(t.Context(), e.ID), "change": s.ChangeEndpoint(t.Context(), e), "find": found} {
		if !fail.Is(err, fail.NotFound) {
			t.Errorf("%s what is gone: %v", doing, err)
		}
	}
}
