package world

import (
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
)

// An advisory is told, resolved and told again, and changes nothing of what the buyer has.
func TestAdvisories(t *testing.T) {
	m := open(t, nil)
	a := m.buy(inkwell)
	m.pass(time.Hour)
	m.told = nil
	if _, err := m.ResolveAdvisory(m.now, a.AgreementID); !fail.Is(err, fail.Conflict) {
		t.Errorf("resolved what was not issued: %v", err)
	}
	for range 2 {
		after, err := m.Advise(m.now, a.AgreementID)
		if err != nil || after.Status != Active || after.License.Status != Provisioned {
			t.Fatalf("%+v, %v", after, err)
		}
		if _, err := m.Advise(m.now, a.AgreementID); !fail.Is(err, fail.Conflict) {
			t.Errorf("issued twice: %v", err)
		}
		if _, err := m.ResolveAdvisory(m.now, a.AgreementID); err != nil {
			t.Fatal(err)
		}
	}
	if len(m.told) != 4 {
		t.Fatalf("told %+v", m.told)
	}
	if _, ok := m.told[2].(AdvisoryIssued); !ok || m.told[2].Subject().AgreementID != a.AgreementID {
		t.Errorf("told %T", m.told[2])
	}
	m.told = nil
	old := m.buy(classic)
	m.pass(time.Hour)
	before := len(m.told)
	if _, err := m.Advise(m.now, old.AgreementID); err != nil || len(m.told) != before {
		t.Errorf("a topic told of it: %+v, %v", m.told[before:], err)
	}
	if _, err := m.Cancel(m.now, a.AgreementID); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Advise(m.now, a.AgreementID); !fail.Is(err, fail.Conflict) {
		t.Errorf("after the end: %v", err)
	}
}
