package threshold

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/usage"
)

// CustomerBudget is one that a customer has set for one of their subscriptions.
type CustomerBudget struct {
	License   core.LicenseID
	Dimension core.Dimension // empty: money, for the usage of all dimensions together
	Most      usage.Quantity // a calendar month, in units that AWS bills, or in Currency
	Currency  string         // of money; empty for units
	By        core.PersonID  // who set it
	At        time.Time
}

// Prices tells what usage costs. It is fulfilled by *agreement.Service.
type Prices interface {
	// UnitPrice is what AWS charges l's buyer for a unit of d, a decimal of currency; ok is false where that cannot be told: AWS was
	// not asked yet, or the agreement has no price for it, or several.
	UnitPrice(ctx context.Context, l *license.License, d core.Dimension) (price, currency string, ok bool, err error)
}

// SetBudget keeps a customer's budget for a calendar month, instead of the one before: of dimension, or of money where that is empty.
// They are told by mail when half of it, four fifths, and all of it are used; nothing stops there.
//
// Errors: fail.Invalid for what is no amount, for a dimension that is not metered, and for money where not every dimension's price
// can be told.
func (w *Watch) SetBudget(ctx context.Context, l license.License, dimension core.Dimension, amount string, by core.PersonID) error {
	most, err := usage.ParseQuantity(amount)
	if err != nil || most.IsZero() {
		return fail.New(fail.Invalid, "budget", "Enter how much a month, a number above 0 such as 250 or 12.50.")
	}
	b := CustomerBudget{License: l.ID, Dimension: dimension, Most: most, By: by, At: w.cfg.Clock.Now()}
	if dimension == "" {
		if b.Currency, err = w.Currency(ctx, l); err != nil {
			return err
		}
	} else if _, ok := w.cfg.Products.Metered(l.ProductCode, dimension); !ok {
		return fail.New(fail.Invalid, "budget_dimension", "Choose what the budget is for.")
	}
	if err := w.cfg.Store.PutBudget(ctx, b); err != nil {
		return fmt.Errorf("keep a budget of licence %s: %w", l.ID, err)
	}
	w.cfg.Bell.Ring()
	return nil
}

// DropBudget forgets a budget of l; where there is none, nothing happens.
func (w *Watch) DropBudget(ctx context.Context, l license.License, dimension core.Dimension) error {
	return w.cfg.Store.DropBudget(ctx, l.ID, dimension)
}

// Currency is that of a budget of money for l.
//
// Errors: fail.Invalid, code no_price, where what its usage costs cannot be told.
func (w *Watch) Currency(ctx context.Context, l license.License) (currency string, err error) {
	none := fail.New(fail.Invalid, "no_price", "What your usage costs cannot be told here: your agreement has no single price for each unit. Set a budget in units.")
	for _, m := range w.cfg.Products.Product(l.ProductCode).Dimensions {
		_, is, ok, err := w.price(ctx, &l, m.Key)
		if err != nil {
			return "", err
		}
		if !ok || currency != "" && is != currency {
			return "", none
		}
		currency = is
	}
	if currency == "" {
		return "", none
	}
	return currency, nil
}

// price is what a unit of d costs l's buyer. Of what was bought in advance as well, some units cost nothing more: that cannot be told.
func (w *Watch) price(ctx context.Context, l *license.License, d core.Dimension) (price decimal.Decimal, currency string, ok bool, err error) {
	if c, known := w.cfg.Ledger.Consumed(l, d, w.cfg.Clock.Now()); known && !c.Bought.IsZero() {
		return price, "", false, nil
	}
	text, currency, ok, err := w.cfg.Prices.UnitPrice(ctx, l, d)
	if err != nil || !ok {
		return price, "", false, err
	}
	price, err = decimal.NewFromString(text)
	if err != nil || price.IsNegative() {
		return price, "", false, nil
	}
	return price, currency, true, nil
}

// spent is what used costs in currency; ok is false where that cannot be told any more.
func (w *Watch) spent(ctx context.Context, l *license.License, used map[core.Dimension]usage.Quantity, currency string) (sum usage.Quantity, ok bool, err error) {
	total := decimal.Zero
	for d, q := range used {
		if q.IsZero() {
			continue
		}
		price, is, ok, err := w.price(ctx, l, d)
		if err != nil || !ok || is != currency {
			return sum, false, err
		}
		n, err := decimal.NewFromString(q.String())
		if err != nil {
			return sum, false, fmt.Errorf("read a quantity of licence %s: %w", l.ID, err)
		}
		total = total.Add(n.Mul(price))
	}
	if err := sum.UnmarshalText([]byte(total.Truncate(12).String())); err != nil {
		return sum, false, fmt.Errorf("add up what licence %s has spent: %w", l.ID, err)
	}
	return sum, true, nil
}

// BudgetsOf tells how far the budgets are used up that l's customer has set. One of money whose usage has no price any more is left
// out.
func (w *Watch) BudgetsOf(ctx context.Context, l license.License) ([]Gauge, error) {
	budgets, err := w.cfg.Store.Budgets(ctx, l.ID)
	if err != nil || len(budgets) == 0 {
		return nil, err
	}
	now := w.cfg.Clock.Now()
	used, err := w.month(ctx, l.ID, now)
	if err != nil {
		return nil, err
	}
	return w.customers(ctx, &l, budgets, used, now)
}

func (w *Watch) month(ctx context.Context, id core.LicenseID, now time.Time) (map[core.Dimension]usage.Quantity, error) {
	used, err := w.cfg.Ledger.MonthToDate(ctx, id, now)
	if err != nil {
		return nil, fmt.Errorf("add up the month of licence %s: %w", id, err)
	}
	return used, nil
}

// customers are the gauges of a customer's budgets for the month of now, in which used was used.
func (w *Watch) customers(ctx context.Context, l *license.License, budgets []CustomerBudget, used map[core.Dimension]usage.Quantity, now time.Time) (gs []Gauge, err error) {
	first := metering.FirstOfMonth(now)
	for _, b := range budgets {
		g := Gauge{Limit: Limit{l.ID, b.Dimension, Budget, first.Format("2006-01"), b.Most}, Used: used[b.Dimension], Until: first.AddDate(0, 1, 0), Currency: b.Currency}
		if b.Currency != "" {
			spent, ok, err := w.spent(ctx, l, used, b.Currency)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			g.Used = spent
		}
		gs = append(gs, g)
	}
	return gs, nil
}
