package api

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/httpx"
)

// Resync are the calls about comparisons of the licences with AWS's agreements.
type Resync struct {
	Resync    *agreement.Service
	Directory license.Directory
}

// Mount implements [Mounter].
func (h Resync) Mount(d *Door) {
	d.Create("POST /v1/resync", h.post)
	d.Handle("GET /v1/resync", h.list)
	d.Handle("GET /v1/resync/{id}", h.get)
}

// runOut is a re-sync from outside.
type runOut struct {
	ID         agreement.RunID   `json:"id"`
	Trigger    agreement.Trigger `json:"trigger"`
	By         string            `json:"by,omitempty"`
	License    core.LicenseID    `json:"license,omitempty"`
	DryRun     bool              `json:"dryRun"`
	Since      time.Time         `json:"since,omitzero"`
	StartedAt  time.Time         `json:"startedAt"`
	EndedAt    time.Time         `json:"endedAt,omitzero"`
	Failure    string            `json:"failure,omitempty"`
	Agreements int               `json:"agreements"`
	Repairs    int               `json:"repairs"`
	Links      int               `json:"links"`
	Unsettled  int               `json:"unsettled"`
	Findings   []findingOut      `json:"findings,omitempty"` // only of a single one
}

type findingOut struct {
	AgreementID core.AgreementID  `json:"agreementId,omitempty"`
	License     core.LicenseID    `json:"license,omitempty"`
	ARN         core.LicenseARN   `json:"licenseArn,omitempty"`
	Outcome     agreement.Outcome `json:"outcome"`
	Fact        string            `json:"fact,omitempty"`
	FactAt      time.Time         `json:"factAt,omitzero"`
	What        string            `json:"what"`
	At          time.Time         `json:"at"`
}

func runOf(r agreement.Run) runOut {
	return runOut{ID: r.ID, Trigger: r.Trigger, By: r.By, License: r.License, DryRun: r.DryRun, Since: r.Since, StartedAt: r.StartedAt, EndedAt: r.EndedAt, Failure: r.Failure,
		Agreements: r.Agreements, Repairs: r.Repairs, Links: r.Links, Unsettled: r.Unsettled}
}

func (h Resync) post(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		License string `json:"license"`
		DryRun  bool   `json:"dryRun"`
	}
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	var id core.LicenseID
	if in.License != "" {
		l, err := FindLicense(h.Directory, in.License)
		if err != nil {
			return err
		}
		id = l.ID
	}
	run, err := acted(r, audit.ResyncAsked, string(id), "", func() (agreement.Run, error) {
		return h.Resync.Ask(r.Context(), id, in.DryRun, KeyOf(r.Context()).ID)
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/resync/"+string(run.ID))
	return httpx.JSON(w, http.StatusAccepted, runOf(run))
}

func (h Resync) get(w http.ResponseWriter, r *http.Request) error {
	run, found, err := h.Resync.RunByID(r.Context(), agreement.RunID(r.PathValue("id")))
	if err != nil {
		return err
	}
	out := runOf(run)
	for _, f := range found {
		out.Findings = append(out.Findings, findingOut{f.Agreement, f.License, f.ARN, f.Outcome, f.Fact, f.FactAt, f.What, f.At})
	}
	return httpx.JSON(w, http.StatusOK, out)
}

// runCursor is the last run of a page.
type runCursor struct {
	StartedAt time.Time       `json:"s"`
	ID        agreement.RunID `json:"i"`
}

func (h Resync) list(w http.ResponseWriter, r *http.Request) error {
	limit, err := Limit(r)
	if err != nil {
		return err
	}
	var after runCursor
	if err := Cursor(r, &after); err != nil {
		return err
	}
	runs, err := h.Resync.Runs(r.Context(), agreement.Run{ID: after.ID, StartedAt: after.StartedAt}, limit+1)
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, PageOf(runs, limit, func(r agreement.Run) any { return runCursor{r.StartedAt, r.ID} }, runOf))
}
