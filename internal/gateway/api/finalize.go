package api

import (
	"net/http"

	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/httpx"
)

// Finalize is the call that says "no more usage will come".
type Finalize struct {
	Engine    *metering.Engine
	Directory license.Directory
}

// Mount implements [Mounter].
func (h Finalize) Mount(d *Door) { d.Handle("POST /v1/licenses/{id}/finalize", h.post) }

func (h Finalize) post(w http.ResponseWriter, r *http.Request) error {
	l, err := FindLicense(h.Directory, r.PathValue("id"))
	if err != nil {
		return err
	}
	_, err = acted(r, audit.UsageFinalized, string(l.ID), "", func() (struct{}, error) { return struct{}{}, h.Engine.Finalize(r.Context(), l.ID) })
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, licenseOf(l))
}
