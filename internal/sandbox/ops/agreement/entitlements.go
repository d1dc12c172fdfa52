package agreement

import (
	"context"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/ops/page"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// entitlementType is the type of every entitlement. The model names none; see docs/divergences.md.
const entitlementType = "License"

type agreementEntitlements struct {
	Items []agreementEntitlement `json:"agreementEntitlements,omitempty"`
	Next  *string                `json:"nextToken,omitempty"`
}

type agreementEntitlement struct {
	Resource          resource `json:"resource"`
	Type              string   `json:"type"`
	Status            string   `json:"status"`
	StatusReasonCode  string   `json:"statusReasonCode,omitempty"`
	LicenseARN        string   `json:"licenseArn"`
	RegistrationToken string   `json:"registrationToken,omitempty"` // while the agreement is active
}

// statusReasons are why a licence is not provisioned.
var statusReasons = map[world.LicenseStatus]string{
	world.ScheduledLicense: "FUTURE_START_DATE",
	world.Provisioning:     "PROVISIONING_IN_PROGRESS",
	world.FailedLicense:    "INVALID_PAYMENT_INSTRUMENT",
	world.Deprovisioned:    "AGREEMENT_INACTIVE",
}

// getAgreementEntitlements performs GetAgreementEntitlements, for the buyer. Every call makes a fresh registration
// token, with which the buyer's program can set up an account as the buyer's browser does.
func (s *service) getAgreementEntitlements(_ context.Context, c *wire.Call) (wire.Answer, error) {
	var in struct {
		AgreementID *string `json:"agreementId"`
		MaxResults  *int64  `json:"maxResults"`
		NextToken   *string `json:"nextToken"`
	}
	if err := wire.Decode(c, &in); err != nil {
		return wire.Answer{}, err
	}
	a, err := s.bought(c, in.AgreementID)
	if err != nil {
		return wire.Answer{}, err
	}
	t, err := paging{in.MaxResults, in.NextToken}.turn(c, a.AgreementID)
	if err != nil {
		return wire.Answer{}, err
	}
	e := agreementEntitlement{Resource: productOf(a), Type: entitlementType, Status: string(a.License.Status),
		StatusReasonCode: statusReasons[a.License.Status], LicenseARN: a.License.ARN}
	items, next := page.Cut([]agreementEntitlement{e}, func(e agreementEntitlement) page.Key { return page.Key{ID: e.LicenseARN} }, false, t)
	for i := range items {
		token, err := s.world.MintAPIToken(c.At, a.AgreementID)
		if fail.Is(err, fail.Conflict) {
			break // it has ended: there is nothing to set up
		}
		if err != nil {
			return wire.Answer{}, err
		}
		items[i].RegistrationToken = token.Text
	}
	return wire.Encode(c, agreementEntitlements{items, next})
}
