package api

import (
	"context"
	"net/http"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/httpx"
)

// Agreements are the calls about AWS's agreements.
type Agreements struct {
	Resync    *agreement.Service
	Directory license.Directory
}

// Mount implements [Mounter].
func (h Agreements) Mount(d *Door) {
	d.Handle("GET /v1/agreements", h.list)
	d.Handle("GET /v1/agreements/{id}", h.get)
}

// agreementOut is an agreement from outside.
type agreementOut struct {
	agreement.Snapshot

	// Only of a single agreement, and of those within a single licence.
	Terms *termsOut `json:"terms,omitempty"`
}

type termsOut struct {
	AsOf         time.Time        `json:"asOf"`
	Failure      string           `json:"failure,omitempty"`
	Value        string           `json:"agreementValue,omitempty"`
	CurrencyCode string           `json:"currencyCode,omitempty"`
	FreeTrial    bool             `json:"freeTrial"`
	Negotiated   bool             `json:"negotiated"`
	Accepted     []agreement.Term `json:"accepted"`
}

func (h Agreements) show(a agreement.Agreement) agreementOut {
	return agreementOut{Snapshot: a.Snapshot(h.Directory)}
}

// whole is an agreement with its terms.
func (h Agreements) whole(ctx context.Context, a agreement.Agreement) (agreementOut, error) {
	out := h.show(a)
	t, err := h.Resync.TermsOf(ctx, a.ID)
	if err != nil || t.At.IsZero() {
		return out, err
	}
	out.Terms = &termsOut{t.At, t.Failure, t.Value, t.CurrencyCode, t.FreeTrial(), t.Negotiated(), t.Accepted}
	if out.Terms.Accepted == nil {
		out.Terms.Accepted = []agreement.Term{}
	}
	return out, nil
}

func (h Agreements) get(w http.ResponseWriter, r *http.Request) error {
	a, err := h.Resync.Agreement(r.Context(), core.AgreementID(r.PathValue("id")))
	if err != nil {
		return err
	}
	out, err := h.whole(r.Context(), a)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, out)
}

func (h Agreements) list(w http.ResponseWriter, r *http.Request) error {
	limit, err := Limit(r)
	if err != nil {
		return err
	}
	v := r.URL.Query()
	q := agreement.Query{Status: agreement.Status(v.Get("status")), Customer: core.AWSAccountID(v.Get("customerAWSAccountId")), Offer: core.OfferID(v.Get("offerId")),
		Initial: core.AgreementID(v.Get("initialAgreementId")), Product: v.Get("productId"), Limit: limit + 1}
	if name := v.Get("license"); name != "" {
		l, err := FindLicense(h.Directory, name)
		if err != nil {
			return err
		}
		if q.ARN = l.ARN; q.ARN == "" { // AWS has named none: nothing leads to it
			return httpx.JSON(w, http.StatusOK, httpx.List[agreementOut]{Items: []agreementOut{}})
		}
	}
	if err := Cursor(r, &q.After); err != nil {
		return err
	}
	all, err := h.Resync.Agreements(r.Context(), q)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, PageOf(all, limit, func(a agreement.Agreement) any { return a.ID }, h.show))
}

// of lists the agreements of a licence that AWS has told of, with their terms.
func (h Agreements) of(ctx context.Context, l license.License) (all []agreementOut, err error) {
	for _, id := range l.Agreements {
		a, err := h.Resync.Agreement(ctx, id)
		if fail.Is(err, fail.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out, err := h.whole(ctx, a)
		if err != nil {
			return nil, err
		}
		all = append(all, out)
	}
	return all, nil
}
