package client_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

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

// Before your product does something that is bought in advance, it asks.
func ExampleClient_Check() {
	gateway := clienttest.New()
	defer gateway.Close()
	gateway.AddLicense(client.License{ID: "lic_7", State: client.Active})
	gateway.SetCheck("lic_7", "users", client.Check{Allowed: false, Reason: client.Exceeded, Why: "It is more than what was bought.", Entitled: []byte("10")})

	verdict, err := gateway.Client().Check(context.Background(), "lic_7", "users", client.Whole(11))
	if err != nil {
		log.Fatal(err)
	}
	if limit, ok := verdict.Limit(); ok && !verdict.Allowed {
		fmt.Println("your plan has", limit, "users:", verdict.Reason)
	}
	// Output: your plan has 10 users: exceeded
}

// Where many small things are counted, they are delivered in the background, together. With a spool they survive the end
// of the program, however it ends.
func ExampleReporter() {
	gateway := clienttest.New()
	defer gateway.Close()
	gateway.AddLicense(client.License{ID: "lic_7", State: client.Active})
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)

	reporter, err := gateway.Client().NewReporter(client.ReporterOptions{
		Spool: filepath.Join(folder, "usage.spool"),
		Rejected: func(e client.Event, no client.Rejection) {
			log.Printf("event %s can never be billed: %s", e.ID, no.Message)
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for range 1000 {
		if err := reporter.Add(ctx, client.Event{License: "lic_7", Dimension: "requests", Quantity: "1"}); err != nil {
			log.Fatal(err)
		}
	}
	// When the program ends:
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := reporter.Close(ctx); err != nil {
		log.Print(err) // what is left is in the spool, and is delivered by the next start
	}
	fmt.Println(gateway.Total("lic_7", "requests"), "requests")
	// Output: 1000 requests
}

// A seller that keeps the accounts of its customers itself: the browser comes from AWS Marketplace by way of the gateway,
// with a handle in its address. The registration is completed once the buyer has signed up, or in.
func ExampleClient_RedeemRegistration() {
	gateway := clienttest.New()
	defer gateway.Close()
	gateway.AddRegistration("handle-of-a-browser", client.Registration{ID: "reg_1", ProductCode: "quill", License: "lic_7"})
	souk := gateway.Client()
	ctx := context.Background()

	reg, err := souk.RedeemRegistration(ctx, "handle-of-a-browser", "quill") // from r.FormValue(client.RegistrationParam)
	switch {
	case client.IsStatus(err, http.StatusNotFound), client.IsStatus(err, http.StatusConflict):
		log.Print("show: press Set up your account in AWS Marketplace again")
		return
	case err != nil:
		log.Print(err)
		return
	case reg.State == client.RegistrationComplete:
		log.Printf("ask %s to sign in", reg.Reference)
		return
	}
	// … the buyer fills in your form …
	reg, err = souk.CompleteRegistration(ctx, reg.ID, client.Customer{Reference: "customer-42", Email: "ada@example.com"})
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Println(reg.Reference, "owns", reg.License)
	// Output: customer-42 owns lic_7
}

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
