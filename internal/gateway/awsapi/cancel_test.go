package awsapi

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/cancellation"
	"souk.dev/souk/internal/gateway/proposal"
)

// cancelling is an AWS that answers each operation as it is told.
func cancelling(t *testing.T, answers map[string]cbor.Map) *Agreements {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]
		if !ok {
			t.Errorf("nobody expects %s", r.URL.Path)
		}
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		w.Header().Set("Content-Type", "application/cbor")
		if _, failed := answer["__type"]; failed {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write(cbor.Encode(answer))
	}))
	t.Cleanup(srv.Close)
	cfg, err := Load(t.Context(), Settings{Endpoint: srv.URL, AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return NewAgreements(cfg)
}

func refusedAs(code string) cbor.Map { return cbor.Map{"__type": cbor.String(code)} }

var cancelRequest = cancellation.Request{AgreementID: "agmt-1", ReasonCode: "OTHER", Description: "x can_1", ClientToken: "can-1"}

// What AWS says of a request is taken over whole, and every failure says what can be done about it.
func TestRequestCancellationSaysWhatCanBeDone(t *testing.T) {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		answer cbor.Map
		want   proposal.Seen
		kind   fail.Kind
	}{
		{cbor.Map{"agreementCancellationRequestId": cbor.String("acr-1"), "status": cbor.String("PENDING_APPROVAL"), "createdAt": &cbor.Tag{ID: 1, Value: cbor.Float64(at.Unix())},
			"updatedAt": &cbor.Tag{ID: 1, Value: cbor.Float64(at.Unix())}}, proposal.Seen{ID: "acr-1", Status: proposal.PendingApproval, CreatedAt: at, UpdatedAt: at}, 0},
		{cbor.Map{"status": cbor.String("PENDING_APPROVAL")}, proposal.Seen{}, fail.Later},
		{refusedAs("ValidationException"), proposal.Seen{}, fail.Invalid},
		{refusedAs("ResourceNotFoundException"), proposal.Seen{}, fail.NotFound},
		{refusedAs("ConflictException"), proposal.Seen{}, fail.Conflict},
		{refusedAs("ThrottlingException"), proposal.Seen{}, fail.Later},
		{refusedAs("AccessDeniedException"), proposal.Seen{}, fail.Denied},
	} {
		got, err := cancelling(t, map[string]cbor.Map{"SendAgreementCancellationRequest": c.answer}).RequestCancellation(t.Context(), cancelRequest)
		if got != c.want || (err == nil) != (c.want.ID != "") || err != nil && fail.KindOf(err) != c.kind {
			t.Errorf("%v: %+v, %v; want %+v, %s", c.answer, got, err, c.want, c.kind)
		}
	}
	for code, kind := range map[string]fail.Kind{"ConflictException": fail.Conflict, "ResourceNotFoundException": fail.NotFound, "ThrottlingException": fail.Later} {
		err := cancelling(t, map[string]cbor.Map{"CancelAgreementCancellationRequest": refusedAs(code)}).WithdrawCancellation(t.Context(), "agmt-1", "acr-1", "No.")
		if err == nil || fail.KindOf(err) != kind {
			t.Errorf("withdrawn, %s: %v, want %s", code, err, kind)
		}
	}
}

// A request is found again by its description, among others of the same agreement.
func TestFindCancellation(t *testing.T) {
	list := cbor.Map{"items": cbor.List{cbor.Map{"agreementCancellationRequestId": cbor.String("acr-1")}}}
	got := func(description string) cbor.Map {
		return cbor.Map{"agreementCancellationRequestId": cbor.String("acr-1"), "status": cbor.String("REJECTED"), "statusMessage": cbor.String("No."), "description": cbor.String(description)}
	}
	a := cancelling(t, map[string]cbor.Map{"ListAgreementCancellationRequests": list, "GetAgreementCancellationRequest": got(cancelRequest.Description)})
	want := proposal.Seen{ID: "acr-1", Status: proposal.Refusal, Message: "No."}
	if found, ok, err := a.FindCancellation(t.Context(), cancelRequest); err != nil || !ok || !reflect.DeepEqual(found, want) {
		t.Errorf("%+v, %v, %v; want %+v", found, ok, err, want)
	}
	a = cancelling(t, map[string]cbor.Map{"ListAgreementCancellationRequests": list, "GetAgreementCancellationRequest": got("of somebody else")})
	if found, ok, err := a.FindCancellation(t.Context(), cancelRequest); err != nil || ok {
		t.Errorf("another's: %+v, %v, %v", found, ok, err)
	}
	a = cancelling(t, map[string]cbor.Map{"ListAgreementCancellationRequests": refusedAs("AccessDeniedException")})
	if _, ok, err := a.FindCancellation(t.Context(), cancelRequest); ok || !fail.Is(err, fail.Denied) {
		t.Errorf("not allowed to look: %v, %v", ok, err)
	}
}
