// Package api holds the OpenAPI documents of the gateway and the sandbox, as files that people read and as what each
// server gives at /openapi.json, and the JSON Schema of the sandbox's world file.
//
// It owns: the documents. It does not own what they describe; tests compare the two.
package api

import (
	_ "embed"
	"net/http"
	"sync"

	"github.com/goccy/go-yaml"
)

// Gateway is the gateway's document, in YAML.
//
//go:embed gateway.yaml
var Gateway []byte

// Sandbox is the sandbox's document, of its control API, in YAML.
//
//go:embed sandbox.yaml
var Sandbox []byte

// World is the JSON Schema of a world file. It is made from the types of internal/sandbox/world, by their test.
//
//go:embed world.schema.json
var World []byte

// Handler serves a document, in JSON. It is translated at the first request, so that nobody else waits for it.
func Handler(document []byte) http.Handler {
	asJSON := sync.OnceValues(func() ([]byte, error) { return yaml.YAMLToJSON(document) })
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		body, err := asJSON()
		if err != nil {
			http.Error(w, "the document cannot be translated: "+err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body) // a client that has gone needs no answer
	})
}
