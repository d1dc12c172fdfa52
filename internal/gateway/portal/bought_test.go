package portal

import (
	"context"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/store/storetest"
	"souk.dev/souk/internal/job"
)

type bought []entitlement.Entitlement

func (b bought) Entitlements(context.Context, entitlement.Subject) ([]entitlement.Entitlement, error) {
	return b, nil
}

// What was bought is told in words; what is over is not told.
func TestWhatWasBoughtInWords(t *testing.T) {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	clk := clock.NewVirtual(at)
	db := storetest.Open(t)
	products := core.Catalogue{{Code: "p", Title: "P", Pricing: core.Contract, Entitled: []core.Measure{{Key: "seats", Name: "Seats", Unit: "users"}, {Key: "sso", Name: "Single sign-on"}}}}
	book, err := license.OpenBook(t.Context(), db.Licenses(), clk, products)
	if err != nil {
		t.Fatal(err)
	}
	v, err := book.Note(t.Context(), license.Note{ID: "n", Kind: license.Activated, At: at, About: license.Ref{ProductCode: "p", ARN: "arn:l", Customer: "111122223333"}})
	if err != nil {
		t.Fatal(err)
	}
	log, end := slog.New(slog.DiscardHandler), at.AddDate(1, 0, 0)
	keeper, err := entitlement.Open(t.Context(), entitlement.Config{Store: db.Entitlements(), Licenses: book, Products: products, Clock: clk, Log: log, AWS: bought{
		{Dimension: "gold_tier", Value: entitlement.Integer(1), ExpiresAt: end}, {Dimension: "over", Value: entitlement.Integer(1), ExpiresAt: at.AddDate(0, 0, -1)},
		{Dimension: "seats", Value: entitlement.Integer(25), ExpiresAt: end}, {Dimension: "sso", Value: entitlement.Boolean(true)}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := job.New(clk, log, keeper.Job()).Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, _ := book.ByID(v.License)
	p := &Portal{Config: Config{Entitlements: keeper, Products: products}}
	lines, asOf := p.bought(l)
	want := []boughtLine{{"Gold tier", "1", end}, {"Seats", "25 users", end}, {"Single sign-on", "Included", time.Time{}}}
	if !reflect.DeepEqual(lines, want) || !asOf.Equal(at) {
		t.Errorf("got  %+v as of %s\nwant %+v", lines, asOf, want)
	}
}
