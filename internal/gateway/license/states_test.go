package license

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/states.md")

const statesFile = "../../../docs/states.md"

// docs/states.md is the table that the program runs on, printed. Run with -update after changing it.
func TestStatesAreDocumented(t *testing.T) {
	want := states()
	if *update {
		if err := os.WriteFile(statesFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(statesFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Error("docs/states.md is not what the table says; run: go test ./internal/gateway/license -run StatesAreDocumented -update")
	}
}

var stateOrder = []State{None, Pending, Active, WindingDown, Ended, Failed}

var stateMeaning = map[State]string{
	Pending:     "The buyer has arrived; AWS has not said that the subscription is active. No access; usage is taken and waits.",
	Active:      "AWS says that the subscription is active. Access, and metering.",
	WindingDown: "The end was announced. The last hour for metering runs; access until it closes, if the licence was ever active.",
	Ended:       "No access. AWS takes no more records.",
	Failed:      "The buyer's payment failed, or AWS terminated the agreement before it was active. No access.",
}

var kindTeller = map[Kind]string{
	Arrived:            "the buyer at the landing page (`ResolveCustomer`)",
	Activated:          "`License Updated`, `subscribe-success`; where neither came, `SearchAgreements` (`ACTIVE`)",
	PaymentFailed:      "`subscribe-fail`",
	NeverBegan:         "`SearchAgreements`: `TERMINATED` within minutes of the start, and nothing said that it was active",
	AgreementEnded:     "`Purchase Agreement Ended`: `CANCELLED`, `EXPIRED`, `TERMINATED`; where no notice came, `SearchAgreements`",
	AgreementFollowed:  "`Purchase Agreement Ended`: `RENEWED`, `REPLACED`",
	Deprovisioned:      "`License Deprovisioned`",
	UnsubscribePending: "`unsubscribe-pending`",
	Unsubscribed:       "`unsubscribe-success`",
	Refused:            "`CustomerNotSubscribed` in answer to a record",
	Lapsed:             "`GetEntitlements`, of a legacy contract: nothing is listed any more",
	AdvisoryIssued:     "`Purchase Agreement Advisory Issued`",
	AdvisoryResolved:   "`Purchase Agreement Advisory Resolved`",
	TimeUp:             "the clock: the final window has closed",
}

func stateName(s State) string {
	if s == None {
		return "(nothing known)"
	}
	return "`" + string(s) + "`"
}

func states() string {
	var b strings.Builder
	b.WriteString("# A licence's states\n\nPrinted from `internal/gateway/license/transitions.go` by a test; do not edit. How a standing is worked out from facts,\nin whatever order they come, is in [decision 4](decisions/0004-standing-by-replay.md); what AWS sends and when, in [aws/lifecycle.md](aws/lifecycle.md).\n\n")
	b.WriteString("## States\n\n| state | meaning |\n| --- | --- |\n")
	for _, s := range stateOrder[1:] {
		fmt.Fprintf(&b, "| `%s` | %s |\n", s, stateMeaning[s])
	}
	kinds := make([]Kind, 0, len(rank))
	for k := range rank {
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, func(x, y Kind) int { return cmp.Compare(rank[x], rank[y]) })
	b.WriteString("\n## Facts\n\nOf facts that happened in the same instant, the one further up counts as the earlier.\n\n| fact | told by |\n| --- | --- |\n")
	for _, k := range kinds {
		fmt.Fprintf(&b, "| `%s` | %s |\n", k, kindTeller[k])
	}
	b.WriteString("\n## Transitions\n\n*Confirms* means that the fact fits the state and changes nothing. *No meaning* means that it is kept and shown, and changes nothing.\n")
	for _, s := range stateOrder {
		fmt.Fprintf(&b, "\n### From %s\n\n| on | to | why |\n| --- | --- | --- |\n", stateName(s))
		for _, k := range kinds {
			st, ok := transitions[edge{s, k}]
			switch {
			case ok:
				fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", k, st.to, st.why)
			case s == WindingDown && k == Deprovisioned:
				fmt.Fprintf(&b, "| `%s` | `%s` | The last hour counts from here if AWS says so within %d minutes of the end; later, it confirms. |\n", k, s, int(classicGap.Minutes()))
			case repeats(s, k):
				fmt.Fprintf(&b, "| `%s` | | confirms |\n", k)
			default:
				fmt.Fprintf(&b, "| `%s` | | no meaning |\n", k)
			}
		}
	}
	return b.String()
}

// Every state meets every fact: none is left without an answer, and each of the words is documented.
func TestEveryStateMeetsEveryFact(t *testing.T) {
	for _, s := range stateOrder {
		for k := range rank {
			if kindTeller[k] == "" {
				t.Errorf("%s is not documented", k)
			}
			st := Standing{State: s, OpensAt: at("10:00:00"), ClosesAt: at("11:00:00")}
			st.take(Fact{ID: "f", Kind: k, At: at("10:10:00")})
			_, moves := transitions[edge{s, k}]
			if unused := len(st.Unused) == 1; unused == (moves || repeats(s, k)) && !(s == WindingDown && k == Deprovisioned) {
				t.Errorf("%q on %s: unused %v, moves %v, repeats %v", s, k, unused, moves, repeats(s, k))
			}
			if s != None && stateMeaning[s] == "" {
				t.Errorf("%s is not documented", s)
			}
		}
	}
}

func TestEndHeardOfAloneGivesNoAccess(t *testing.T) {
	for _, k := range []string{"agreement_ended", "deprovisioned", "unsubscribe_pending"} {
		s := Replay(facts("arrived", "10:00:00", k, "10:10:00"), at("10:20:00"))
		if s.State != WindingDown || s.Access() {
			t.Errorf("%s: %s, access %v", k, s.State, s.Access())
		}
		s = Replay(facts("arrived", "10:00:00", k, "10:10:00", "activated", "09:00:00"), at("10:20:00"))
		if s.State != WindingDown || !s.Access() {
			t.Errorf("%s, the activation heard of late: %s, access %v", k, s.State, s.Access())
		}
	}
}

func TestNothingIsNextOnceEnded(t *testing.T) {
	s := Replay(facts("activated", "10:00:00", "deprovisioned", "10:10:00"), at("10:20:00"))
	if s.Next == "" || !s.By.Equal(at("11:10:00")) {
		t.Fatalf("winding down: next %q by %s", s.Next, s.By)
	}
	s.passTime(at("11:10:00"))
	if s.State != Ended || s.Next != "" || !s.By.IsZero() {
		t.Errorf("%s: next %q by %s", s.State, s.Next, s.By)
	}
}

func TestSubscribingAgainAfterFailureAndEnd(t *testing.T) {
	for _, c := range []struct {
		fs   []Fact
		want State
	}{
		{facts("payment_failed", "10:00:00", "activated", "10:10:00"), Active},
		{facts("payment_failed", "10:00:00", "unsubscribed", "10:10:00"), Ended},
		{facts("activated", "10:00:00", "payment_failed", "10:05:00", "activated", "10:10:00"), Active},
		{facts("activated", "08:00:00", "unsubscribe_pending", "08:10:00", "unsubscribed", "09:10:00", "activated", "10:00:00"), Active},
		{facts("activated", "08:00:00", "unsubscribe_pending", "08:10:00", "unsubscribed", "09:10:00", "payment_failed", "10:00:00"), Ended},
	} {
		if s := Replay(c.fs, at("12:00:00")); s.State != c.want {
			t.Errorf("%v: %s, want %s", c.fs, s.State, c.want)
		}
	}
}
