package world

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/internal/fail"
)

// ask sends a cancellation request for a.
func (m *market) ask(a Agreement) CancellationRequest {
	m.t.Helper()
	r, err := m.RequestCancellation(m.now, seller, NewCancellation{AgreementID: a.AgreementID, ReasonCode: "TEST_AGREEMENT", Description: "It was a test."})
	if err != nil {
		m.t.Fatal(err)
	}
	return r
}

// requests tells the notices about cancellation requests so far, as "status@time since from".
func (m *market) requests(from time.Time) (told []string) {
	for _, n := range m.told {
		if c, ok := n.(CancellationRequested); ok {
			told = append(told, string(c.Request.Status)+"@"+c.At.Sub(from).String())
		}
	}
	return told
}

// What each answer comes to, at which instants: the request, its notices, and the agreement.
func TestCancellationRequestsAreAnswered(t *testing.T) {
	hour := time.Hour
	for name, c := range map[string]struct {
		answer func(m *market, r CancellationRequest) error
		status RequestStatus
		why    string
		told   []string
		ends   AgreementStatus
	}{
		"approved": {func(m *market, r CancellationRequest) error {
			_, err := m.AcceptCancellation(m.now, acme, r.ID)
			return err
		}, Approved, "", []string{"PENDING_APPROVAL@5s", "APPROVED@1h0m0s"}, Cancelled},
		"denied": {func(m *market, r CancellationRequest) error {
			_, err := m.RejectCancellation(m.now, acme, r.ID, "We need it.")
			return err
		}, Rejected, "We need it.", []string{"PENDING_APPROVAL@5s", "REJECTED@1h0m0s"}, Active},
		"withdrawn": {func(m *market, r CancellationRequest) error {
			_, err := m.WithdrawCancellation(m.now, seller, r.ID, "Wrong agreement.")
			return err
		}, Withdrawn, "Wrong agreement.", []string{"PENDING_APPROVAL@5s", "CANCELLED@1h0m0s"}, Active},
		"left alone": {func(m *market, _ CancellationRequest) error {
			m.pass(7*24*time.Hour - hour)
			return nil
		}, Approved, "The buyer did not respond within 7 days.", []string{"PENDING_APPROVAL@5s", "APPROVED@168h0m0s"}, Cancelled},
		"overtaken by the agreement's end": {func(m *market, r CancellationRequest) error {
			if _, err := m.Terminate(m.now, r.AgreementID); err != nil {
				return err
			}
			m.pass(7 * 24 * time.Hour)
			return nil
		}, ValidationFailed, "The agreement has ended meanwhile (TERMINATED).", []string{"PENDING_APPROVAL@5s", "VALIDATION_FAILED@168h0m0s"}, Terminated},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, nil)
			a := m.sign(press, map[string]int64{"platen": 1}, "P12M", false)
			m.pass(hour)
			from := m.now
			r := m.ask(a)
			if r.Status != PendingApproval || !strings.HasPrefix(r.ID, "acr-") || !r.RespondBy.Equal(from.Add(7*24*hour)) {
				t.Fatalf("sent as %+v", r)
			}
			m.pass(hour)
			if err := c.answer(m, r); err != nil {
				t.Fatal(err)
			}
			m.pass(cancelledAfter)
			m.pass(8 * 24 * hour)
			if got, err := m.Cancellation(r.ID); err != nil || got.Status != c.status || got.StatusMessage != c.why {
				t.Errorf("is %+v, %v", got, err)
			}
			if got := m.requests(from); !slices.Equal(got, c.told) {
				t.Errorf("told %q, want %q", got, c.told)
			}
			if got, _ := m.Agreement(a.AgreementID); got.Status != c.ends {
				t.Errorf("the agreement is %s, want %s", got.Status, c.ends)
			}
			for _, again := range []func() (CancellationRequest, error){
				func() (CancellationRequest, error) { return m.AcceptCancellation(m.now, acme, r.ID) },
				func() (CancellationRequest, error) { return m.RejectCancellation(m.now, acme, r.ID, "No.") },
				func() (CancellationRequest, error) { return m.WithdrawCancellation(m.now, seller, r.ID, "No.") },
			} {
				if _, err := again(); !fail.Is(err, fail.Conflict) {
					t.Errorf("answered again: %v", err)
				}
			}
		})
	}
}

// An approved request ends the agreement as any other cancellation: with the licence's withdrawal and a last hour for
// metering, also of a contract's further usage.
func TestApprovedCancellationHasALastHour(t *testing.T) {
	m := open(t, nil)
	a := m.sign(press, map[string]int64{"platen": 1}, "P12M", false)
	m.pass(time.Hour)
	r := m.ask(a)
	if _, err := m.AcceptCancellation(m.now, acme, r.ID); err != nil { // before AWS has looked at it
		t.Fatal(err)
	}
	if got := m.requests(m.now); !slices.Equal(got, []string{"PENDING_APPROVAL@0s", "APPROVED@0s"}) {
		t.Errorf("told %q", got)
	}
	m.pass(cancelledAfter - time.Second)
	if got, _ := m.Agreement(a.AgreementID); got.Status != Active {
		t.Errorf("ended at once: %s", got.Status)
	}
	m.pass(time.Second)
	got, _ := m.Agreement(a.AgreementID)
	if got.Status != Cancelled || !got.License.MeteringUntil.Equal(m.now.Add(deprovisionedAfter+time.Hour)) {
		t.Errorf("ended as %+v", got.License)
	}
	m.pass(deprovisionedAfter)
	if err := m.meter(a, "extra_pages", 5); err != nil {
		t.Errorf("within the last hour: %v", err)
	}
}

// meter sends one record for this hour.
func (m *market) meter(a Agreement, dimension string, quantity int64) error {
	m.t.Helper()
	b := Batch{Seller: seller, Region: "us-east-1", Usage: []Usage{{Timestamp: m.now, Dimension: dimension, Quantity: quantity, BuyerAccount: a.BuyerAccount, LicenseARN: a.License.ARN}}}
	if a.CustomerIdentifier != "" {
		b.ProductCode = a.ProductCode
		b.Usage[0].BuyerAccount, b.Usage[0].LicenseARN, b.Usage[0].CustomerIdentifier = "", "", a.CustomerIdentifier
	}
	results, err := m.MeterBatch(m.now, b)
	if err == nil && results[0].Status != "Success" {
		err = fmt.Errorf("answered %s", results[0].Status)
	}
	return err
}

func TestCancellationRequestsThatCannotBe(t *testing.T) {
	m := open(t, nil)
	a, ended := m.buy(inkwell), m.buy(inkwell)
	m.pass(time.Hour)
	if _, err := m.Cancel(m.now, ended.AgreementID); err != nil {
		t.Fatal(err)
	}
	good := NewCancellation{AgreementID: a.AgreementID, ReasonCode: "OTHER", ClientToken: "t1"}
	with := func(change func(*NewCancellation)) NewCancellation { in := good; change(&in); return in }
	for name, c := range map[string]struct {
		by   string
		in   NewCancellation
		kind fail.Kind
		code string
	}{
		"unknown agreement": {seller, with(func(in *NewCancellation) { in.AgreementID = "agmt-0" }), fail.NotFound, "unknown_agreement"},
		"not the proposer":  {acme, good, fail.Denied, "not_proposer"},
		"ended":             {seller, with(func(in *NewCancellation) { in.AgreementID = ended.AgreementID }), fail.Invalid, "inactive_agreement"},
		"no reason":         {seller, with(func(in *NewCancellation) { in.ReasonCode = "" }), fail.Invalid, "missing_reason_code"},
		"odd reason":        {seller, with(func(in *NewCancellation) { in.ReasonCode = "BORED" }), fail.Invalid, "invalid_reason_code"},
		"long description":  {seller, with(func(in *NewCancellation) { in.Description = strings.Repeat("é", 2001) }), fail.Invalid, "invalid_description"},
	} {
		if _, err := m.RequestCancellation(m.now, c.by, c.in); !fail.Is(err, c.kind) || fail.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := m.RequestCancellation(m.now, seller, good)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := m.RequestCancellation(m.now, seller, good); err != nil || again.ID != r.ID {
		t.Errorf("the same token: %+v, %v", again, err)
	}
	if _, err := m.RequestCancellation(m.now, seller, with(func(in *NewCancellation) { in.ReasonCode = "TEST_AGREEMENT" })); !fail.Is(err, fail.Conflict) || fail.CodeOf(err) != "client_token" {
		t.Errorf("the same token, other content: %v", err)
	}
	if _, err := m.RequestCancellation(m.now, seller, with(func(in *NewCancellation) { in.ClientToken = "t2" })); !fail.Is(err, fail.Conflict) || fail.CodeOf(err) != "open_request" {
		t.Errorf("a second request: %v", err)
	}
	for who, act := range map[string]func() (CancellationRequest, error){
		"a stranger approves": func() (CancellationRequest, error) { return m.AcceptCancellation(m.now, "222233334444", r.ID) },
		"the seller approves": func() (CancellationRequest, error) { return m.AcceptCancellation(m.now, seller, r.ID) },
		"the buyer withdraws": func() (CancellationRequest, error) { return m.WithdrawCancellation(m.now, acme, r.ID, "x") },
	} {
		if _, err := act(); !fail.Is(err, fail.NotFound) {
			t.Errorf("%s: %v", who, err)
		}
	}
	if _, err := m.RejectCancellation(m.now, acme, r.ID, ""); fail.CodeOf(err) != "missing_rejection_reason" {
		t.Errorf("denied without a reason: %v", err)
	}
	if _, err := m.RejectCancellation(m.now, acme, r.ID, "No."); err != nil {
		t.Error(err)
	}
	if got := m.Cancellations(CancellationQuery{AgreementID: a.AgreementID, Status: Rejected, BuyerAccount: acme}); len(got) != 1 || got[0].ID != r.ID {
		t.Errorf("listed %+v", got)
	}
}

func TestWorkdaysSkipWeekends(t *testing.T) {
	m := open(t, nil)
	friday := time.Date(2026, 11, 13, 23, 30, 0, 0, time.UTC)
	for n, want := range map[int]int{0: 13, 1: 16, 3: 18, 5: 20, 6: 23} {
		if got := m.afterWorkdays(friday, n); got.Day() != want || got.Hour() != 23 {
			t.Errorf("%d business days after Friday the 13th: %s, want the %dth", n, got, want)
		}
	}
	if got := m.afterWorkdays(friday.AddDate(0, 0, 1), 1); got.Weekday() != time.Monday {
		t.Errorf("after a Saturday: %s", got)
	}
}
