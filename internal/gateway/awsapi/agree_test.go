package awsapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
)

// Agreements are listed page by page, each with all that AWS says of it.
func TestSearchAgreements(t *testing.T) {
	start := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	at := func(t time.Time) cbor.Value { return &cbor.Tag{ID: 1, Value: cbor.Float64(t.Unix())} }
	summary := func(id, arn string) cbor.Map {
		return cbor.Map{"agreementId": cbor.String(id), "status": cbor.String("ACTIVE"), "startTime": at(start), "lastUpdateTime": at(start.Add(time.Hour)),
			"acceptor": cbor.Map{"accountId": cbor.String("111122223333")}, "initialAgreementId": cbor.String("agmt-1"), "acceptanceTime": at(start.Add(-time.Hour)), "endTime": at(start.Add(2 * time.Hour)),
			"endTimeBehaviorType": cbor.String("EXPIRE"), "endTimeBehaviorReasonCode": cbor.String("NO_RENEWAL_TERM"),
			"proposalSummary": cbor.Map{"offerId": cbor.String("offer-1"), "resources": cbor.List{cbor.Map{"id": cbor.String("prod-1"), "type": cbor.String("SaaSProduct")}}},
			"entitlements":    cbor.List{cbor.Map{"licenseArn": cbor.String(arn)}, cbor.Map{"licenseArn": cbor.String("arn:0")}}}
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
	page, next, err := agreements.Search(t.Context(), agreement.Search{Customer: "111122223333", Since: start})
	one := agreement.Agreement{ID: "agmt-1", Status: agreement.Active, Customer: "111122223333", Offer: "offer-1", ProductID: "prod-1", Initial: "agmt-1", Licenses: []core.LicenseARN{"arn:0", "arn:1"},
		AcceptedAt: start.Add(-time.Hour), StartsAt: start, EndsAt: start.Add(2 * time.Hour), UpdatedAt: start.Add(time.Hour), AtEnd: "EXPIRE", AtEndWhy: "NO_RENEWAL_TERM"}
	if err != nil || len(page) != 2 || !reflect.DeepEqual(page[0], one) || next != "second" {
		t.Errorf("%+v, %q, %v", page, next, err)
	}
	if page, next, err = agreements.Search(t.Context(), agreement.Search{Token: next}); err != nil || len(page) != 2 || page[1].ID != "agmt-4" || next != "" {
		t.Errorf("%+v, %q, %v", page, next, err)
	}
	for _, said := range []string{"Proposer", "PurchaseAgreement", "AcceptorAccountId", "111122223333", "AfterLastUpdateTime", "2026-11-01T12:00:00Z"} {
		if !strings.Contains(requests[0], said) {
			t.Errorf("it was not asked for %s: %q", said, requests[0])
		}
	}
	status = 400
	if _, err := agreements.Describe(t.Context(), "agmt-1"); !fail.Is(err, fail.Denied) {
		t.Errorf("without permission: %v", err)
	}
}
