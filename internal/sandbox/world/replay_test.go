package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The same commands, given to a world of the same file and seed, make the same world, whatever was refused in between:
// every agreement with its history, every notice with its id, every token, and what is due next.
func TestReplayMakesTheSameWorld(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var kept []Command
		var told []string
		w, err := New(Options{File: Builtin(), Seed: 5, FulfillmentURL: "http://127.0.0.1/",
			Sink:   func(n Notice) { told = append(told, fmt.Sprintf("%T %+v", n, n)) },
			Record: func(c Command) error { kept = append(kept, c); return nil }})
		if err != nil {
			rt.Fatal(err)
		}
		now := noon
		var tokens []string
		agreement := func() string {
			all := w.Agreements(AgreementQuery{})
			if len(all) == 0 {
				return "none"
			}
			return all[rapid.IntRange(0, len(all)-1).Draw(rt, "agreement")].AgreementID
		}
		for range rapid.IntRange(1, 40).Draw(rt, "acts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3600).Draw(rt, "seconds")) * time.Second)
			var err error // many of these acts are refused, which is part of it
			switch rapid.IntRange(-6, 18).Draw(rt, "act") {
			case 0, 1:
				_, err = w.Subscribe(now, Subscribe{BuyerAccount: rapid.SampledFrom([]string{acme, "222233334444", "nobody"}).Draw(rt, "buyer"),
					Product: rapid.SampledFrom([]string{inkwell, classic}).Draw(rt, "product")})
			case 9:
				_, err = w.Subscribe(now, Subscribe{BuyerAccount: acme, Product: rapid.SampledFrom([]string{teams, classicTeams}).Draw(rt, "contract"),
					Terms: Terms{Duration: rapid.SampledFrom([]string{"P1M", "P12M"}).Draw(rt, "duration"), AutoRenew: rapid.Bool().Draw(rt, "renews"),
						Quantities: map[string]int64{"seats": rapid.Int64Range(0, 3).Draw(rt, "seats")}}})
			case 10:
				_, err = w.Amend(now, agreement(), Amendment{Quantities: map[string]int64{"seats": rapid.Int64Range(1, 9).Draw(rt, "seats")}})
			case 11:
				_, err = w.FailPayment(now, agreement())
			case 12:
				if rapid.Bool().Draw(rt, "renew") {
					_, err = w.Renew(now, agreement())
				} else {
					now = now.AddDate(0, 0, 20) // contracts end
					_, err = w.RunDue(now)
				}
			case 13:
				_, err = w.RequestCancellation(now, seller, NewCancellation{AgreementID: agreement(), ReasonCode: "OTHER", ClientToken: rapid.SampledFrom([]string{"", "t"}).Draw(rt, "token")})
			case 14:
				if all := w.Cancellations(CancellationQuery{}); len(all) > 0 {
					_, err = w.answer(now, rapid.SampledFrom([]RequestStatus{Approved, Rejected, Withdrawn}).Draw(rt, "answer"),
						rapid.SampledFrom([]string{acme, seller}).Draw(rt, "by"), rapid.SampledFrom(all).Draw(rt, "request").ID, "why")
				}
			case 15:
				_, err = w.Refund(now, agreement(), Refund{Amount: rapid.SampledFrom([]string{"", "1.5", "x"}).Draw(rt, "amount")})
			case 16:
				_, err = w.OpenCase(now, NewCase{AgreementID: agreement(), Kind: rapid.SampledFrom([]CaseKind{CancelAndRefund, MeteringError}).Draw(rt, "kind"),
					Month: rapid.SampledFrom([]string{"", "2026-11"}).Draw(rt, "month")})
			case 17:
				if all := w.Cases(CaseQuery{}); len(all) > 0 {
					id := rapid.SampledFrom(all).Draw(rt, "case").CaseID
					if rapid.Bool().Draw(rt, "operator") {
						_, err = w.GrantCase(now, id)
					} else {
						_, err = w.DecideCase(now, seller, id, Decision{Grant: rapid.SampledFrom([]RefundKind{"", FullRefund, ProratedRefund}).Draw(rt, "grant")})
					}
				}
			case 18:
				if all := w.Invoices(InvoiceQuery{}); len(all) > 0 {
					v := rapid.SampledFrom(all).Draw(rt, "invoice")
					_, _, err = w.Adjust(now, seller, []NewAdjustment{{AgreementID: v.AgreementID, InvoiceID: v.InvoiceID, Amount: rapid.SampledFrom([]string{"1", "11"}).Draw(rt, "amount"),
						Currency: "USD", ReasonCode: "OTHER", ClientToken: rapid.StringMatching("[a-c]").Draw(rt, "token")}})
				}
			case 2:
				_, err = w.Cancel(now, agreement())
			case 3:
				var tok Token
				mint := w.MintToken
				if rapid.Bool().Draw(rt, "by API") {
					mint = w.MintAPIToken
				}
				if tok, err = mint(now, agreement()); err == nil {
					tokens = append(tokens, tok.Text)
				}
			case 4:
				if len(tokens) > 0 {
					_, err = w.ResolveToken(now, seller, rapid.SampledFrom(tokens).Draw(rt, "token"))
				}
			case 5:
				_, err = w.RunDue(now)
			case -4, -3, -2, -1:
				err = sell(rt, w, now, agreement)
			case -6, -5:
				err = randomPayment(rt, w, now)
			case 6:
				_, err = w.CreateBuyer(now, Buyer{Name: rapid.SampledFrom([]string{"", "New"}).Draw(rt, "name")})
			case 7:
				_, err = w.CreateProduct(now, Product{Title: "New", Dimensions: []Dimension{{Key: rapid.SampledFrom([]string{"a", "a b"}).Draw(rt, "key"), Prices: w.Products()[0].Dimensions[0].Prices}}})
			case 8:
				err = w.SetProfiles(now, map[string]string{"token-reuse": rapid.SampledFrom([]string{"once", "again", "never"}).Draw(rt, "reuse")})
			}
			_ = err
		}

		var toldAgain []string
		again, err := New(Options{File: Builtin(), Seed: 5, FulfillmentURL: "http://127.0.0.1/",
			Sink: func(n Notice) { toldAgain = append(toldAgain, fmt.Sprintf("%T %+v", n, n)) }})
		if err != nil {
			rt.Fatal(err)
		}
		for _, c := range kept {
			if err := again.Apply(c); err != nil {
				rt.Fatal(err)
			}
		}
		if a, b := picture(w), picture(again); a != b {
			rt.Fatal("came back otherwise: ", change(a, b))
		}
		if fmt.Sprint(told) != fmt.Sprint(toldAgain) {
			rt.Fatalf("told again\n%s\nfirst\n%s", toldAgain, told)
		}
		for _, text := range tokens {
			a, errA := w.ResolveToken(now, seller, text)
			b, errB := again.ResolveToken(now, seller, text)
			if a != b || fmt.Sprint(errA) != fmt.Sprint(errB) {
				rt.Fatalf("a token answers %+v, %v; was %+v, %v", b, errB, a, errA)
			}
		}
	})
}

func picture(w *World) string {
	at, ok := w.Due()
	all := []any{at, ok, w.Profiles().Map(), w.Buyers(), w.Products(), w.Offers(), w.Agreements(AgreementQuery{}), w.Cancellations(CancellationQuery{}),
		w.Invoices(InvoiceQuery{}), w.Adjustments(AdjustmentQuery{}), w.Payments(PaymentQuery{}), w.Cases(CaseQuery{})}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		panic(err) // all of it goes over the control API as it is
	}
	return string(text)
}

// change is the first line in which two pictures differ, with some lines around it.
func change(was, is string) string {
	before, after := strings.Split(was, "\n"), strings.Split(is, "\n")
	for i := range before {
		if i >= len(after) || before[i] != after[i] {
			around := func(lines []string) string { return strings.Join(lines[max(0, i-8):min(len(lines), i+3)], "\n") }
			return "was\n" + around(before) + "\nis\n" + around(after)
		}
	}
	return "there is more of it"
}

// What the journal refuses to keep does not happen.
func TestNothingHappensThatIsNotKept(t *testing.T) {
	full := errors.New("disk full")
	var refuse bool
	w, err := New(Options{File: Builtin(), Seed: 5, FulfillmentURL: "http://127.0.0.1/", Record: func(Command) error {
		if refuse {
			return full
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := w.Subscribe(noon, Subscribe{BuyerAccount: acme, Product: inkwell})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := w.Subscribe(noon, Subscribe{BuyerAccount: acme, Product: teams, Terms: Terms{Duration: "P1M", Quantities: map[string]int64{"seats": 1}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.RunDue(noon.Add(5 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	asked, err := w.RequestCancellation(noon.Add(6*time.Minute), seller, NewCancellation{AgreementID: signed.AgreementID, ReasonCode: "OTHER"})
	if err != nil {
		t.Fatal(err)
	}
	later := noon.Add(time.Hour)
	refuse = true
	usage := Batch{Seller: seller, Region: "us-east-1", Usage: []Usage{{Timestamp: noon, Dimension: "pages", Quantity: 1, BuyerAccount: acme, LicenseARN: a.License.ARN}}}
	before := picture(w)
	paid := w.Invoices(InvoiceQuery{AgreementID: signed.AgreementID})
	for name, act := range map[string]func() error{
		"request": func() error {
			_, err := w.RequestCancellation(later, seller, NewCancellation{AgreementID: a.AgreementID, ReasonCode: "OTHER"})
			return err
		},
		"answer": func() error { _, err := w.AcceptCancellation(later, acme, asked.ID); return err },
		"case":   func() error { _, err := w.OpenCase(later, NewCase{AgreementID: signed.AgreementID}); return err },
		"refund": func() error { _, err := w.Refund(later, signed.AgreementID, Refund{}); return err },
		"adjust": func() error {
			_, _, err := w.Adjust(later, seller, []NewAdjustment{{AgreementID: signed.AgreementID, InvoiceID: paid[0].InvoiceID, Amount: "1", Currency: "USD", ReasonCode: "OTHER", ClientToken: "t"}})
			return err
		},
		"subscribe": func() error {
			_, err := w.Subscribe(later, Subscribe{BuyerAccount: acme, Product: classic})
			return err
		},
		"contract": func() error {
			_, err := w.Subscribe(later, Subscribe{BuyerAccount: acme, Product: teams, Terms: Terms{Duration: "P1M", Quantities: map[string]int64{"seats": 1}}})
			return err
		},
		"amend": func() error {
			_, err := w.Amend(later, signed.AgreementID, Amendment{AutoRenew: new(true)})
			return err
		},
		"renew":    func() error { _, err := w.Renew(later, signed.AgreementID); return err },
		"payment":  func() error { _, err := w.FailPayment(later, a.AgreementID); return err },
		"cancel":   func() error { _, err := w.Cancel(later, a.AgreementID); return err },
		"token":    func() error { _, err := w.MintToken(later, a.AgreementID); return err },
		"apitoken": func() error { _, err := w.MintAPIToken(later, a.AgreementID); return err },
		"calendar": func() error { _, err := w.RunDue(later); return err },
		"meter":    func() error { _, err := w.MeterBatch(later, usage); return err },
		"profiles": func() error { return w.SetProfiles(later, map[string]string{"quota": "on"}) },
		"reset":    func() error { return w.Reset(later) },
		"buyer":    func() error { _, err := w.CreateBuyer(later, Buyer{Name: "N"}); return err },
	} {
		if err := act(); !errors.Is(err, full) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := picture(w); after != before {
		t.Error(change(before, after))
	}
	if records, _ := w.Records(RecordQuery{}); len(records) != 0 {
		t.Errorf("%d records", len(records))
	}
	refuse = false
	if did, err := w.RunDue(later); !did || err != nil {
		t.Errorf("what was due is not due any more: %v, %v", did, err)
	}
}
