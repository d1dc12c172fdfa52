// Package gateway is the seller's side, assembled: New wires the features, the doors and the jobs.
//
// It owns: which part is given to which, and the order of starting and stopping. It does not own anything that a part
// does.
package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// Config is what a gateway is told from outside.
type Config struct {
	DatabaseURL string // sqlite:PATH
	BaseURL     string // how buyers' browsers reach this gateway, such as https://saas.example.com
	QueueURL    string // the SQS queue of AWS's notices; empty: none is read
	// ClockURL is a sandbox whose clock is followed in lock-step; empty: the system's clock.
	ClockURL     string
	InstanceName string // this process's own name among those that follow the clock, and in logs

	// Endpoint is where all AWS services are; empty: as the SDK's own environment and profile say.
	Endpoint                     string
	Region                       string
	AccessKeyID, SecretAccessKey string // empty: as the SDK finds them

	Products core.Catalogue // empty: learnt from AWS
	Seller   Seller

	// SettleTime is how long after an hour's end its late events are waited for; FinalMargin is how long before the
	// final window closes the last records go out. Zero: the default of package metering.
	SettleTime, FinalMargin time.Duration

	Log *slog.Logger // nil: none
}

// Seller is how the seller shows itself to buyers.
type Seller struct {
	Name         string
	SupportEmail string
	SupportURL   string
	Accent       string // a CSS colour for pages; empty: the default look
}

// Gateway is a running seller's side. Serve [Gateway.Handler], call [Gateway.Run], and [Gateway.Close] when it returned.
type Gateway struct{}

// New opens the database, reads what is known, and gets ready to work. It does not listen: that is its caller's.
//
// Errors: fail.Invalid for a setting that cannot be, saying which.
func New(ctx context.Context, c Config) (*Gateway, error) { panic("skeleton") }

// Handler serves everything the gateway has.
func (g *Gateway) Handler() http.Handler { panic("skeleton") }

// Run works until ctx ends: notices, deadlines, sending.
func (g *Gateway) Run(ctx context.Context) error { panic("skeleton") }

// Close releases the database. Nothing may be in use any more.
func (g *Gateway) Close() error { panic("skeleton") }
