package world

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/profile"
)

// of is a record of a's first dimension.
func of(a Agreement, at time.Time) Usage {
	return Usage{Timestamp: at, Dimension: "pages", Quantity: 1, BuyerAccount: a.BuyerAccount, LicenseARN: a.License.ARN}
}

// meterOne sends one record, and tells its status, or the code with which the request was refused.
func (m *market) meterOne(u Usage) (answer, id string) {
	m.t.Helper()
	results, err := m.MeterBatch(m.now, Batch{Seller: seller, Region: "us-east-1", Usage: []Usage{u}})
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Code, ""
	}
	if err != nil {
		m.t.Fatal(err)
	}
	return results[0].Status, results[0].RecordID
}

// Each case says what one reading of AWS's documents answers, and what the other one does.
func TestReadingsOfTheMeteringAPI(t *testing.T) {
	month := time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		profile, value, usual, other string
		ask                          func(m *market, a Agreement) string
	}{
		"a record exactly 24 hours old": {"window-edge", "inclusive", contract.TimestampOutOfBounds, contract.Success, func(m *market, a Agreement) string {
			m.pass(48 * time.Hour)
			got, _ := m.meterOne(of(a, m.now.Add(-24*time.Hour)))
			return got
		}},
		"last month's record at exactly 06:00": {"window-edge", "inclusive", contract.TimestampOutOfBounds, contract.Success, func(m *market, a Agreement) string {
			m.pass(month.Sub(m.now))
			got, _ := m.meterOne(of(a, month.Add(-7*time.Hour)))
			return got
		}},
		"an account of 11 digits": {"account-digits", "twelve", contract.InvalidLicense, contract.Validation, func(m *market, a Agreement) string {
			u := of(a, m.now)
			u.BuyerAccount = "11112222333"
			got, _ := m.meterOne(u)
			return got
		}},
		"an unknown license and an old stamp": {"check-order", "times-first", contract.InvalidLicense, contract.TimestampOutOfBounds, func(m *market, a Agreement) string {
			u := of(a, m.now.Add(-48*time.Hour))
			u.LicenseARN += "x"
			got, _ := m.meterOne(u)
			return got
		}},
		"the id of a resend": {"resend-record-id", "another", "the same", "another", func(m *market, a Agreement) string {
			_, first := m.meterOne(of(a, m.now))
			status, again := m.meterOne(of(a, m.now))
			_, once := m.meterOne(of(a, m.now))
			switch {
			case status != contract.Success || again != once || again == "":
				return "neither"
			case first == again:
				return "the same"
			}
			return "another"
		}},
		"an older token": {"token-renewal", "replace", "resolved", contract.ExpiredToken, func(m *market, a Agreement) string {
			old, err := m.MintToken(m.now, a.AgreementID)
			if err != nil {
				return err.Error()
			}
			if _, err := m.MintToken(m.now, a.AgreementID); err != nil {
				return err.Error()
			}
			_, err = m.ResolveToken(m.now, seller, old.Text)
			if r, ok := errors.AsType[*Refusal](err); ok {
				return r.Code
			}
			return "resolved"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for value, want := range map[string]string{profile.Defaults().Get(profile.Name(c.profile)): c.usual, c.value: c.other} {
				m := open(t, map[string]string{c.profile: value})
				a := m.buy(inkwell)
				m.pass(10 * time.Minute)
				if got := c.ask(m, a); got != want {
					t.Errorf("%s %s: %s, want %s", c.profile, value, got, want)
				}
			}
		})
	}
}

// What the seller is told, and when, as the readings of the notices have it.
func TestReadingsOfTheNotices(t *testing.T) {
	for _, c := range []struct{ product, profile, value, want string }{
		{inkwell, "deprovision-delay", "2m", "Created@11s Updated@1m12s Ended@2h0m0s Deprovisioned@2h2m0s"},
		{inkwell, "deprovision-delay", "0s", "Created@11s Updated@1m12s Ended@2h0m0s Deprovisioned@2h0m0s"},
		{inkwell, "payg-license-updated", "never", "Created@11s Ended@2h0m0s Deprovisioned@2h0m31s"},
		{"1nkwe11c1ass1cteamsabcdef", "legacy-contract-end", "entitlement-updated", "subscribe-success@1m12s entitlement-updated@1m12s entitlement-updated@2h0m0s"},
		{"1nkwe11c1ass1cteamsabcdef", "legacy-contract-end", "unsubscribe", "subscribe-success@1m12s entitlement-updated@1m12s unsubscribe-pending@2h0m0s entitlement-updated@2h0m0s unsubscribe-success@3h0m0s"},
	} {
		m := open(t, map[string]string{c.profile: c.value})
		var a Agreement
		if c.product == inkwell {
			a = m.buy(c.product)
		} else {
			a = m.sign(c.product, map[string]int64{"seats": 3}, "P12M", false)
		}
		m.pass(2 * time.Hour)
		if _, err := m.Cancel(m.now, a.AgreementID); err != nil {
			t.Fatal(err)
		}
		m.pass(3 * time.Hour)
		if got := m.kinds(); got != c.want {
			t.Errorf("%s %s:\n%s\nwant\n%s", c.profile, c.value, got, c.want)
		}
	}
}

func TestEndedNamesTheOfferWhereItShould(t *testing.T) {
	for value, want := range map[string]bool{"absent": false, "present": true} {
		m := open(t, map[string]string{"ended-offer": value})
		a := m.buy(inkwell)
		m.pass(time.Hour)
		if _, err := m.Cancel(m.now, a.AgreementID); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(m.told, func(n Notice) bool { _, ok := n.(AgreementEnded); return ok })
		if got := m.told[i].(AgreementEnded).TellsOffer; got != want {
			t.Errorf("%s: %v", value, got)
		}
	}
}

func TestEntitlementsOfAnEndedContractAreShownAsExpired(t *testing.T) {
	const teams = "1nkwe11teams00upfr0ntabcd"
	for value, want := range map[string]int{"absent": 0, "for-a-day": 1} {
		m := open(t, map[string]string{"expired-entitlements": value})
		a := m.sign(teams, map[string]int64{"seats": 3}, "P12M", false)
		m.pass(time.Hour)
		if _, err := m.Cancel(m.now, a.AgreementID); err != nil {
			t.Fatal(err)
		}
		m.pass(2 * time.Hour)
		got, err := m.Entitlements(teams, EntitlementFilter{Now: m.now})
		if err != nil || len(got) != want || (want > 0 && !got[0].ExpirationDate.Before(m.now)) {
			t.Errorf("%s: %+v, %v", value, got, err)
		}
		m.pass(24 * time.Hour)
		if got, _ := m.Entitlements(teams, EntitlementFilter{Now: m.now}); len(got) != 0 {
			t.Errorf("%s: the day after, %+v", value, got)
		}
	}
}

// Usage of a license that a renewal has left behind, a day after.
func TestUsageOfAnOlderLicenseLooksBack(t *testing.T) {
	const press = "1nkwe11press00t1eredabcde"
	for value, want := range map[string]string{"last-hour": contract.CustomerNotSubscribed, "look-back": contract.Success} {
		m := open(t, map[string]string{"successor-lookback": value, "renewal-license": "new"})
		p, err := m.Product(press)
		if err != nil {
			t.Fatal(err)
		}
		metered := p.Dimensions[slices.IndexFunc(p.Dimensions, func(d Dimension) bool { return d.Is(Metered) })].Key
		tier := p.Dimensions[slices.IndexFunc(p.Dimensions, func(d Dimension) bool { return d.Is(Entitled) })].Key
		a := m.sign(press, map[string]int64{tier: 1}, "P12M", false)
		m.pass(5 * time.Hour)
		if _, err := m.Renew(m.now, a.AgreementID); err != nil {
			t.Fatal(err)
		}
		used := m.now.Add(-2 * time.Hour)
		m.pass(20 * time.Hour)
		u := of(a, used)
		u.Dimension = metered
		if got, _ := m.meterOne(u); got != want {
			t.Errorf("%s: %s", value, got)
		}
		u.Timestamp = used.Add(3 * time.Hour) // beyond its end
		if got, _ := m.meterOne(u); got == contract.Success {
			t.Errorf("%s: usage stamped after its end: %s", value, got)
		}
	}
}

// The same seed chooses and draws the same; another, otherwise.
func TestShuffleIsRepeatable(t *testing.T) {
	play := func(seed uint64) string {
		m := open(t, nil)
		if err := m.ShuffleProfiles(m.now, seed, map[string]string{"token-life": "30m"}); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			m.buy(inkwell)
		}
		m.pass(time.Hour)
		var b strings.Builder
		for _, p := range profile.Behaviours() {
			b.WriteString(m.Profiles().Get(p.Name) + " ")
		}
		for _, n := range m.told {
			b.WriteString(n.Subject().ID + n.Subject().Travel.Held.String() + " ")
		}
		if m.Profiles().Get(profile.TokenLife) != "30m" || m.Shuffle() != seed {
			t.Errorf("what was named is %s; the seed is %d", m.Profiles().Get(profile.TokenLife), m.Shuffle())
		}
		if err := m.World.Reset(m.now); err != nil || m.Shuffle() != seed {
			t.Errorf("after a reset the seed is %d, %v", m.Shuffle(), err)
		}
		return b.String()
	}
	if first, again := play(7), play(7); first != again {
		t.Error("the same seed shuffled otherwise")
	}
	if play(7) == play(8) {
		t.Error("another seed shuffled the same")
	}
	if m := open(t, nil); m.Shuffle() != 0 || m.ShuffleProfiles(noon, 7, nil) != nil || m.ShuffleProfiles(noon, 0, nil) != nil ||
		strings.Join(slices.Sorted(mapValues(m.Profiles())), ",") != strings.Join(slices.Sorted(mapValues(profile.Defaults())), ",") {
		t.Error("a seed of 0 does not go back")
	}
}

func mapValues(s profile.Set) func(func(string) bool) {
	return func(yield func(string) bool) {
		for n, v := range s.Map() {
			if !yield(n + "=" + v) {
				return
			}
		}
	}
}

// Every value of every behaviour is drawn by some seed.
func TestShuffleLeavesNothingOut(t *testing.T) {
	drawn := map[string]bool{}
	for seed := range uint64(200) {
		for name, value := range profile.Shuffled(seed + 1) {
			drawn[name+"="+value] = true
		}
	}
	for _, b := range profile.Behaviours() {
		for _, v := range b.Allowed {
			if !drawn[string(b.Name)+"="+v] {
				t.Errorf("%s is never %s", b.Name, v)
			}
		}
	}
}

func TestNoticesTravelAsTheProfileSays(t *testing.T) {
	for how, want := range map[string][2]bool{"prompt": {false, false}, "at-least-once": {true, false}, "unordered": {false, true}, "awkward": {true, true}} {
		m := open(t, map[string]string{"notice-delivery": how})
		var twice, held bool
		for range 20 {
			m.buy(inkwell)
		}
		m.pass(time.Hour)
		for _, n := range m.told {
			tr := n.Subject().Travel
			twice, held = twice || tr.Twice, held || tr.Held > 0
			if tr.Held > longestHeld {
				t.Errorf("%s: held %s", how, tr.Held)
			}
		}
		if twice != want[0] || held != want[1] {
			t.Errorf("%s: twice %v, held %v", how, twice, held)
		}
	}
}
