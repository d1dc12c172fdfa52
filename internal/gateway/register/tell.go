package register

import (
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/outbox"
)

// Snapshot is a registration in what is told of it. Who the account's owner is, and what they have written, the API tells.
type Snapshot struct {
	ID                 ID                      `json:"id"`
	License            core.LicenseID          `json:"license"`
	ProductCode        core.ProductCode        `json:"productCode"`
	LicenseARN         core.LicenseARN         `json:"licenseArn,omitempty"`
	Customer           core.AWSAccountID       `json:"customerAWSAccountId,omitempty"`
	CustomerIdentifier core.CustomerIdentifier `json:"customerIdentifier,omitempty"`
	OfferType          string                  `json:"offerType,omitempty"`
	State              State                   `json:"state"`
	Account            core.AccountID          `json:"account,omitempty"`
	ArrivedAt          time.Time               `json:"arrivedAt"`
	DueAt              time.Time               `json:"dueAt,omitzero"`
	Answers            []Answer                `json:"answers,omitempty"` // choices and checkboxes alone
}

// Told is the data of every event about a registration.
type Told struct {
	Registration Snapshot `json:"registration"`
}

func tidings(kind outbox.Kind, r Registration, now time.Time) outbox.Event {
	return outbox.NewEvent(kind, now, outbox.Subject{License: r.License, Account: r.Account}, Told{Snapshot{
		ID: r.ID, License: r.License, ProductCode: r.Buyer.ProductCode, LicenseARN: r.Buyer.ARN, Customer: r.Buyer.Customer, CustomerIdentifier: r.Buyer.CustomerIdentifier,
		OfferType: r.Offer, State: r.Standing().State, Account: r.Account, ArrivedAt: r.ArrivedAt.UTC(), DueAt: r.DueAt.UTC(), Answers: toldAnswers(r.Answers),
	}})
}
