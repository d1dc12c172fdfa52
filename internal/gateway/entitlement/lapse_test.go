package entitlement_test

import (
	"errors"
	"testing"
	"time"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
)

// legacySeats is a customer of the older generation with ten seats.
func legacySeats(t *testing.T, pricing core.Pricing) (s *shop, id core.LicenseID, asked entitlement.Subject) {
	t.Helper()
	s = newShop(t, core.Product{Code: "p", Pricing: pricing, Legacy: new(true), Entitled: []core.Measure{{Key: "seats"}}})
	asked = entitlement.Subject{ProductCode: "p", CustomerIdentifier: "X01"}
	s.aws.has[asked] = []entitlement.Entitlement{{Dimension: "seats", Value: entitlement.Integer(10)}}
	id = s.told("n1", license.Activated, license.Ref{ProductCode: "p", CustomerIdentifier: "X01"})
	s.until(noon.Add(time.Minute))
	s.want(id, "seats", 10, entitlement.Entitled)
	return s, id, asked
}

func (s *shop) state(id core.LicenseID) license.State {
	l, _ := s.book.ByID(id)
	return l.Standing.State
}

// Of a legacy contract, AWS's list alone tells that it is over: not at once, for it may lag, and not for ever, for it may
// have been wrong.
func TestALegacyContractLapses(t *testing.T) {
	s, id, asked := legacySeats(t, core.Contract)
	s.aws.has[asked] = nil
	s.told("n2", "", license.Ref{ProductCode: "p", CustomerIdentifier: "X01"})
	s.until(noon.Add(20 * time.Minute))
	if got := s.state(id); got != license.Active {
		t.Fatalf("after twenty minutes without anything listed it is %s", got)
	}
	s.start() // a new process knows as much
	s.until(noon.Add(3 * time.Hour))
	if got := s.state(id); got != license.Ended {
		t.Fatalf("after three hours it is %s", got)
	}
	s.want(id, "", 1, entitlement.NoAccess)
	calls := len(s.aws.asked)
	s.until(noon.Add(30 * 24 * time.Hour))
	if more := len(s.aws.asked) - calls; more > 1 {
		t.Errorf("AWS was asked %d times about a customer who is gone", more)
	}
	s.aws.has[asked] = []entitlement.Entitlement{{Dimension: "seats", Value: entitlement.Integer(10)}}
	s.told("n3", "", license.Ref{ProductCode: "p", CustomerIdentifier: "X01"})
	s.until(s.clk.Now().Add(time.Minute))
	if got := s.state(id); got != license.Active {
		t.Errorf("listed again, it is %s", got)
	}
	s.want(id, "seats", 10, entitlement.Entitled)
}

// What is past its date has ended like what is not listed.
func TestALegacyContractLapsesAtItsDate(t *testing.T) {
	s, id, asked := legacySeats(t, core.Contract)
	s.aws.has[asked] = []entitlement.Entitlement{{Dimension: "seats", Value: entitlement.Integer(10), ExpiresAt: noon.Add(2 * time.Hour)}}
	s.until(noon.Add(2*time.Hour + 20*time.Minute))
	if got := s.state(id); got != license.Active {
		t.Errorf("twenty minutes after its date it is %s", got)
	}
	s.until(noon.Add(5 * time.Hour))
	if got := s.state(id); got != license.Ended {
		t.Errorf("hours after its date it is %s", got)
	}
}

func TestWhatIsNoLapse(t *testing.T) {
	t.Run("metered too", func(t *testing.T) { // it is told unsubscribe-pending
		s, id, asked := legacySeats(t, core.ContractWithConsumption)
		s.aws.has[asked] = nil
		s.until(noon.Add(24 * time.Hour))
		if got := s.state(id); got != license.Active {
			t.Errorf("it is %s", got)
		}
	})
	t.Run("AWS is away", func(t *testing.T) {
		s, id, _ := legacySeats(t, core.Contract)
		s.aws.down = errors.New("away")
		s.until(noon.Add(24 * time.Hour))
		if got := s.state(id); got != license.Active {
			t.Errorf("it is %s", got)
		}
	})
	t.Run("nothing was ever listed", func(t *testing.T) {
		s := newShop(t, core.Product{Code: "p", Pricing: core.Contract, Legacy: new(true)})
		id := s.told("n1", license.Activated, license.Ref{ProductCode: "p", CustomerIdentifier: "X01"})
		s.until(noon.Add(24 * time.Hour))
		if got := s.state(id); got != license.Active {
			t.Errorf("it is %s", got)
		}
	})
	t.Run("by license", func(t *testing.T) { // it is told License Deprovisioned
		s := newShop(t, core.Product{Code: "p", Pricing: core.Contract})
		s.aws.has[entitlement.Subject{ProductCode: "p", ARN: arn}] = []entitlement.Entitlement{{Dimension: "seats", Value: entitlement.Integer(10)}}
		id := s.buy()
		s.until(noon.Add(time.Minute))
		s.aws.has = nil
		s.until(noon.Add(24 * time.Hour))
		if got := s.state(id); got != license.Active {
			t.Errorf("it is %s", got)
		}
	})
}
