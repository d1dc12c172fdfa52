package push

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/intake"
)

// secretHeader brings the secret of an API destination whose connection has the authorization type API key.
const secretHeader = "X-Souk-Events-Secret"

// postEvent takes an event of an EventBridge API destination.
func (d *Door) postEvent(w http.ResponseWriter, r *http.Request) error {
	if len(d.secrets) == 0 {
		return fail.New(fail.NotFound, "events_closed", "No secret is set for events; set SOUK_EVENTS_SECRET, or use the queue.")
	}
	if !d.authorized(r) {
		// EventBridge tries again for a day after this answer: time to mend the connection.
		return fail.New(fail.Denied, "wrong_secret", "The secret is missing or wrong; give it in the header %s, or as the password of Basic authorization.", secretHeader)
	}
	text, err := body(w, r)
	if err != nil {
		return err
	}
	if _, err := d.c.Intake.Take(r.Context(), intake.Message{Way: intake.ByEventBus, Body: string(text), SentAt: d.c.Clock.Now()}); err != nil {
		return err
	}
	return done(w)
}

// authorized reports whether r brings one of the secrets: in the header, or as the password of Basic authorization, whose
// user may be anybody. How long that takes says nothing of the secrets.
func (d *Door) authorized(r *http.Request) bool {
	brought := r.Header.Get(secretHeader)
	if brought == "" {
		_, brought, _ = r.BasicAuth()
	}
	sum := sha256.Sum256([]byte(brought))
	match := 0
	for _, s := range d.secrets {
		match |= subtle.ConstantTimeCompare(sum[:], s[:])
	}
	return match == 1
}
