package api

import (
	"net/http"

	"souk.dev/souk/internal/gateway/audit"
	"souk.dev/souk/internal/httpx"
)

// acted writes down in the audit log that the request's API key does action to subject, and does it. The door is for the seller's
// programs, and what they do a hundred times an hour (events, handles of buyers who come) is no act of anybody's; what a
// person has them do is.
func acted[T any](r *http.Request, action audit.Action, subject, detail string, do func() (T, error)) (done T, err error) {
	c := callerOf(r.Context())
	by := audit.Actor{ID: c.key.ID, Name: c.key.Name, From: httpx.ClientAddress(r)}
	err = c.acts.Do(r.Context(), by, action, subject, detail, func() (err error) {
		done, err = do()
		return err
	})
	return done, err
}
