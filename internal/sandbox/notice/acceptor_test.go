package notice

import (
	"strings"
	"testing"

	"souk.dev/souk/internal/goldentest"
	"souk.dev/souk/internal/sandbox/bus"
	"souk.dev/souk/internal/sandbox/fault"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/world"
)

const buyersQueue = "purchases"

// listen leads what the buyer's own account is told to a queue of it.
func (st *stage) listen(t *testing.T) {
	t.Helper()
	const buyer = "111122223333"
	arn := queue.ARN(buyer, buyersQueue)
	if err := st.queues.Create(buyer, buyersQueue, map[string]string{"Policy": queue.Open(arn)}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.bus.PutRule(buyer, "us-east-1", bus.Rule{Name: "marketplace", Pattern: `{"source":["aws.agreement-marketplace"]}`}); err != nil {
		t.Fatal(err)
	}
	if err := st.bus.PutTargets(buyer, "us-east-1", "marketplace", []bus.Target{{ID: "queue", ARN: arn}}); err != nil {
		t.Fatal(err)
	}
}

// bought are the messages in the buyer's queue.
func (st *stage) bought() (out []string) {
	for _, m := range st.queues.Waiting("111122223333", buyersQueue) {
		out = append(out, m.Body)
	}
	return out
}

func TestWhatBuyersAreTold(t *testing.T) {
	for name, n := range map[string]world.Notice{
		"created": created, "created-renewal": renewed, "amended": amended, "ending": ending, "ended": ended, "renewal-terms-finalized": finalized, "renewal-upcoming": upcomes,
		"cancellation-pending": request(world.PendingApproval, ""), "cancellation-withdrawn": request(world.Withdrawn, "Wrong agreement."),
		"adjustment-completed": adjusted(world.AdjustmentCompleted, "100"),
	} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t)
			st.listen(t)
			st.fault(t, fault.Lose, "") // which is for the seller's
			st.Accept(n)
			got := st.bought()
			if len(got) != 1 || len(st.bodies()) != 0 {
				t.Fatalf("the buyer has %q, and the seller %q", got, st.bodies())
			}
			goldentest.Compare(t, "buyer-"+name+".json", got[0]+"\n")
		})
	}
}

func TestWhatBuyersAreNotTold(t *testing.T) {
	twice := resold // as the product's seller is told, behind the channel partner
	for name, n := range map[string]world.Notice{
		"of licenses": updated, "of a license's end": deprovisioned, "of advisories": world.AdvisoryIssued{About: about("99999999-0000-5111-8222-333333333333", accepted)},
		"what AWS refused": request(world.ValidationFailed, "no"), "what failed": adjusted(world.AdjustmentFailed, "1"), "by topics": success, "twice": twice,
	} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t)
			st.listen(t)
			st.Accept(n)
			if got := st.bought(); len(got) != 0 {
				t.Errorf("told %q", got)
			}
		})
	}
	st := newStage(t)
	st.Accept(created)
	if page, _, _ := st.List(0, 10, nil); len(page) != 1 {
		t.Errorf("without a rule of the buyer's there are %d deliveries", len(page))
	}
}

// The product's seller is told that a channel partner gave money back, and not how much.
func TestAPartnersAdjustment(t *testing.T) {
	n := adjusted(world.AdjustmentCompleted, "100").(world.BillingAdjusted)
	n.SellerAccount, n.Manufacturer = "555566667777", "444455556666"
	st := newStage(t)
	st.Accept(n)
	if got := st.bodies(); len(got) != 1 || !strings.Contains(got[0], "Completed - Manufacturer") || strings.Contains(got[0], "adjustmentAmount") {
		t.Errorf("told %q", got)
	}
}
