package agreement

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/world"
)

// query is a search: "Name=value" filters beside the agreement's type, and what follows them in the request.
func query(side string, more string, filters ...string) string {
	all := []filter{}
	for _, f := range append([]string{byPartyType + "=" + side, byAgreementType + "=PurchaseAgreement"}, filters...) {
		name, value, _ := strings.Cut(f, "=")
		all = append(all, filter{&name, []string{value}})
	}
	text, err := json.Marshal(all)
	if err != nil {
		panic(err) // strings
	}
	return `{"filters":` + string(text) + more + `}`
}

// found names the agreements of an answer, in its order.
func (s *stand) found(account, body string) (ids []string, next string) {
	s.T.Helper()
	w := s.as(account, "SearchAgreements", body)
	var out struct {
		Items []struct {
			AgreementID string `json:"agreementId"`
		} `json:"agreementViewSummaries"`
		Next string `json:"nextToken"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != http.StatusOK {
		s.T.Fatalf("%s: %d %s %v", body, w.Code, w.Body, err)
	}
	for _, a := range out.Items {
		ids = append(ids, a.AgreementID)
	}
	return ids, out.Next
}

func TestSearchFilters(t *testing.T) {
	s := open(t)
	first := s.Buy(acme, inkwell)
	s.Pass(time.Hour)
	second := s.Buy(globex, inkwell)
	s.Pass(time.Hour)
	third := s.Buy(acme, classic)
	s.Pass(time.Hour)
	if _, err := s.World.Cancel(s.Clock.Now(), first.AgreementID); err != nil {
		t.Fatal(err)
	}
	const up = `,"sort":{"sortBy":"StartTime","sortOrder":"ASCENDING"}`
	at := func(d time.Duration) string { return noon.Add(d).Format(time.RFC3339) }
	for _, c := range []struct {
		account, side, more string
		filters             []string
		want                []world.Agreement
	}{
		{seller, proposer, up, nil, []world.Agreement{first, second, third}},
		{seller, proposer, `,"sort":{"sortBy":"StartTime"}`, nil, []world.Agreement{third, second, first}},
		{seller, proposer, `,"sort":{"sortBy":"LastUpdateTime","sortOrder":"ASCENDING"}`, nil, []world.Agreement{second, third, first}},
		{seller, proposer, `,"catalog":"AWSMarketplace","sort":{"sortBy":"StartTime","sortOrder":"ASCENDING"}`, []string{"ResourceIdentifier=" + third.ProductID}, []world.Agreement{third}},
		{seller, proposer, up, []string{"ResourceType=SaaSProduct", "AcceptorAccountId=" + acme}, []world.Agreement{first, third}},
		{seller, proposer, up, []string{"ResourceType=AmiProduct"}, nil},
		{seller, proposer, up, []string{"OfferId=" + first.OfferID}, []world.Agreement{first, second}},
		{seller, proposer, up, []string{"OfferSetId=offerset-x"}, nil},
		{seller, proposer, up, []string{"Status=CANCELLED"}, []world.Agreement{first}},
		{seller, proposer, up, []string{"InitialAgreementId=" + second.AgreementID}, []world.Agreement{second}},
		{seller, proposer, up, []string{"LicenseArn=" + third.License.ARN}, []world.Agreement{third}},
		{seller, proposer, up, []string{"EndTimeBehaviorType=RENEW"}, nil},
		{seller, proposer, up, []string{"AfterStartTime=" + at(0), "BeforeStartTime=" + at(2*time.Hour)}, []world.Agreement{second}},
		{seller, proposer, up, []string{"AfterLastUpdateTime=" + at(2*time.Hour)}, []world.Agreement{first}},
		{seller, proposer, up, []string{"BeforeEndTime=" + at(87600*time.Hour)}, nil},
		{seller, proposer, up, []string{"AfterEndTime=" + at(0)}, []world.Agreement{first, second, third}},
		{seller, acceptor, "", nil, nil},
		{acme, proposer, "", nil, nil},
		{globex, acceptor, "", nil, []world.Agreement{second}},
		{acme, acceptor, "", []string{"Status=ACTIVE", "OfferId=" + third.OfferID}, []world.Agreement{third}},
	} {
		want := []string{}
		for _, a := range c.want {
			want = append(want, a.AgreementID)
		}
		got, next := s.found(c.account, query(c.side, c.more, c.filters...))
		if fmt.Sprint(got) != fmt.Sprint(want) || next != "" {
			t.Errorf("%s %s %v %s: %v, want %v", c.account, c.side, c.filters, c.more, got, want)
		}
	}
}

func TestSearchRefuses(t *testing.T) {
	many := make([]string, 9)
	for i := range many {
		many[i] = "Status=ACTIVE"
	}
	for _, c := range []struct{ body, reason string }{
		{`{}`, "MISSING_PARTY_TYPE"},
		{`{"filters":[{"name":"PartyType","values":["Proposer"]}]}`, "INVALID_FILTERS"},
		{query("Bystander", ""), "INVALID_PARTY_TYPE"},
		{query(proposer, "", many...), "INVALID_FILTERS"},
		{query(proposer, "", "Status=ACTIVE", "Status=ACTIVE"), "INVALID_FILTERS"},
		{`{"filters":[{"values":["x"]}]}`, "MISSING_FILTER_NAME"},
		{query(proposer, "", "Colour=red"), "INVALID_FILTER_NAME"},
		{query(proposer, "", "BeforeColour=red"), "INVALID_FILTER_NAME"},
		{query(proposer, "", "EndTime=2026-11-10T00:00:00Z"), "INVALID_FILTER_NAME"},
		{`{"filters":[{"name":"Status"}]}`, "MISSING_FILTER_VALUES"},
		{`{"filters":[{"name":"Status","values":["ACTIVE","CANCELLED"]}]}`, "INVALID_FILTER_VALUES"},
		{query(proposer, "", "Status=BORED"), "INVALID_FILTER_VALUES"},
		{query(proposer, "", "OfferId="+strings.Repeat("x", 65)), "INVALID_FILTER_VALUES"},
		{query(proposer, "", "LicenseArn=l-1"), "INVALID_FILTER_VALUES"},
		{query(proposer, "", "BeforeEndTime=tomorrow"), "INVALID_FILTER_VALUES"},
		{`{"filters":[{"name":"AgreementType","values":["Marriage"]}]}`, "INVALID_AGREEMENT_TYPE"},
		{query(acceptor, "", "AcceptorAccountId="+acme), "UNSUPPORTED_FILTERS"},
		{query(acceptor, "", "ResourceType=SaaSProduct", "Status=ACTIVE"), "UNSUPPORTED_FILTERS"},
		{query(proposer, `,"catalog":"Elsewhere"`), "INVALID_CATALOG"},
		{query(proposer, `,"sort":{"sortBy":"Mood"}`), "INVALID_SORT_BY"},
		{query(acceptor, `,"sort":{"sortBy":"StartTime"}`), "INVALID_SORT_BY"},
		{query(proposer, `,"sort":{"sortOrder":"UP"}`), "INVALID_SORT_ORDER"},
		{query(proposer, `,"maxResults":0`), "INVALID_MAX_RESULTS"},
		{query(proposer, `,"maxResults":51`), "INVALID_MAX_RESULTS"},
		{query(proposer, `,"nextToken":"AAAA"`), "INVALID_NEXT_TOKEN"},
	} {
		s := open(t)
		if e := s.failure(s.as(acme, "SearchAgreements", c.body)); e.Type != contract.Validation || e.Reason != c.reason || len(e.Fields) != 1 {
			t.Errorf("%s: %+v; want %s", c.body, e, c.reason)
		}
	}
}

// Agreements that come while pages are turned neither hide nor repeat the others; a token goes on with no other search.
func TestSearchPages(t *testing.T) {
	s := open(t)
	want := map[string]int{}
	for range 7 {
		want[s.Buy(acme, inkwell).AgreementID] = 0
	}
	for _, order := range []string{"ASCENDING", "DESCENDING"} {
		more := `,"maxResults":3,"sort":{"sortOrder":"` + order + `"}`
		seen, token := map[string]int{}, ""
		for turned := 0; turned == 0 || token != ""; turned++ {
			next := more
			if token != "" {
				next += `,"nextToken":"` + token + `"`
			}
			var ids []string
			ids, token = s.found(seller, query(proposer, next))
			for _, id := range ids {
				seen[id]++
			}
			s.Buy(globex, inkwell)
		}
		for id := range want {
			if seen[id] != 1 {
				t.Errorf("%s: %s came %d times", order, id, seen[id])
			}
		}
	}
	_, token := s.found(seller, query(proposer, `,"maxResults":1`))
	if e := s.failure(s.as(seller, "SearchAgreements", query(proposer, `,"nextToken":"`+token+`"`, "Status=ACTIVE"))); e.Reason != "INVALID_NEXT_TOKEN" {
		t.Errorf("another search: %+v", e)
	}
}

// No request makes an operation fail in another way than AWS's.
func FuzzRequest(f *testing.F) {
	ops := slices.Sorted(maps.Keys(Service(nil).Ops))
	f.Add(uint8(slices.Index(ops, "SearchAgreements")), []byte(query(proposer, `,"maxResults":3,"sort":{"sortBy":"EndTime"},"nextToken":"AAAA"`, "Status=ACTIVE")), false)
	f.Add(uint8(slices.Index(ops, "DescribeAgreement")), []byte("\xa1\x6bagreementId\x66agmt-1"), true)
	s := open(f)
	s.Buy(acme, inkwell)
	f.Fuzz(func(t *testing.T, op uint8, body []byte, asCBOR bool) {
		s.T = t
		name := ops[int(op)%len(ops)]
		r := httptest.NewRequest(http.MethodPost, "/service/AWSMPCommerceService_v20200301/operation/"+name, strings.NewReader(string(body)))
		if asCBOR {
			r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		} else {
			r.Header.Set("X-Amz-Target", "AWSMPCommerceService_v20200301."+name)
		}
		w := s.Send(acme, r)
		if w.Code >= http.StatusInternalServerError || (w.Code == http.StatusOK) == (w.Header().Get("x-amzn-ErrorType") != "") {
			t.Fatalf("%s %q: %d %s", name, body, w.Code, w.Body)
		}
	})
}
