package awsapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/confirm"
)

// Of a buyer's agreements, on all pages, those with the license that was asked about.
func TestAgreementsOfALicense(t *testing.T) {
	start := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	at := func(t time.Time) cbor.Value { return &cbor.Tag{ID: 1, Value: cbor.Float64(t.Unix())} }
	summary := func(id, arn string) cbor.Map {
		return cbor.Map{"agreementId": cbor.String(id), "status": cbor.String("ACTIVE"), "startTime": at(start), "lastUpdateTime": at(start.Add(time.Hour)),
			"proposalSummary": cbor.Map{"offerId": cbor.String("offer-1")}, "entitlements": cbor.List{cbor.Map{"licenseArn": cbor.String(arn)}}}
	}
	status, requests := 200, []string{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests = append(requests, string(body))
		answer := cbor.Map{"agreementViewSummaries": cbor.List{summary("agmt-1", "arn:1"), summary("agmt-2", "arn:2")}, "nextToken": cbor.String("second")}
		if strings.Contains(string(body), "second") {
			answer = cbor.Map{"agreementViewSummaries": cbor.List{summary("agmt-3", "arn:1"), cbor.Map{"agreementId": cbor.String("agmt-4")}}}
		}
		if status != 200 {
			answer = cbor.Map{"__type": cbor.String("AccessDeniedException")}
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
	got, err := agreements.AgreementsOf(t.Context(), "111122223333", "arn:1")
	one := confirm.Agreement{ID: "agmt-1", Offer: "offer-1", Status: "ACTIVE", StartTime: start, UpdatedAt: start.Add(time.Hour)}
	three := one
	three.ID = "agmt-3"
	if err != nil || !slices.Equal(got, []confirm.Agreement{one, three}) || len(requests) != 2 {
		t.Errorf("%+v, %v, in %d requests", got, err, len(requests))
	}
	for _, said := range []string{"Proposer", "PurchaseAgreement", "AcceptorAccountId", "111122223333"} {
		if !strings.Contains(requests[0], said) {
			t.Errorf("it was not asked for %s: %q", said, requests[0])
		}
	}
	status = 400
	if _, err := agreements.AgreementsOf(t.Context(), "111122223333", "arn:1"); !fail.Is(err, fail.Denied) {
		t.Errorf("without permission: %v", err)
	}
}
