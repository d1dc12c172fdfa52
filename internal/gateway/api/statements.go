package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/statement"
	"souk.dev/souk/internal/httpx"
)

// Statements are the calls about a month's statements and their comparison with AWS's reports.
type Statements struct {
	Maker     statement.Maker
	Signer    *statement.Signer
	Directory license.Directory
	Clock     clock.Clock
}

// Mount implements [Mounter].
func (h Statements) Mount(d *Door) {
	d.Handle("GET /v1/licenses/{id}/statements/{month}", h.get)
	d.Handle("GET /v1/statement-keys", h.keys)
	d.Handle("POST /v1/reconciliations", h.reconcile)
}

// signatureHeader is where the signature of a statement in CSV travels.
const signatureHeader = "Souk-Signature"

func (h Statements) get(w http.ResponseWriter, r *http.Request) error {
	l, err := FindLicense(h.Directory, r.PathValue("id"))
	if err != nil {
		return err
	}
	month, err := statement.ParseMonth(r.PathValue("month"))
	if err != nil {
		return err
	}
	s, err := h.Maker.Make(r.Context(), l, month, h.Clock.Now())
	if err != nil {
		return err
	}
	switch format := r.URL.Query().Get("format"); format {
	case "", "json":
		signed, err := h.Signer.Statement(s)
		if err != nil {
			return err
		}
		return httpx.JSON(w, http.StatusOK, signed)
	case "csv":
		text, err := s.CSV()
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
		w.Header().Set("Content-Disposition", `attachment; filename="`+string(l.ID)+"-"+s.Month+`.csv"`)
		w.Header().Set(signatureHeader, h.Signer.Sign(text))
		_, err = w.Write(text)
		return err
	default:
		return fail.New(fail.Invalid, "format", "A statement comes as json or csv, not as %.20q.", format)
	}
}

func (h Statements) keys(w http.ResponseWriter, _ *http.Request) error {
	return httpx.JSON(w, http.StatusOK, h.Signer.Keys())
}

// maxReport bounds a report in a request, in bytes, and reportTime how long it may take to arrive and be compared.
const (
	maxReport  = 256 << 20
	reportTime = 5 * time.Minute
)

func (h Statements) reconcile(w http.ResponseWriter, r *http.Request) error {
	month, err := statement.ParseMonth(r.URL.Query().Get("month"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), reportTime)
	defer cancel()
	var body io.Reader = http.MaxBytesReader(w, r.Body, maxReport)
	out, err := h.Maker.Reconcile(ctx, h.Directory, month, body)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, out)
}
