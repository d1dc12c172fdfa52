package gateway

import (
	"log/slog"
	"time"

	"souk.dev/souk/internal/gateway/chat"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/courier"
	"souk.dev/souk/internal/gateway/idp"
	"souk.dev/souk/internal/gateway/signon"
	"souk.dev/souk/internal/gateway/vault"
)

// Config is what a gateway is told from outside.
type Config struct {
	DatabaseURL string // sqlite:PATH or postgres://…
	// Vault seals the secrets that stand in the database; nil: they are written as they are.
	Vault    *vault.Vault
	BaseURL  string // how buyers' browsers reach this gateway, such as https://saas.example.com
	NodeURL  string // how the other nodes on the same database reach this process; empty: they do not
	QueueURL string // the SQS queue of AWS's notices; empty: none is read
	// SNSTopics are topics, by ARN, whose messages POST /aws/sns takes besides those of AWS Marketplace for Products.
	SNSTopics []string
	// SNSTrust is the origin of a sandbox, whose certificates SNS's messages may be signed with; empty: Amazon's alone.
	SNSTrust string
	// EventsSecrets are what EventBridge's API destinations may bring to POST /aws/events; none: it takes nothing.
	EventsSecrets []string
	// ClockURL is a sandbox whose clock is followed in lock-step; empty: the system's clock.
	ClockURL string
	// InstanceName is this process's own name among the nodes on one database, and those that follow the same clock; "gateway"
	// when empty.
	InstanceName string
	// MarketplaceURL is where buyers manage what they bought; empty: AWS Marketplace's own page.
	MarketplaceURL string
	// AWSSupportURL is where buyers ask AWS for refunds; empty: AWS Support's own page.
	AWSSupportURL string

	// Endpoint is where all AWS services are; empty: as the SDK's own environment and profile say.
	Endpoint                     string
	Region                       string // empty: the SDK's own, or us-east-1
	AccessKeyID, SecretAccessKey string // empty: as the SDK finds them

	Products core.Catalogue // empty: learnt from AWS
	// FormFields are what buyers of all products are asked on the sign-up form, besides what every account needs.
	FormFields []core.FormField
	Seller     core.Brand
	// PageTemplates is a folder whose files stand over those of the buyers' pages; empty: none do.
	PageTemplates string
	Mail          Mail

	// Applications are the seller's at which people sign in with their account here; none: the gateway is no identity provider.
	Applications signon.Applications

	// SignIn is the identity provider at which the console's people sign in; without an Issuer there is none.
	SignIn idp.Config
	// NoConsolePasswords leaves that provider as the only way into the console.
	NoConsolePasswords bool
	// SecondFactors has everybody who signs in to the console by a password add a second factor before anything else.
	SecondFactors bool
	// ApproveOwn lets whoever proposed a correction or a cancellation request approve it too: for a seller of one person.
	ApproveOwn bool

	// SettleTime is how long after an hour's end its late events are waited for; FinalMargin is how long before the
	// final window closes the last records go out. Zero: the default of package metering.
	SettleTime, FinalMargin time.Duration

	// EntitlementsEvery is how often AWS is asked what a licence has bought in advance, though nothing is told of it.
	// Zero: the default of package entitlement.
	EntitlementsEvery time.Duration

	// ResyncEvery is how often the licences are compared with AWS's agreements, though nobody asks for it. Zero: the default of
	// package agreement.
	ResyncEvery time.Duration

	// Reminders are how long before their end people are told of agreements, the longest first. Nil: the default of package
	// agreement; empty: never.
	Reminders []time.Duration

	// KeepEvents is how long usage events stay for the audit, KeepIDs how long a repetition of one is recognised. Zero: the
	// defaults of package usage, which also says what the least is.
	KeepEvents, KeepIDs time.Duration
	// IDsMemory is how many bytes of memory are spent on telling new events from repetitions without reading the disk. Zero: a
	// quarter of what memory there is, see idsMemory.
	IDsMemory int64
	// Chats are where the seller's people are told what they should look at.
	Chats []chat.Room
	// WebhookNetworks may be called by webhooks and chats although they are not the public internet's.
	WebhookNetworks courier.Networks

	Log *slog.Logger // nil: none
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.InstanceName == "" {
		c.InstanceName = "gateway"
	}
	return c
}
