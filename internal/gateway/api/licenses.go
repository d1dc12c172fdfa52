package api

import (
	"net/http"
	"strconv"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/httpx"
)

// Licenses are the calls about licences.
type Licenses struct {
	Directory license.Directory
	// Facts lists what a licence's standing follows from.
	Facts func(core.LicenseID) []license.Fact
	// Entitlements tells what a licence has bought in advance; nil: that is not shown.
	Entitlements *entitlement.Keeper
	Products     core.Catalogue // names and units of dimensions
	Clock        clock.Clock    // needed with Entitlements
	// Agreements tells what AWS says of a licence's agreements; without a service that is not shown.
	Agreements Agreements
}

// Mount implements [Mounter].
func (h Licenses) Mount(d *Door) {
	d.Handle("GET /v1/licenses", h.list)
	d.Handle("GET /v1/licenses/{id}", h.get)
}

// licenseOut is a licence from outside.
type licenseOut struct {
	license.Snapshot

	// Only of a single licence.
	Entitlements *entitlementsOut `json:"entitlements,omitempty"` // nil: the product is sold without
	Facts        []factOut        `json:"facts,omitempty"`
	Agreements   []agreementOut   `json:"agreements,omitempty"` // those of which AWS has told more than a notice does
}

type factOut struct {
	ID     string         `json:"id"`
	Kind   license.Kind   `json:"kind"`
	At     time.Time      `json:"at"`
	Source license.Source `json:"source"`
	// EndReason is why the agreement ended, by AWS's word, where the fact says so.
	EndReason license.EndReason `json:"endReason,omitempty"`
	Unused    bool              `json:"unused,omitempty"` // it had no meaning in the state it met
}

func licenseOf(l license.License) licenseOut {
	return licenseOut{Snapshot: l.Snapshot()}
}

// FindLicense finds the licence that a path names, by the gateway's id or by license ARN.
//
// Errors: fail.NotFound.
func FindLicense(dir license.Finder, name string) (license.License, error) {
	if l, ok := dir.ByID(core.LicenseID(name)); ok {
		return l, nil
	}
	if l, ok := dir.ByARN(core.LicenseARN(name)); ok {
		return l, nil
	}
	return license.License{}, fail.New(fail.NotFound, "unknown_license", "There is no license %q here; GET /v1/licenses lists those that are known.", name)
}

// licenseAsked is the licence that a query's license names, in order to list what is about it alone; empty where it names none.
//
// Errors: fail.NotFound.
func licenseAsked(r *http.Request, dir license.Directory) (core.LicenseID, error) {
	name := r.URL.Query().Get("license")
	if name == "" {
		return "", nil
	}
	l, err := FindLicense(dir, name)
	return l.ID, err
}

func (h Licenses) get(w http.ResponseWriter, r *http.Request) error {
	l, err := FindLicense(h.Directory, r.PathValue("id"))
	if err != nil {
		return err
	}
	out := licenseOf(l)
	unused := map[string]bool{}
	for _, f := range l.Standing.Unused {
		unused[f.ID] = true
	}
	for _, f := range h.Facts(l.ID) {
		out.Facts = append(out.Facts, factOut{f.ID, f.Kind, f.At, f.Source(), f.Reason, unused[f.ID]})
	}
	out.Entitlements = h.entitlementsOf(l)
	if h.Agreements.Resync != nil {
		if out.Agreements, err = h.Agreements.of(r.Context(), l); err != nil {
			return err
		}
	}
	return httpx.JSON(w, http.StatusOK, out)
}

// licenseCursor is the last licence of a page: they are listed by creation.
type licenseCursor struct {
	CreatedAt time.Time      `json:"c"`
	ID        core.LicenseID `json:"i"`
}

func (c licenseCursor) before(l license.License) bool {
	return c.CreatedAt.Before(l.CreatedAt) || (c.CreatedAt.Equal(l.CreatedAt) && c.ID < l.ID)
}

func (h Licenses) list(w http.ResponseWriter, r *http.Request) error {
	limit, err := Limit(r)
	if err != nil {
		return err
	}
	var after licenseCursor
	if err := Cursor(r, &after); err != nil {
		return err
	}
	q := r.URL.Query()
	wanted := func(is, want string) bool { return want == "" || is == want }
	advised := q.Get("advised")
	if advised != "" && advised != "true" && advised != "false" {
		return fail.New(fail.Invalid, "advised", "advised is true or false.")
	}
	out := httpx.List[licenseOut]{Items: []licenseOut{}}
	var last license.License
	for l := range h.Directory.All {
		if !after.before(l) || !wanted(string(l.Standing.State), q.Get("state")) || !wanted(string(l.ProductCode), q.Get("productCode")) ||
			!wanted(string(l.Account), q.Get("account")) || !wanted(string(l.Customer), q.Get("customerAWSAccountId")) ||
			!wanted(strconv.FormatBool(!l.Standing.AdvisedAt.IsZero()), advised) {
			continue
		}
		if len(out.Items) == limit {
			out.Next = CursorOf(licenseCursor{last.CreatedAt, last.ID})
			break
		}
		out.Items, last = append(out.Items, licenseOf(l)), l
	}
	return httpx.JSON(w, http.StatusOK, out)
}
