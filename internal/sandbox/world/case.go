package world

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/profile"
)

// CaseKind is what a buyer asks AWS Support for. Source: seller guide, refunds.
type CaseKind string

// The kinds.
const (
	CancelAndRefund CaseKind = "cancel_and_refund" // of a contract
	MeteringError   CaseKind = "metering_error"    // usage that was reported wrongly
	TrialConversion CaseKind = "trial_conversion"  // what was used in the first days after a free trial went over into paid usage
)

// reasonCodes are those of the billing adjustments in such cases.
var reasonCodes = map[CaseKind]string{CancelAndRefund: "BUYER_DISSATISFACTION", MeteringError: "INCORRECT_METERING", TrialConversion: "UNINTENDED_RENEWAL"}

// CaseStatus is where a support case is, in the words of its subject line. Source: seller guide, refunds.
type CaseStatus string

// The statuses. The last two are final: who needs more opens another case.
const (
	CasePending        CaseStatus = "Pending"
	CaseCompleted      CaseStatus = "Completed"
	CaseActionRequired CaseStatus = "Action Required"
)

// CaseStep is what a pending case waits for.
type CaseStep string

// The steps.
const (
	WaitsForSeller  CaseStep = "seller"        // to authorise the refund, or to refuse it
	WaitsForBilling CaseStep = "billing_cycle" // for the invoice that is to be refunded
	WaitsForRefund  CaseStep = "refund"        // which is granted, and takes business days
)

// NewCase is what a buyer writes to AWS Support.
type NewCase struct {
	AgreementID string   `json:"agreementId"`
	Kind        CaseKind `json:"kind,omitempty"` // [CancelAndRefund], if empty
	Reason      string   `json:"reason,omitempty"`
	// Month and Amount are of metering errors alone: the month, such as 2026-11, whose usage is disputed, and how many USD of
	// it; all, if empty.
	Month  string `json:"month,omitempty"`
	Amount string `json:"amount,omitempty"`
}

// Case is a buyer's case with AWS Support.
type Case struct {
	CaseID        string     `json:"caseId"`
	Kind          CaseKind   `json:"kind"`
	AgreementID   string     `json:"agreementId"`
	BuyerAccount  string     `json:"buyerAccountId"`
	SellerAccount string     `json:"sellerAccountId"`
	ProductCode   string     `json:"productCode"`
	Title         string     `json:"title"`
	Reason        string     `json:"reason,omitempty"`
	Month         string     `json:"month,omitempty"`
	Amount        string     `json:"amount,omitempty"`
	Status        CaseStatus `json:"status"`
	WaitsFor      CaseStep   `json:"waitsFor,omitempty"`
	// InTime says that AWS may refund it without the seller: a public offer's contract, asked for by WindowEnds.
	InTime     bool            `json:"inTime"`
	WindowEnds time.Time       `json:"windowEnds,omitzero"`
	Grant      RefundKind      `json:"grant,omitempty"`
	RefundAt   time.Time       `json:"refundAt,omitzero"` // when the refund is to be on the bill
	Refunded   decimal.Decimal `json:"refunded"`          // USD
	OpenedAt   time.Time       `json:"openedAt"`
	ClosedAt   time.Time       `json:"closedAt,omitzero"`
	// Adjustments are the billing adjustments that gave the money back.
	Adjustments []string    `json:"billingAdjustmentRequestIds,omitempty"`
	History     []Happening `json:"history"`

	months []int32         // whose usage is disputed; of contracts, none
	amount decimal.Decimal // to be given back of it at most; zero: all
}

func (c *Case) note(at time.Time, what, why string) {
	c.History = append(c.History, Happening{At: at, What: what, Why: why})
}

func (c *Case) copy() Case {
	d := *c
	d.History, d.Adjustments = slices.Clone(c.History), slices.Clone(c.Adjustments)
	return d
}

// OpenCase is a buyer's request to AWS Support. A public offer's contract is cancelled at once and refunded in full
// when the case comes within [contract.RefundWindow] of its acceptance; later, and for a private offer, the seller must
// authorise it. A metering error is refunded by AWS, once the month is invoiced, and so is
// what was used within [contract.ConversionWindow] after a free trial. What is granted is on the bill after as
// many business days as the profile refund-days says.
//
// Errors: fail.NotFound for an unknown agreement; fail.Invalid for what its kind does not go with; fail.Conflict when
// the agreement has ended, or has an open case.
func (w *World) OpenCase(now time.Time, in NewCase) (Case, error) {
	defer w.act()()
	a, ok := w.agreement[in.AgreementID]
	if !ok {
		return Case{}, unknownAgreement(in.AgreementID)
	}
	c, err := w.newCase(now.Truncate(time.Millisecond), a, in)
	if err != nil {
		return Case{}, err
	}
	if err := w.record(Command{At: now, Act: actOpenCase, Case: &in}); err != nil {
		return Case{}, err
	}
	c.CaseID = w.ids.caseID(a.BuyerAccount, now)
	w.cases.put(c.CaseID, c)
	c.note(c.OpenedAt, "opened", "The buyer opened a case with AWS Support.")
	a.note(c.OpenedAt, "support case opened", "The buyer opened the case "+c.CaseID+" with AWS Support.")
	switch {
	case len(c.months) > 0:
		w.await(c)
	case c.InTime:
		c.Grant = FullRefund
		w.cancelInCase(c, a, c.OpenedAt, "AWS Support cancelled it, asked within 48 hours of the purchase.")
	default:
		c.WaitsFor = WaitsForSeller
		c.note(c.OpenedAt, "waits for the seller", "The offer is private, or the purchase more than 48 hours old: the seller must authorise the refund.")
	}
	return c.copy(), nil
}

// newCase checks what a buyer asks for.
func (w *World) newCase(now time.Time, a *agreement, in NewCase) (*Case, error) {
	bad := func(code, format string, args ...any) (*Case, error) {
		return nil, fail.New(fail.Invalid, code, format, args...)
	}
	if in.Kind == "" {
		in.Kind = CancelAndRefund
	}
	c := &Case{Kind: in.Kind, AgreementID: a.AgreementID, BuyerAccount: a.BuyerAccount, SellerAccount: a.SellerAccount, ProductCode: a.ProductCode,
		Title: a.product.Title, Reason: in.Reason, Month: in.Month, Amount: in.Amount, Status: CasePending, OpenedAt: now}
	if err := checkText("reason", in.Reason, contract.MaxRequestDescription, false); err != nil {
		return nil, err
	}
	for _, other := range w.cases.order {
		if other.AgreementID == a.AgreementID && other.Status == CasePending {
			return nil, fail.New(fail.Conflict, "open_case", "The agreement %s has the open case %s.", a.AgreementID, other.CaseID)
		}
	}
	switch in.Kind {
	case CancelAndRefund:
		switch {
		case in.Month != "" || in.Amount != "":
			return bad("case", "Month and amount are for metering errors.")
		case !a.product.Pricing.IsContract():
			return bad("unsupported", "Pay as you go is cancelled by the buyer, without AWS Support, and its usage stays payable.")
		case a.Status != Active:
			return nil, hasEnded(a)
		}
		c.WindowEnds = a.AcceptanceTime.Add(contract.RefundWindow)
		c.InTime = w.offers[a.OfferID].Public && !now.After(c.WindowEnds)
	case MeteringError:
		if !a.product.takesUsage() {
			return bad("unsupported", "%s is not metered.", a.product.Title)
		}
		month, err := time.Parse("2006-01", in.Month)
		if err != nil || month.After(now) {
			return bad("month", "Say which month's usage is wrong, such as %s; got %q.", now.Format("2006-01"), in.Month)
		}
		c.months = []int32{monthOf(month)}
		if in.Amount != "" {
			if c.amount, err = parseAmount(in.Amount); err != nil {
				return nil, err
			}
		}
		c.Grant = PartRefund
	case TrialConversion:
		last := a.TrialEndsAt.Add(contract.ConversionWindow)
		switch {
		case in.Month != "" || in.Amount != "":
			return bad("case", "Month and amount are for metering errors.")
		case a.TrialEndsAt.IsZero() || !a.product.takesUsage() || now.Before(a.TrialEndsAt):
			return bad("unsupported", "The agreement %s has no free trial that went over into paid usage.", a.AgreementID)
		case a.Status != Active && !a.EndedAt.After(a.TrialEndsAt):
			return nil, hasEnded(a)
		}
		for month := monthOf(a.TrialEndsAt); month <= monthOf(last); month++ {
			c.months = append(c.months, month)
		}
		c.Grant = PartRefund
	default:
		return bad("case", "A case is for %s, %s or %s; not %q.", CancelAndRefund, MeteringError, TrialConversion, in.Kind)
	}
	return c, nil
}

// Decision is a seller's answer to AWS Support.
type Decision struct {
	Grant  RefundKind `json:"grant,omitempty"` // [FullRefund] or [ProratedRefund]; empty refuses
	Reason string     `json:"reason,omitempty"`
}

// DecideCase is the seller's word on a case that waits for it: AWS cancels the contract and refunds what was
// authorised, or closes the case as [CaseActionRequired].
//
// Errors: fail.NotFound for a case that is not seller's; fail.Invalid for an unknown kind of refund; fail.Conflict for a
// case that does not wait for the seller.
func (w *World) DecideCase(now time.Time, seller, id string, in Decision) (Case, error) {
	defer w.act()()
	c, ok := w.cases.byID[id]
	if !ok || c.SellerAccount != seller {
		return Case{}, unknownCase(id)
	}
	if in.Grant != "" && in.Grant != FullRefund && in.Grant != ProratedRefund {
		return Case{}, fail.New(fail.Invalid, "refund_kind", "The seller authorises a %s or a %s refund; not %q.", FullRefund, ProratedRefund, in.Grant)
	}
	if err := checkText("reason", in.Reason, contract.MaxRequestDescription, false); err != nil {
		return Case{}, err
	}
	if c.WaitsFor != WaitsForSeller {
		return Case{}, fail.New(fail.Conflict, "case_state", "The case %s is %s and does not wait for the seller.", id, c.Status)
	}
	if err := w.record(Command{At: now, Act: actDecideCase, Account: seller, ID: id, Decision: &in}); err != nil {
		return Case{}, err
	}
	now = now.Truncate(time.Millisecond)
	if in.Grant == "" {
		c.note(now, "refused", "The seller refused. "+in.Reason)
		w.close(c, now, CaseActionRequired, "The seller does not agree; ask the seller, and open another case with what was agreed on.")
		return c.copy(), nil
	}
	c.Grant = in.Grant
	c.note(now, "authorised", fmt.Sprintf("The seller authorised a %s refund. %s", in.Grant, in.Reason))
	w.cancelInCase(c, w.agreement[c.AgreementID], now, "AWS Support cancelled it, as the seller authorised.")
	return c.copy(), nil
}

func unknownCase(id string) error {
	return fail.New(fail.NotFound, "unknown_case", "There is no case %q.", id)
}

// cancelInCase ends a case's contract, if it runs still, and plans the refund.
func (w *World) cancelInCase(c *Case, a *agreement, at time.Time, why string) {
	if a.Status == Active {
		w.ending(a, at, Cancelled, why)
	}
	c.note(at, "cancelled", why)
	w.promise(c, at)
}

// await lets a case wait until the months that it is about are invoiced, and plans the refund.
func (w *World) await(c *Case) {
	billed := closes(c.months[len(c.months)-1])
	if !c.OpenedAt.Before(billed) {
		w.promise(c, c.OpenedAt)
		return
	}
	c.WaitsFor = WaitsForBilling
	c.note(c.OpenedAt, "waits for the billing cycle", "The usage is not invoiced yet; it is on "+billed.Format(time.DateOnly)+".")
	w.plan(billed, func(at time.Time) {
		if c.Status == CasePending {
			w.promise(c, at)
		}
	})
}

// promise plans a case's refund.
func (w *World) promise(c *Case, at time.Time) {
	from := at
	if w.profiles.Is(profile.RefundFrom, profile.FromRequest) {
		from = c.OpenedAt
	}
	c.WaitsFor, c.RefundAt = WaitsForRefund, later(w.afterWorkdays(from, w.refundDays()), at)
	c.note(at, "refund granted", "It will be on the bill by "+c.RefundAt.Format(time.DateOnly)+".")
	w.plan(c.RefundAt, func(at time.Time) { w.payCase(c, at) })
}

// refundDays are the business days until a granted refund is on the bill. Source: seller guide, refunds: 3 to 5.
func (w *World) refundDays() int {
	if days := w.profiles.Get(profile.RefundDays); days != profile.Seeded {
		return int(days[0] - '0')
	}
	return 3 + int(w.ids.bytes(1)[0]%3)
}

// GrantCase lets a case's refund come now rather than after its business days: an operator's act. Errors:
// fail.NotFound for an unknown case; fail.Conflict for one that has no refund coming, or when nothing is invoiced yet.
func (w *World) GrantCase(now time.Time, id string) (Case, error) {
	defer w.act()()
	c, ok := w.cases.byID[id]
	if !ok {
		return Case{}, unknownCase(id)
	}
	if c.WaitsFor != WaitsForRefund {
		return Case{}, fail.New(fail.Conflict, "case_state", "The case %s is %s, and waits for no refund.", id, c.Status)
	}
	if len(w.owed(c, now)) == 0 {
		return Case{}, fail.New(fail.Conflict, "nothing_to_refund", "Nothing of the agreement %s is invoiced yet.", c.AgreementID)
	}
	if err := w.record(Command{At: now, Act: actGrantCase, ID: id}); err != nil {
		return Case{}, err
	}
	w.payCase(c, now.Truncate(time.Millisecond))
	return c.copy(), nil
}

// payCase gives back what a case was granted and closes it.
func (w *World) payCase(c *Case, at time.Time) {
	if c.WaitsFor != WaitsForRefund {
		return // an operator was quicker
	}
	c.Refunded = w.giveBack(w.agreement[c.AgreementID], at, w.owed(c, at), "AWS Support, case "+c.CaseID, c)
	if !c.Refunded.IsPositive() {
		w.close(c, at, CaseActionRequired, "There is nothing on an invoice that could be given back.")
		return
	}
	w.close(c, at, CaseCompleted, "AWS gave back "+c.Refunded.String()+" "+Currency+".")
}

// owed is what a case's refund comes to at the instant at.
func (w *World) owed(c *Case, at time.Time) []share {
	shares := w.refundable(w.agreement[c.AgreementID], c.Grant, at)
	if len(c.months) == 0 {
		return shares
	}
	shares = slices.DeleteFunc(shares, func(s share) bool { return s.of.upfrontOnly() || !slices.Contains(c.months, s.of.month) })
	switch {
	case c.Kind == TrialConversion:
		shares, _ = upTo(w.converted(w.agreement[c.AgreementID]), shares)
	case c.amount.IsPositive():
		shares, _ = upTo(c.amount, shares)
	}
	return shares
}

// converted is what was used in the first days after a's free trial.
func (w *World) converted(a *agreement) decimal.Decimal {
	sum := decimal.Zero
	for _, c := range w.usage(RecordQuery{BuyerAccount: a.BuyerAccount, ProductCode: a.ProductCode, From: a.TrialEndsAt, To: a.TrialEndsAt.Add(contract.ConversionWindow)}) {
		if c.AgreementID == a.AgreementID {
			sum = sum.Add(c.Amount)
		}
	}
	return sum
}

func (w *World) close(c *Case, at time.Time, to CaseStatus, why string) {
	c.Status, c.WaitsFor, c.ClosedAt = to, "", at
	c.note(at, string(to), why)
}

// CaseQuery chooses support cases; what is empty chooses all.
type CaseQuery struct {
	AgreementID   string
	BuyerAccount  string
	SellerAccount string
	Status        CaseStatus
	WaitsFor      CaseStep
}

func (q CaseQuery) wants(c *Case) bool {
	return wanted(q.AgreementID, c.AgreementID) && wanted(q.BuyerAccount, c.BuyerAccount) && wanted(q.SellerAccount, c.SellerAccount) &&
		wanted(q.Status, c.Status) && wanted(q.WaitsFor, c.WaitsFor)
}

// Cases lists the support cases that q chooses, oldest first.
func (w *World) Cases(q CaseQuery) []Case {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.cases.list(q.wants, (*Case).copy)
}

// NewestCases lists at most limit of the support cases that q chooses, the newest first, and pages as
// [World.NewestAgreements] does.
func (w *World) NewestCases(q CaseQuery, before, limit int) (page []Case, next int) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return newest(w.cases.order, before, limit, q.wants, (*Case).copy)
}

// Case finds a support case; otherwise fail.NotFound.
func (w *World) Case(id string) (Case, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	c, ok := w.cases.byID[id]
	if !ok {
		return Case{}, unknownCase(id)
	}
	return c.copy(), nil
}
