package awsapi

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
)

// Terms come as AWS names them, unions among them, from all pages.
func TestTermsOfAnAgreement(t *testing.T) {
	pages := 0
	status := 200
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer cbor.Map
		switch {
		case strings.HasSuffix(r.URL.Path, "/DescribeAgreement"):
			answer = cbor.Map{"agreementId": cbor.String("agmt-1"), "estimatedCharges": cbor.Map{"agreementValue": cbor.String("6000.00"), "currencyCode": cbor.String("USD")}}
		case pages == 0:
			pages++
			answer = cbor.Map{"nextToken": cbor.String("second"), "acceptedTerms": cbor.List{
				cbor.Map{"usageBasedPricingTerm": cbor.Map{"currencyCode": cbor.String("USD"), "rateCards": cbor.List{cbor.Map{"rateCard": cbor.List{
					cbor.Map{"dimensionKey": cbor.String("pages"), "price": cbor.String("0.02")}}}}}}}}
		default:
			answer = cbor.Map{"acceptedTerms": cbor.List{
				cbor.Map{"renewalTerm": cbor.Map{"configuration": cbor.Map{"enableAutoRenew": cbor.Bool(true)}, "priceIncrease": cbor.Map{"fixedPercentage": cbor.Map{"value": cbor.String("5.00")}}}},
				cbor.Map{"freeTrialPricingTerm": cbor.Map{"duration": cbor.String("P7D")}}}}
		}
		if status != 200 {
			answer = cbor.Map{"__type": cbor.String("ResourceNotFoundException")}
		}
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		w.Header().Set("Content-Type", "application/cbor")
		w.WriteHeader(status)
		_, _ = w.Write(cbor.Encode(answer))
	}))
	defer srv.Close()
	cfg, err := Load(t.Context(), Settings{Endpoint: srv.URL, AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	agreements := NewAgreements(cfg)
	got, err := agreements.Terms(t.Context(), "agmt-1")
	want := agreement.Terms{Value: "6000.00", CurrencyCode: "USD", Accepted: []agreement.Term{
		{Name: "usageBasedPricingTerm", Content: []byte(`{"currencyCode":"USD","rateCards":[{"rateCard":[{"dimensionKey":"pages","price":"0.02"}]}]}`)},
		{Name: "renewalTerm", Content: []byte(`{"configuration":{"enableAutoRenew":true},"priceIncrease":{"fixedPercentage":{"value":"5.00"}}}`)},
		{Name: "freeTrialPricingTerm", Content: []byte(`{"duration":"P7D"}`)}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s\n%v", got.Accepted, want.Accepted, err)
	}
	status = 400
	if _, err := agreements.Terms(t.Context(), "agmt-1"); !fail.Is(err, fail.NotFound) {
		t.Errorf("of one that AWS does not know: %v", err)
	}
}
