package storetest

import (
	"reflect"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/intake"
	"souk.dev/souk/internal/gateway/license"
)

// Entitlements is what every engine must do for package entitlement. Notices and licences are in the same database.
func Entitlements(t *testing.T, open func(t *testing.T) (entitlement.Store, intake.Store, license.Store)) {
	for name, test := range map[string]func(*testing.T, entitlement.Store){
		"WhatWasKeptIsLoaded": entitlementsKept, "TheNewestAnswerHolds": newestAnswer, "OneInstantHasOneAnswer": answerOfOneInstant, "AFailureKeepsTheAnswer": failureKeepsAnswer,
	} {
		t.Run(name, func(t *testing.T) {
			s, _, _ := open(t)
			test(t, s)
		})
	}
	t.Run("LastNotices", func(t *testing.T) { lastNotices(t, open) })
}

func knowledge(id core.LicenseID, at time.Time, es ...entitlement.Entitlement) entitlement.Knowledge {
	return entitlement.Knowledge{License: id, Answer: entitlement.Answer{At: at, Entitlements: es}, ChangedAt: at, ListedAt: at,
		Subject: entitlement.Subject{ProductCode: "p", ARN: "arn:1", CustomerIdentifier: "c"}, ActivatedAt: noon.Add(-time.Hour), ToldAt: noon, DueAt: at.Add(time.Hour)}
}

func everyKind() []entitlement.Entitlement {
	return []entitlement.Entitlement{
		{Dimension: "users", Value: entitlement.Integer(50), ExpiresAt: noon.AddDate(1, 0, 0)}, {Dimension: "gb", Value: entitlement.Double(0.1)},
		{Dimension: "sso", Value: entitlement.Boolean(true)}, {Dimension: "tier", Value: entitlement.String("it's gold")}, {Dimension: "none"},
	}
}

func keepEntitlements(t *testing.T, s entitlement.Store, k entitlement.Knowledge, changed bool) {
	t.Helper()
	if err := s.KeepEntitlements(t.Context(), k, changed); err != nil {
		t.Fatal(err)
	}
}

func wantEntitlements(t *testing.T, s entitlement.Store, want ...entitlement.Knowledge) {
	t.Helper()
	if got, err := s.LoadEntitlements(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, got, want)
	}
}

func wantHistory(t *testing.T, s entitlement.Store, id core.LicenseID, want ...entitlement.Answer) {
	t.Helper()
	if got, err := s.EntitlementHistory(t.Context(), id); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, got, want)
	}
}

func entitlementsKept(t *testing.T, s entitlement.Store) {
	a, b := knowledge("lic_a", noon, everyKind()...), knowledge("lic_b", noon, entitlement.Entitlement{Dimension: "users", Value: entitlement.Integer(1)})
	keepEntitlements(t, s, b, true)
	keepEntitlements(t, s, a, true)
	wantEntitlements(t, s, a, b)
	wantHistory(t, s, "lic_a", a.Answer)
	wantHistory(t, s, "lic_none")
}

func newestAnswer(t *testing.T, s entitlement.Store) {
	first, empty := knowledge("lic_a", noon, everyKind()...), knowledge("lic_a", noon.Add(time.Hour))
	keepEntitlements(t, s, first, true)
	keepEntitlements(t, s, empty, true)
	wantEntitlements(t, s, empty)
	wantHistory(t, s, "lic_a", first.Answer, empty.Answer)
	again := knowledge("lic_a", noon.Add(2*time.Hour))
	again.ChangedAt = empty.At
	keepEntitlements(t, s, again, false)
	wantEntitlements(t, s, again)
	wantHistory(t, s, "lic_a", first.Answer, empty.Answer)
}

func answerOfOneInstant(t *testing.T, s entitlement.Store) {
	keepEntitlements(t, s, knowledge("lic_a", noon, everyKind()...), true)
	later := knowledge("lic_a", noon, entitlement.Entitlement{Dimension: "users", Value: entitlement.Integer(60)})
	keepEntitlements(t, s, later, true)
	wantEntitlements(t, s, later)
	wantHistory(t, s, "lic_a", later.Answer)
}

func failureKeepsAnswer(t *testing.T, s entitlement.Store) {
	k := knowledge("lic_a", noon, everyKind()...)
	keepEntitlements(t, s, k, true)
	k.Failures, k.Failure, k.DueAt = 3, "AWS is away", noon.Add(time.Minute)
	keepEntitlements(t, s, k, false)
	wantEntitlements(t, s, k)
	never := entitlement.Knowledge{License: "lic_b", Failures: 1, Failure: "AWS is away", DueAt: noon}
	keepEntitlements(t, s, never, false)
	wantEntitlements(t, s, k, never)
}

func lastNotices(t *testing.T, open func(t *testing.T) (entitlement.Store, intake.Store, license.Store)) {
	s, notices, licenses := open(t)
	commit(t, licenses, change())
	for i, n := range []struct {
		kind    string
		license core.LicenseID
	}{{contract.LicenseUpdated, "lic_a"}, {contract.AgreementAmended, "lic_a"}, {contract.AgreementEnded, "lic_a"}, {contract.AgreementEnded, "lic_b"}, {contract.LicenseUpdated, ""}} {
		kept, err := notices.KeepNotice(t.Context(), intake.Notice{Key: string(rune('a' + i)), Kind: n.kind, ReceivedAt: noon.Add(time.Duration(i) * time.Minute), Outcome: intake.Received})
		if err != nil {
			t.Fatal(err)
		}
		commit(t, licenses, license.Change{Verdicts: []license.Verdict{{Note: kept.Key, License: n.license, Outcome: license.Recorded}}})
	}
	want := map[core.LicenseID]time.Time{"lic_a": noon.Add(time.Minute)}
	if got, err := s.LastNotices(t.Context(), []string{contract.LicenseUpdated, contract.AgreementAmended}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}
