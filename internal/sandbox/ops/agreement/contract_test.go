package agreement

import (
	"encoding/json"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/ops/opstest"
	"souk.dev/souk/internal/sandbox/world"
)

// What a contract's description and terms say, to the byte: of quantities that renew themselves, and of a tier that
// does not.
func TestContractsToTheByte(t *testing.T) {
	s := open(t)
	for name, a := range map[string]world.Agreement{
		"contract": s.Buy(acme, teams, world.Terms{Quantities: map[string]int64{"seats": 50}, Duration: "P12M", AutoRenew: true}),
		"tier":     s.Buy(acme, press, world.Terms{Quantities: map[string]int64{"platen": 1}, Duration: "P1M"}),
	} {
		opstest.Golden(t, name+"-describe", s.as(seller, "DescribeAgreement", about(a)))
		opstest.Golden(t, name+"-terms", s.as(acme, "GetAgreementTerms", about(a)))
	}
}

// Contracts end, renew and are amended; the answers follow.
func TestContractsOverTime(t *testing.T) {
	s := open(t)
	renews := s.Buy(acme, teams, world.Terms{Quantities: map[string]int64{"seats": 1}, Duration: "P1M", AutoRenew: true})
	ends := s.Buy(acme, press, world.Terms{Quantities: map[string]int64{"platen": 1}, Duration: "P1M"})
	if e := s.failure(s.as(acme, "CancelAgreement", about(ends))); e.Type != contract.Validation || e.Reason != "UNSUPPORTED_ACTION" {
		t.Errorf("cancelling a contract: %+v", e)
	}
	for filter, want := range map[string]world.Agreement{"EndTimeBehaviorType=RENEW": renews, "EndTimeBehaviorType=EXPIRE": ends, "EndTimeBehaviorReasonCode=ACCEPTOR_RENEW_OPTED_OUT": ends} {
		if got, _ := s.found(seller, query(proposer, "", filter)); len(got) != 1 || got[0] != want.AgreementID {
			t.Errorf("%s: %v, want %s", filter, got, want.AgreementID)
		}
	}
	before := "BeforeEndTime=" + noon.AddDate(0, 1, 1).Format(time.RFC3339)
	if got, _ := s.found(acme, query(acceptor, "", before, "AfterEndTime="+noon.Format(time.RFC3339), "Status=ACTIVE")); len(got) != 2 {
		t.Errorf("%s: %v", before, got)
	}

	s.Pass(10 * 24 * time.Hour)
	if _, err := s.World.Amend(s.Clock.Now(), renews.AgreementID, world.Amendment{Quantities: map[string]int64{"seats": 3}}); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.found(seller, query(proposer, `,"sort":{"sortBy":"LastUpdateTime"}`)); len(got) != 2 || got[0] != renews.AgreementID {
		t.Errorf("the one that was amended last comes first: %v", got)
	}
	var d struct {
		Charges estimatedCharges `json:"estimatedCharges"`
	}
	w := s.as(seller, "DescribeAgreement", about(renews))
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || d.Charges.AgreementValue != "28.00" { // 12, and two more for 20 of 30 days
		t.Errorf("worth %s after the amendment, %v", d.Charges.AgreementValue, err)
	}

	s.Pass(25 * 24 * time.Hour)
	for id, want := range map[string]string{renews.AgreementID: "RENEWED", ends.AgreementID: "EXPIRED"} {
		if got, _ := s.found(seller, query(proposer, "", "Status="+want)); len(got) != 1 || got[0] != id {
			t.Errorf("%s: %v, want %s", want, got, id)
		}
	}
	if got, _ := s.found(seller, query(proposer, "", "InitialAgreementId="+renews.AgreementID)); len(got) != 2 {
		t.Errorf("the chain has %v; want the first and its renewal", got)
	}
}
