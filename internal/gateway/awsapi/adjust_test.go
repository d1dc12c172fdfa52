package awsapi

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/correction"
)

// Only what AWS says of our own client token counts, and only what is surely final ends an adjustment.
func TestAdjustSaysWhatCanBeDone(t *testing.T) {
	said := func(code, token string) cbor.Map {
		return cbor.Map{"items": cbor.List{}, "errors": cbor.List{cbor.Map{"code": cbor.String(code), "message": cbor.String("No."), "clientToken": cbor.String(token)}}}
	}
	made := func(token string) cbor.Map {
		return cbor.Map{"errors": cbor.List{}, "items": cbor.List{cbor.Map{"billingAdjustmentRequestId": cbor.String("ba-1"), "clientToken": cbor.String(token)}}}
	}
	for _, c := range []struct {
		answer cbor.Map
		status int
		id     string
		kind   fail.Kind
	}{
		{made("cor-1"), 200, "ba-1", 0},
		{made("cor-2"), 200, "", fail.Later},
		{said("VALIDATION_EXCEPTION", "cor-1"), 200, "", fail.Invalid},
		{said("RESOURCE_NOT_FOUND_EXCEPTION", "cor-1"), 200, "", fail.NotFound},
		{said("CONFLICT_EXCEPTION", "cor-1"), 200, "", fail.Conflict},
		{said("INTERNAL_FAILURE", "cor-1"), 200, "", fail.Later},
		{said("VALIDATION_EXCEPTION", "cor-2"), 200, "", fail.Later},
		{cbor.Map{"__type": cbor.String("ValidationException")}, 400, "", fail.Invalid},
		{cbor.Map{"__type": cbor.String("ConflictException")}, 400, "", fail.Later},
		{cbor.Map{"__type": cbor.String("ThrottlingException")}, 400, "", fail.Later},
		{cbor.Map{"__type": cbor.String("AccessDeniedException")}, 400, "", fail.Denied},
		{cbor.Map{"__type": cbor.String("InternalServerException")}, 500, "", fail.Later},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
			w.Header().Set("Content-Type", "application/cbor")
			w.WriteHeader(c.status)
			_, _ = w.Write(cbor.Encode(c.answer))
		}))
		cfg, err := Load(t.Context(), Settings{Endpoint: srv.URL, AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		id, err := NewAgreements(cfg).Adjust(t.Context(), correction.Request{AgreementID: "agmt-1", InvoiceID: "1", Amount: "1", CurrencyCode: "USD", ReasonCode: "OTHER", ClientToken: "cor-1"})
		srv.Close()
		if id != c.id || (err == nil) != (c.id != "") || err != nil && fail.KindOf(err) != c.kind {
			t.Errorf("%v: %q, %v; want %q, %s", c.answer, id, err, c.id, c.kind)
		}
	}
}
