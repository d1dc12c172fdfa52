package control

import (
	"net/http"

	"souk.dev/souk/api"
)

// getWorldSchema gives the JSON Schema by which editors check and complete a world file for this very souk.
func (c *Control) getWorldSchema(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/schema+json")
	_, _ = w.Write(api.World) // a client that has gone needs no answer
	return nil
}
