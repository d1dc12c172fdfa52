package client_test

import (
	"context"
	"fmt"
	"log"

	"souk.dev/souk/client"
	"souk.dev/souk/client/clienttest"
)

// Usage is reported before the customer is told that the work is done. The event's ID comes from the work itself, so
// that doing it again after a crash counts nothing twice.
func ExampleClient_Report() {
	gateway := clienttest.New() // in your program: client.New("https://billing.example.com", os.Getenv("SOUK_API_KEY"))
	defer gateway.Close()
	gateway.AddLicense(client.License{ID: "lic_7", State: client.Active})
	souk := gateway.Client()

	receipt, err := souk.Report(context.Background(), client.Event{
		ID:        "print-job-4711",
		License:   "lic_7",
		Dimension: "pages",
		Quantity:  client.Whole(12),
	})
	if err != nil {
		keep(client.Undelivered(err)) // report these again later, as they are
		log.Print(err)
	}
	for _, no := range receipt.Rejected {
		log.Printf("event %s can never be billed: %s", no.ID, no.Message)
	}
	fmt.Println(receipt.Accepted, "accepted")
	// Output: 1 accepted
}

func keep([]client.Event) {}

// A license's state decides whether its user may work.
func ExampleClient_License() {
	gateway := clienttest.New()
	defer gateway.Close()
	gateway.AddLicense(client.License{ID: "lic_7", State: client.WindingDown, Why: "The buyer cancelled."})

	l, err := gateway.Client().License(context.Background(), "lic_7")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.State, l.State.Access(), l.Why)
	// Output: winding_down true The buyer cancelled.
}
