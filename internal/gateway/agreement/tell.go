package agreement

import (
	"reflect"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/outbox"
)

// Snapshot is an agreement as programs see it, in the API's answers as in what is told of it.
type Snapshot struct {
	ID         core.AgreementID  `json:"id"`
	Status     Status            `json:"status"`
	Customer   core.AWSAccountID `json:"customerAWSAccountId,omitempty"`
	Offer      core.OfferID      `json:"offerId,omitempty"`
	ProductID  string            `json:"productId,omitempty"`
	Initial    core.AgreementID  `json:"initialAgreementId,omitempty"`
	ARNs       []core.LicenseARN `json:"licenseArns"`
	Licenses   []core.LicenseID  `json:"licenses"` // the same, as far as they are known here
	AcceptedAt time.Time         `json:"acceptedAt,omitzero"`
	StartsAt   time.Time         `json:"startsAt,omitzero"`
	EndsAt     time.Time         `json:"endsAt,omitzero"`
	UpdatedAt  time.Time         `json:"updatedAt,omitzero"`
	AtEnd      string            `json:"atEnd,omitempty"`
	AtEndWhy   string            `json:"atEndReason,omitempty"`
	SeenAt     time.Time         `json:"seenAt"`
}

// Snapshot is a as programs see it, with those of its licences that directory knows.
func (a Agreement) Snapshot(directory license.Directory) Snapshot {
	s := Snapshot{ID: a.ID, Status: a.Status, Customer: a.Customer, Offer: a.Offer, ProductID: a.ProductID, Initial: a.Initial, ARNs: a.Licenses, Licenses: []core.LicenseID{},
		AcceptedAt: a.AcceptedAt, StartsAt: a.StartsAt, EndsAt: a.EndsAt, UpdatedAt: a.UpdatedAt, AtEnd: a.AtEnd, AtEndWhy: a.AtEndWhy, SeenAt: a.SeenAt}
	if s.ARNs == nil {
		s.ARNs = []core.LicenseARN{}
	}
	for _, arn := range a.Licenses {
		if l, ok := directory.ByARN(arn); ok {
			s.Licenses = append(s.Licenses, l.ID)
		}
	}
	return s
}

// Changed is the data of the event that AWS lists an agreement that is new here, or says something else of one than before.
type Changed struct {
	Agreement    Snapshot `json:"agreement"`
	New          bool     `json:"new"`
	TermsChanged bool     `json:"termsChanged"` // as by an amendment; false of one that is new
	Value        string   `json:"agreementValue,omitempty"`
	CurrencyCode string   `json:"currencyCode,omitempty"`
	FreeTrial    bool     `json:"freeTrial"`
	Negotiated   bool     `json:"negotiated"`
}

// tidings is what is told of a, of which AWS told the terms now, and before them those of before; they are zero where it told none.
// The event is named by what AWS said, so that the same word, heard again, is the same event.
func (s *Service) tidings(a Agreement, before, now Terms, at time.Time) outbox.Event {
	snapshot := a.Snapshot(s.cfg.Licenses)
	told := Changed{Agreement: snapshot, New: before.At.IsZero(), Value: now.Value, CurrencyCode: now.CurrencyCode, FreeTrial: now.FreeTrial(), Negotiated: now.Negotiated()}
	told.TermsChanged = !told.New && now.Failure == "" && (before.Value != now.Value || !reflect.DeepEqual(before.Accepted, now.Accepted))
	var about outbox.Subject
	if len(snapshot.Licenses) > 0 {
		about.License = snapshot.Licenses[0]
		if l, ok := s.cfg.Licenses.ByID(about.License); ok {
			about.Account = l.Account
		}
	}
	return outbox.NewEvent(outbox.AgreementChanged, at, about, told).Named(struct {
		ID        core.AgreementID
		Status    Status
		UpdatedAt time.Time
	}{a.ID, a.Status, a.UpdatedAt.UTC()})
}
