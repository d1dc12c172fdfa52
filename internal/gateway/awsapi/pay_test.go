package awsapi

import (
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/payment"
	"souk.dev/souk/internal/gateway/proposal"
)

var payRequest = payment.Request{AgreementID: "agmt-1", TermID: "term-1", Name: "Second stage", ChargeAmount: "40.50", Description: "x pay_1", ClientToken: "pay-1"}

// What AWS says of a request is taken over whole, and every failure says what can be done about it.
func TestRequestPaymentSaysWhatCanBeDone(t *testing.T) {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		answer cbor.Map
		want   proposal.Seen
		kind   fail.Kind
	}{
		{cbor.Map{"paymentRequestId": cbor.String("pr-1"), "status": cbor.String("VALIDATING"), "createdAt": &cbor.Tag{ID: 1, Value: cbor.Float64(at.Unix())}},
			proposal.Seen{ID: "pr-1", Status: proposal.Checking, CreatedAt: at, UpdatedAt: at}, 0},
		{cbor.Map{"status": cbor.String("PENDING_APPROVAL")}, proposal.Seen{}, fail.Later},
		{refusedAs("ValidationException"), proposal.Seen{}, fail.Invalid},
		{refusedAs("ResourceNotFoundException"), proposal.Seen{}, fail.NotFound},
		{refusedAs("ConflictException"), proposal.Seen{}, fail.Conflict},
		{refusedAs("ThrottlingException"), proposal.Seen{}, fail.Later},
		{refusedAs("AccessDeniedException"), proposal.Seen{}, fail.Denied},
	} {
		got, err := cancelling(t, map[string]cbor.Map{"SendAgreementPaymentRequest": c.answer}).RequestPayment(t.Context(), payRequest)
		if got != c.want || (err == nil) != (c.want.ID != "") || err != nil && fail.KindOf(err) != c.kind {
			t.Errorf("%v: %+v, %v; want %+v, %s", c.answer, got, err, c.want, c.kind)
		}
	}
	for code, kind := range map[string]fail.Kind{"ConflictException": fail.Conflict, "ResourceNotFoundException": fail.NotFound, "ThrottlingException": fail.Later} {
		err := cancelling(t, map[string]cbor.Map{"CancelAgreementPaymentRequest": refusedAs(code)}).WithdrawPayment(t.Context(), "agmt-1", "pr-1")
		if err == nil || fail.KindOf(err) != kind {
			t.Errorf("withdrawn, %s: %v, want %s", code, err, kind)
		}
	}
}

// A request is found again by its name and its description; those of another name are not looked at.
func TestFindPayment(t *testing.T) {
	listed := func(name string) cbor.Map {
		return cbor.Map{"items": cbor.List{cbor.Map{"paymentRequestId": cbor.String("pr-1"), "name": cbor.String(name)}}}
	}
	got := func(description string) cbor.Map {
		return cbor.Map{"paymentRequestId": cbor.String("pr-1"), "status": cbor.String("APPROVED"), "chargeId": cbor.String("ch-1"), "description": cbor.String(description)}
	}
	a := cancelling(t, map[string]cbor.Map{"ListAgreementPaymentRequests": listed(payRequest.Name), "GetAgreementPaymentRequest": got(payRequest.Description)})
	want := proposal.Seen{ID: "pr-1", Status: proposal.Approved, ChargeID: "ch-1"}
	if found, ok, err := a.FindPayment(t.Context(), payRequest); err != nil || !ok || found != want {
		t.Errorf("%+v, %v, %v; want %+v", found, ok, err, want)
	}
	a = cancelling(t, map[string]cbor.Map{"ListAgreementPaymentRequests": listed(payRequest.Name), "GetAgreementPaymentRequest": got("of somebody else")})
	if found, ok, err := a.FindPayment(t.Context(), payRequest); err != nil || ok {
		t.Errorf("another's: %+v, %v, %v", found, ok, err)
	}
	a = cancelling(t, map[string]cbor.Map{"ListAgreementPaymentRequests": listed("Third stage")})
	if found, ok, err := a.FindPayment(t.Context(), payRequest); err != nil || ok {
		t.Errorf("of another name: %+v, %v, %v", found, ok, err)
	}
	a = cancelling(t, map[string]cbor.Map{"ListAgreementPaymentRequests": refusedAs("AccessDeniedException")})
	if _, ok, err := a.FindPayment(t.Context(), payRequest); ok || !fail.Is(err, fail.Denied) {
		t.Errorf("not allowed to look: %v, %v", ok, err)
	}
}
