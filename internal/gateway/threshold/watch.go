package threshold

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/outbox"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/job"
)

// every is how long lies between two looks at least, in business time.
const every = 5 * time.Minute

// Ledger tells how much was used. It is fulfilled by *metering.Engine.
type Ledger interface {
	// Consumed tells how far what was bought of a dimension is used up; known is false where that cannot be told. It answers
	// from memory.
	Consumed(l *license.License, d core.Dimension, now time.Time) (c metering.Consumption, known bool)
	// MonthToDate tells what was used in the calendar month of now, by dimension, in units that AWS bills.
	MonthToDate(ctx context.Context, id core.LicenseID, now time.Time) (map[core.Dimension]usage.Quantity, error)
}

// Bought tells what AWS lists of a licence. It is fulfilled by *entitlement.Keeper.
type Bought interface {
	Known(l license.License) (entitlement.Knowledge, bool)
}

// Hours tells which hours are closed: with one, what a level comes to grows though nothing rings. It is fulfilled by
// *usage.Intake.
type Hours interface {
	Closed(scope core.LicenseID) core.Hour
}

// Store keeps what was told.
type Store interface {
	// ReachThreshold keeps, in one step, that percent of limit was reached at the instant and what is to be told of it. Where
	// as much was reached before, nothing happens and told is false.
	ReachThreshold(ctx context.Context, limit Limit, percent int, at time.Time, tell outbox.Event) (told bool, err error)

	// PutBudget keeps a customer's budget, instead of the one of its licence and dimension that there is.
	PutBudget(ctx context.Context, b CustomerBudget) error
	// DropBudget forgets one; where there is none, nothing happens.
	DropBudget(ctx context.Context, id core.LicenseID, d core.Dimension) error
	// Budgets lists those of a licence, or with an empty id all, by licence and dimension.
	Budgets(ctx context.Context, id core.LicenseID) ([]CustomerBudget, error)
}

// Config is what a watch is made of.
type Config struct {
	Store    Store
	Ledger   Ledger
	Hours    Hours
	Bought   Bought
	Licenses license.Directory
	Products core.Catalogue // with the seller's budgets
	Prices   Prices
	Bell     *Bell
	Clock    clock.Clock
	Log      *slog.Logger
	Wake     func() // makes the outbox look again at what is due; may be nil
}

// Watch looks at usage. Make it with [New].
type Watch struct {
	cfg     Config
	budgets map[core.ProductCode]map[core.Dimension]usage.Quantity

	// Only the job touches these.
	at     time.Time     // the earliest instant of the next look
	closed core.Hour     // the newest closed hour at the last look
	told   map[Limit]int // the highest threshold of each limit that is known to be told
}

// New makes a watch.
//
// Errors: fail.Invalid for a budget that is no quantity.
func New(cfg Config) (*Watch, error) {
	if cfg.Wake == nil {
		cfg.Wake = func() {}
	}
	w := &Watch{cfg: cfg, budgets: map[core.ProductCode]map[core.Dimension]usage.Quantity{}}
	for _, p := range cfg.Products {
		for _, m := range p.Dimensions {
			if m.Budget == "" {
				continue
			}
			q, err := ParseBudget(m.Budget)
			if err != nil {
				return nil, fmt.Errorf("the dimension %s of %s: %w", m.Key, p.Code, err)
			}
			if w.budgets[p.Code] == nil {
				w.budgets[p.Code] = map[core.Dimension]usage.Quantity{}
			}
			w.budgets[p.Code][m.Key] = q
		}
	}
	return w, nil
}

// ParseBudget reads a budget: a decimal above 0, in units that AWS bills.
//
// Errors: fail.Invalid.
func ParseBudget(text string) (usage.Quantity, error) {
	q, err := usage.ParseQuantity(text)
	if err != nil || q.IsZero() {
		return usage.Quantity{}, fail.New(fail.Invalid, "budget", "%.40q cannot be a budget; write how many units a month, a decimal above 0.", text)
	}
	return q, nil
}

// Job looks when usage has grown, or an hour was closed.
func (w *Watch) Job() job.Job { return job.Job{Name: "thresholds", Due: w.due, Run: w.look} }

func (w *Watch) due(context.Context) (time.Time, bool, error) {
	return w.at, w.cfg.Bell.rung() || w.cfg.Hours.Closed("") != w.closed, nil
}

// look reads every gauge, and has told what was reached since it was last told.
func (w *Watch) look(ctx context.Context) (did bool, err error) {
	w.cfg.Bell.quiet() // before it is looked: what comes meanwhile rings again
	now, closed, told := w.cfg.Clock.Now(), w.cfg.Hours.Closed(""), map[Limit]int{}
	defer func() {
		if err != nil {
			w.cfg.Bell.Ring()
		}
	}()
	customers, err := w.cfg.Store.Budgets(ctx, "")
	if err != nil {
		return false, fmt.Errorf("read the customers' budgets: %w", err)
	}
	of := map[core.LicenseID][]CustomerBudget{}
	for _, b := range customers {
		of[b.License] = append(of[b.License], b)
	}
	for l := range w.cfg.Licenses.All {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if !l.Standing.Access() {
			continue
		}
		gauges, err := w.gauges(ctx, &l, of[l.ID], now)
		if err != nil {
			return false, err
		}
		for _, g := range gauges {
			p := g.percent()
			if before := w.told[g.Limit]; p > before {
				if err := w.reach(ctx, g, p, l.Account, now); err != nil {
					return false, err
				}
			} else {
				p = before
			}
			if p > 0 {
				told[g.Limit] = p
			}
		}
	}
	w.told, w.closed, w.at = told, closed, now.Add(every)
	return true, nil
}

// gauges are those of one licence, whose customer has set budgets of their own.
func (w *Watch) gauges(ctx context.Context, l *license.License, own []CustomerBudget, now time.Time) (gs []Gauge, err error) {
	if known, ok := w.cfg.Bought.Known(*l); ok {
		var last core.Dimension
		for _, e := range known.Entitlements { // in the order of their dimensions
			if e.Dimension == last {
				continue
			}
			last = e.Dimension
			if c, known := w.cfg.Ledger.Consumed(l, e.Dimension, now); known && !c.Bought.IsZero() {
				gs = append(gs, Gauge{Limit: Limit{l.ID, e.Dimension, Entitlement, c.Period, c.Bought}, Used: c.Used, Until: c.Until})
			}
		}
	}
	budgets := w.budgets[l.ProductCode]
	if len(budgets)+len(own) == 0 {
		return gs, nil
	}
	used, err := w.month(ctx, l.ID, now)
	if err != nil {
		return nil, err
	}
	first := metering.FirstOfMonth(now)
	for d, most := range budgets {
		gs = append(gs, Gauge{Limit: Limit{l.ID, d, Budget, first.Format("2006-01"), most}, Used: used[d], Until: first.AddDate(0, 1, 0)})
	}
	theirs, err := w.customers(ctx, l, own, used, now)
	return append(gs, theirs...), err
}

func (w *Watch) reach(ctx context.Context, g Gauge, percent int, account core.AccountID, now time.Time) error {
	told, err := w.cfg.Store.ReachThreshold(ctx, g.Limit, percent, now, g.tidings(percent, account, now))
	if err != nil {
		return fmt.Errorf("keep that %d %% of a limit of licence %s was reached: %w", percent, g.License, err)
	}
	if told {
		w.cfg.Log.InfoContext(ctx, "usage has reached a threshold", "license", g.License, "dimension", g.Dimension, "of", g.Of, "percent", percent)
		w.cfg.Wake()
	}
	return nil
}
