package api

import (
	"net/http"
	"time"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/webhook"
	"souk.dev/souk/internal/httpx"
)

// Webhooks are the calls about endpoints that are told of events.
type Webhooks struct{ Webhooks *webhook.Service }

// Mount implements [Mounter].
func (h Webhooks) Mount(d *Door) {
	d.Create("POST /v1/webhooks", h.post)
	d.Handle("GET /v1/webhooks", h.list)
	d.Handle("GET /v1/webhooks/{id}", h.get)
	d.Handle("PATCH /v1/webhooks/{id}", h.patch)
	d.Handle("DELETE /v1/webhooks/{id}", h.delete)
	d.Create("POST /v1/webhooks/{id}/rotate", h.rotate)
	d.Create("POST /v1/webhooks/{id}/test", h.test)
	d.Create("POST /v1/webhooks/{id}/replay", h.replay)
}

// webhookIn is an endpoint as it is asked for.
type webhookIn struct {
	URL         string   `json:"url"`
	Description string   `json:"description"`
	Events      []string `json:"events"`
}

// webhookOut is an endpoint from outside. Its secret is shown by the calls that make one, and by no other.
type webhookOut struct {
	ID               webhook.EndpointID `json:"id"`
	URL              string             `json:"url"`
	Description      string             `json:"description,omitempty"`
	Events           []string           `json:"events"`
	Disabled         bool               `json:"disabled"`
	Why              string             `json:"why,omitempty"`
	Secret           webhook.Secret     `json:"secret,omitempty"`
	OldSecretGoodFor time.Time          `json:"oldSecretUntil,omitzero"`
	CreatedAt        time.Time          `json:"createdAt"`
	ChangedAt        time.Time          `json:"changedAt"`
}

func webhookOf(e webhook.Endpoint) webhookOut {
	out := webhookOut{ID: e.ID, URL: e.URL, Description: e.Description, Events: e.Events, Disabled: e.Disabled, Why: e.Why, OldSecretGoodFor: e.OldUntil, CreatedAt: e.CreatedAt, ChangedAt: e.ChangedAt}
	if len(out.Events) == 0 {
		out.Events = []string{"*"}
	}
	return out
}

func (h Webhooks) post(w http.ResponseWriter, r *http.Request) error {
	var in webhookIn
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	e, err := acted(r, audit.WebhookAdded, in.URL, "", func() (webhook.Endpoint, error) {
		return h.Webhooks.Add(r.Context(), webhook.Endpoint{URL: in.URL, Description: in.Description, Events: in.Events})
	})
	if err != nil {
		return err
	}
	out := webhookOf(e)
	out.Secret = e.Secret
	w.Header().Set("Location", "/v1/webhooks/"+string(e.ID))
	return httpx.JSON(w, http.StatusCreated, out)
}

// list has all on one page: there are few.
func (h Webhooks) list(w http.ResponseWriter, r *http.Request) error {
	all, err := h.Webhooks.Endpoints(r.Context())
	if err != nil {
		return err
	}
	out := httpx.List[webhookOut]{Items: []webhookOut{}}
	for _, e := range all {
		out.Items = append(out.Items, webhookOf(e))
	}
	return httpx.JSON(w, http.StatusOK, out)
}

func endpointID(r *http.Request) webhook.EndpointID { return webhook.EndpointID(r.PathValue("id")) }

func (h Webhooks) get(w http.ResponseWriter, r *http.Request) error {
	e, err := h.Webhooks.Endpoint(r.Context(), endpointID(r))
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, webhookOf(e))
}

func (h Webhooks) patch(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		URL         *string   `json:"url"`
		Description *string   `json:"description"`
		Events      *[]string `json:"events"`
		Disabled    *bool     `json:"disabled"`
	}
	if err := httpx.Decode(w, r, &in); err != nil {
		return err
	}
	e, err := acted(r, audit.WebhookChanged, r.PathValue("id"), "", func() (webhook.Endpoint, error) {
		return h.Webhooks.Change(r.Context(), endpointID(r), webhook.Change{URL: in.URL, Description: in.Description, Events: in.Events, Disabled: in.Disabled})
	})
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusOK, webhookOf(e))
}

func (h Webhooks) delete(w http.ResponseWriter, r *http.Request) error {
	_, err := acted(r, audit.WebhookRemoved, r.PathValue("id"), "", func() (struct{}, error) {
		return struct{}{}, h.Webhooks.Delete(r.Context(), endpointID(r))
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// defaultOverlap is how long the secret before is used besides the new one when nothing else is said.
const defaultOverlap = 24 * time.Hour

func (h Webhooks) rotate(w http.ResponseWriter, r *http.Request) error {
	in := struct {
		Overlap string `json:"overlap"`
	}{defaultOverlap.String()}
	if err := decodeIfAny(w, r, &in); err != nil {
		return err
	}
	overlap, err := time.ParseDuration(in.Overlap)
	if err != nil {
		return fail.New(fail.Invalid, "bad_overlap", "The overlap is %.40q; write it like 24h or 30m.", in.Overlap)
	}
	e, err := acted(r, audit.SecretRotated, r.PathValue("id"), "", func() (webhook.Endpoint, error) {
		return h.Webhooks.Rotate(r.Context(), endpointID(r), overlap)
	})
	if err != nil {
		return err
	}
	out := webhookOf(e)
	out.Secret = e.Secret
	return httpx.JSON(w, http.StatusOK, out)
}

// decodeIfAny reads a body that may be left out.
func decodeIfAny(w http.ResponseWriter, r *http.Request, v any) error {
	err := httpx.Decode(w, r, v)
	if fail.CodeOf(err) == "empty_body" {
		return nil
	}
	return err
}

func (h Webhooks) test(w http.ResponseWriter, r *http.Request) error {
	d, err := h.Webhooks.Test(r.Context(), endpointID(r))
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/deliveries/"+string(d.ID))
	return httpx.JSON(w, http.StatusAccepted, deliveryOf(d))
}

func (h Webhooks) replay(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		From   time.Time      `json:"from"`
		To     time.Time      `json:"to"`
		States []outbox.State `json:"states"`
	}
	if err := decodeIfAny(w, r, &in); err != nil {
		return err
	}
	if len(in.States) == 0 {
		in.States = []outbox.State{outbox.Dead, outbox.Dropped}
	}
	for _, s := range in.States {
		if !s.Known() {
			return fail.New(fail.Invalid, "bad_state", "There is no state %.40q; see /openapi.json.", s)
		}
	}
	n, err := acted(r, audit.DeliveriesReplayed, r.PathValue("id"), "", func() (int, error) {
		return h.Webhooks.Replay(r.Context(), endpointID(r), in.From, in.To, in.States)
	})
	if err != nil {
		return err
	}
	return httpx.JSON(w, http.StatusAccepted, replayed{n})
}

// replayed counts what is sent again.
type replayed struct {
	Count int `json:"count"`
}
