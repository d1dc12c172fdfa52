package client_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"souk.dev/souk/client"
	"souk.dev/souk/client/clienttest"
)

// A program that is told when a licence's user can start. It believes what is signed, does once what comes twice, and
// answers 2xx when it has taken it.
func ExampleWebhookVerifier() {
	secret := "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // in your program: os.Getenv("SOUK_WEBHOOK_SECRET")
	verifier, err := client.NewWebhookVerifier(secret)
	if err != nil {
		log.Fatal(err)
	}
	done := map[string]bool{} // in your program: in the database, in the transaction of what is done
	handler := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		hook, err := verifier.Verify(r.Header, body, time.Now())
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		if hook.Type == "license.ready" && !done[hook.ID] {
			l, err := hook.License()
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			fmt.Println("make room for", l.ID)
			done[hook.ID] = true
		}
	}

	ready := client.Webhook{ID: "evt_1", Type: "license.ready", Timestamp: time.Now(), Data: json.RawMessage(`{"license": {"id": "lic_7", "state": "active"}}`)}
	for range 2 { // it may come twice
		r, err := clienttest.WebhookRequest("http://app.example/souk", secret, ready, time.Now())
		if err != nil {
			log.Fatal(err)
		}
		w := httptest.NewRecorder()
		handler(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// make room for lic_7
	// 200
	// 200
}
