package storetest

import (
	"reflect"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// Licenses is what every store of the licences' book must do.
func Licenses(t *testing.T, open func(t *testing.T) license.Store) {
	t.Run("WhatWasCommittedIsLoaded", func(t *testing.T) { committedIsLoaded(t, open(t)) })
	t.Run("CommittingTwiceChangesNothing", func(t *testing.T) { committingTwice(t, open(t)) })
	t.Run("AFactStaysAsFirstTold", func(t *testing.T) { factStays(t, open(t)) })
	t.Run("MergedRowsBecomeOne", func(t *testing.T) { mergedRows(t, open(t)) })
	t.Run("AFailedChangeLeavesNothing", func(t *testing.T) { changeFailed(t, open(t)) })
}

func aLicense(id, arn string) license.License {
	return license.License{ID: core.LicenseID("lic_" + id), ProductCode: "p", ARN: core.LicenseARN(arn), Customer: "111122223333", CustomerIdentifier: "c",
		Offer: "offer-1", OfferAt: noon, Legacy: true, Account: "acc_1", SettingUp: true, CreatedAt: noon.Add(time.Microsecond),
		Standing: license.Standing{State: license.WindingDown, Why: "w", Since: noon, Next: "n", By: noon.Add(time.Hour), ActivatedAt: noon.Add(-time.Hour), OpensAt: noon, ClosesAt: noon.Add(time.Hour)}}
}

func change() license.Change {
	a, b := aLicense("a", "arn:a"), aLicense("b", "arn:b")
	return license.Change{
		Licenses:   []license.License{a, b},
		ARNs:       []license.ARNOf{{ARN: "arn:a", License: a.ID}, {ARN: "arn:b", License: b.ID}},
		Agreements: []license.Agreement{{ID: "agmt-1", FirstAt: noon}, {ID: "agmt-2", Follows: "agmt-1", FirstAt: noon}},
		Links:      []license.Link{{Agreement: "agmt-1", License: a.ID}, {Agreement: "agmt-2", License: b.ID}},
		Facts: []license.FactOf{{Agreement: "agmt-1", Fact: license.Fact{ID: "1", Kind: license.AgreementEnded, At: noon, Reason: license.Expired}},
			{License: a.ID, Fact: license.Fact{ID: "2", Kind: license.Activated, At: noon}}, {License: b.ID, Fact: license.Fact{ID: "3", Kind: license.Arrived, At: noon}},
			{License: b.ID, Fact: license.Fact{ID: "4", Kind: license.Deprovisioned, At: noon, Reason: license.Replaced}}},
	}
}

func load(t *testing.T, s license.Store) license.Pages {
	t.Helper()
	p, err := s.LoadBook(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func commit(t *testing.T, s license.Store, c license.Change) {
	t.Helper()
	if err := s.CommitChange(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func pagesOf(c license.Change) license.Pages {
	return license.Pages{Licenses: c.Licenses, ARNs: c.ARNs, Links: c.Links, Agreements: c.Agreements, Facts: c.Facts}
}

func committedIsLoaded(t *testing.T, s license.Store) {
	commit(t, s, change())
	if got, want := load(t, s), pagesOf(change()); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func committingTwice(t *testing.T, s license.Store) {
	commit(t, s, change())
	once := load(t, s)
	commit(t, s, change())
	if twice := load(t, s); !reflect.DeepEqual(once, twice) {
		t.Errorf("once %+v\ntwice %+v", once, twice)
	}
}

func factStays(t *testing.T, s license.Store) {
	commit(t, s, change())
	again := license.FactOf{License: change().Licenses[0].ID, Fact: license.Fact{ID: "2", Kind: license.Activated, At: noon.Add(time.Hour)}}
	commit(t, s, license.Change{Facts: []license.FactOf{again}})
	for _, f := range load(t, s).Facts {
		if f.Fact.ID == "2" && !f.Fact.At.Equal(noon) {
			t.Errorf("told again at %s, it moved", f.Fact.At)
		}
	}
}

func mergedRows(t *testing.T, s license.Store) {
	commit(t, s, change())
	a, b := change().Licenses[0].ID, change().Licenses[1].ID
	commit(t, s, license.Change{Facts: []license.FactOf{{License: a, Fact: license.Fact{ID: "3", Kind: license.Arrived, At: noon.Add(time.Hour)}}}})
	commit(t, s, license.Change{Merges: []license.Merge{{From: b, Into: a}}, Links: []license.Link{{Agreement: "agmt-2", License: a}}})
	p := load(t, s)
	if len(p.Licenses) != 1 || p.Licenses[0].ID != a || !reflect.DeepEqual(p.Merged, []license.Merge{{From: b, Into: a}}) {
		t.Errorf("licences %+v, merged %+v", p.Licenses, p.Merged)
	}
	if want := []license.ARNOf{{ARN: "arn:a", License: a}, {ARN: "arn:b", License: a}}; !reflect.DeepEqual(p.ARNs, want) {
		t.Errorf("ARNs %+v", p.ARNs)
	}
	if want := []license.Link{{Agreement: "agmt-1", License: a}, {Agreement: "agmt-2", License: a}}; !reflect.DeepEqual(p.Links, want) {
		t.Errorf("links %+v", p.Links)
	}
	for _, f := range p.Facts {
		if f.License == b {
			t.Errorf("fact %s stayed behind", f.Fact.ID)
		}
		if f.Fact.ID == "4" && f.Fact.Reason != license.Replaced {
			t.Errorf("on the way it lost its reason: %+v", f)
		}
	}
	if len(p.Facts) != 4 {
		t.Errorf("facts %+v", p.Facts)
	}
}

// A link to a licence that is not there breaks the change; what came before it in the same change must not stay.
func changeFailed(t *testing.T, s license.Store) {
	c := change()
	c.Links = append(c.Links, license.Link{Agreement: "agmt-3", License: "lic_none"})
	if err := s.CommitChange(t.Context(), c); err == nil {
		t.Fatal("a link to nothing was taken")
	}
	if p := load(t, s); len(p.Licenses)+len(p.Facts)+len(p.Links) != 0 {
		t.Errorf("left behind: %+v", p)
	}
}
