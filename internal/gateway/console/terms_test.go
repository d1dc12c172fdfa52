package console

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"souk.dev/souk/internal/gateway/agreement"
)

// everyTerm is one of each kind of term, as AWS writes them.
func everyTerm() []agreement.Term {
	term := func(name, content string) agreement.Term {
		return agreement.Term{Name: name, Content: json.RawMessage(content)}
	}
	return []agreement.Term{
		term("legalTerm", `{"documents":[{"type":"StandardEula","url":"https://d7umqicpi7263.cloudfront.net/eula","version":"2022-07-14"},{"type":"CustomEula","url":"http://plain.example/eula"}]}`),
		term("supportTerm", `{"refundPolicy":"Within 48 hours, all of it.\nLater, what is not used."}`),
		term("validityTerm", `{"agreementDuration":"P12M","agreementStartDate":"2026-09-01T00:00:00Z","agreementEndDate":"2027-08-31T23:59:59.999Z"}`),
		term("renewalTerm", `{"configuration":{"enableAutoRenew":false}}`),
		term("usageBasedPricingTerm", `{"currencyCode":"USD","rateCards":[{"rateCard":[{"dimensionKey":"pages","price":"0.02"},{"dimensionKey":"storage_gb","price":"1.5"}]}]}`),
		term("configurableUpfrontPricingTerm", `{"currencyCode":"USD","rateCards":[{"selector":{"type":"Duration","value":"P1M"},"rateCard":[{"dimensionKey":"seats","price":"12"}]}],"configuration":{"selectorValue":"P1M","dimensions":[{"dimensionKey":"seats","dimensionValue":1200}]}}`),
		term("fixedUpfrontPricingTerm", `{"currencyCode":"USD","price":"6000.00","duration":"P1Y","grants":[{"dimensionKey":"seats","maxQuantity":50},{"dimensionKey":"pages"}]}`),
		term("paymentScheduleTerm", `{"currencyCode":"USD","schedule":[{"chargeDate":"2026-12-01T00:00:00Z","chargeAmount":"3000.00"}]}`),
		term("recurringPaymentTerm", `{"currencyCode":"USD","billingPeriod":"Monthly","price":"49.00"}`),
		term("freeTrialPricingTerm", `{"duration":"P14D","grants":[{"dimensionKey":"pages","maxQuantity":100}]}`),
		term("variablePaymentTerm", `{"currencyCode":"USD","maxTotalChargeAmount":"9000.00"}`),
		term("netPaymentTerm", `{"duePeriod":"P30D"}`),
		term("somethingNewTerm", `["of another form"]`),
	}
}

func evilTerms(t *testing.T) []agreement.Term {
	t.Helper()
	text, err := json.Marshal(map[string]any{"currencyCode": evil, "price": evil, "duration": evil, "rateCards": []any{map[string]any{"rateCard": []any{map[string]any{"dimensionKey": evil, "price": evil}}}},
		"refundPolicy": evil, "documents": []any{map[string]any{"type": evil, "url": "javascript:alert(1)", "version": evil}}})
	if err != nil {
		t.Fatal(err)
	}
	return []agreement.Term{{Name: evil, Content: text}, {Name: "usageBasedPricingTerm", Content: json.RawMessage(`"<script>alert(1)</script>"`)}}
}

func TestTermsInWords(t *testing.T) {
	want := []string{
		"Legal: Standard eula=2022-07-14 (https://d7umqicpi7263.cloudfront.net/eula); Custom eula=the document",
		"Refund policy: The buyer reads=Within 48 hours, all of it.\nLater, what is not used.",
		"How long it runs: For=12 months; From=1 Sep 2026; Until=31 Aug 2027",
		"Renewal: By itself=No: the buyer or you opted out",
		"Pay as you go: Pages typeset=$0.02 a unit; Storage=$1.50 a unit",
		"Bought in advance: For=1 month; Seats=1,200 bought; Seats=$12.00 a unit for 1 month",
		"Fixed price: Price=$6,000.00; For=1 year; Seats=up to 50; Pages typeset=without bound",
		"Payments: 1 Dec 2026=$3,000.00",
		"Flat price: Price=$49.00, monthly",
		"Free trial: For=14 days; Pages typeset=up to 100",
		"Payments on request: At most, of all together=$9,000.00",
		`When invoices are due: {"duePeriod":"P30D"}`,
		`Something new: ["of another form"]`,
	}
	for i, term := range everyTerm() {
		row := termInWords(term, catalogue[0])
		var facts []string
		for _, f := range row.Facts {
			says := f.Label + "=" + f.Says
			if f.Href != "" {
				says += " (" + f.Href + ")"
			}
			facts = append(facts, says)
		}
		if got := fmt.Sprintf("%s: %s%s", row.Name, strings.Join(facts, "; "), row.Raw); got != want[i] {
			t.Errorf("got  %s\nwant %s", got, want[i])
		}
	}
}
