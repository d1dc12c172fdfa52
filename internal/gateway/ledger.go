package gateway

import (
	"cmp"
	"context"
	"time"

	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/api"
	"souk.dev/souk/internal/gateway/awsapi"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/entitlement"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/portal"
	"souk.dev/souk/internal/gateway/statement"
	"souk.dev/souk/internal/gateway/store"
	"souk.dev/souk/internal/gateway/threshold"
	"souk.dev/souk/internal/gateway/usage"
)

// openLedger makes what takes usage and what bills it. bell is rung when usage has grown.
func (g *Gateway) openLedger(ctx context.Context, c Config, cfg awsapi.Config, book *license.Book, bought *entitlement.Keeper, resync *agreement.Service, bell *threshold.Bell) (*usage.Intake, *metering.Engine, error) {
	if err := usage.CheckKeeping(c.KeepEvents, c.KeepIDs); err != nil {
		return nil, nil, err
	}
	log := store.NewUsage(g.db)
	events, err := usage.New(ctx, usage.Config{Store: log, Licenses: book, Products: c.Products, Clock: g.clk, Log: c.Log,
		KeepEvents: c.KeepEvents, KeepIDs: c.KeepIDs, IDsMemory: cmp.Or(c.IDsMemory, idsMemory()), Wake: func(string) { g.wake() }, Grown: bell.Ring})
	if err != nil {
		return nil, nil, err
	}
	engine, err := metering.New(ctx, metering.Config{
		Store: store.NewMetering(g.db), Intake: events, Log: log, Licenses: book, Products: c.Products, Allowances: allowances{bought},
		Meter: awsapi.NewMeter(cfg), Clock: g.clk, Logger: c.Log,
		SettleTime: c.SettleTime, FinalMargin: c.FinalMargin, KeepRequests: c.KeepEvents,
		Refused: book.Refused, Doubted: resync.Doubted, Wake: func(string) { g.wake() },
	})
	return events, engine, err
}

// allowances tells the ledger what was bought in advance.
type allowances struct{ keeper *entitlement.Keeper }

// Allowance implements [metering.Allowances].
func (a allowances) Allowance(l license.License, d core.Dimension) (metering.Allowance, bool) {
	v, until, known, advance := a.keeper.Bought(l, d)
	units, unlimited := v.Amount()
	return metering.Allowance{Known: known, Units: units, Unlimited: unlimited, Until: until}, advance
}

// counted tells the metrics of the events that go through it.
type counted struct {
	*usage.Intake
	metrics *api.Metrics
}

func (c counted) Accept(ctx context.Context, source string, events []usage.Event) (usage.Result, error) {
	res, err := c.Intake.Accept(ctx, source, events)
	if err == nil {
		c.count(res)
	}
	return res, err
}

// AcceptBundle implements [relay.Taker].
func (c counted) AcceptBundle(ctx context.Context, bundle []byte) (answers []usage.Answer, keys []string, err error) {
	answers, keys, err = c.Intake.AcceptBundle(ctx, bundle)
	for _, a := range answers {
		if a.Err == nil {
			c.count(a.Result)
		}
	}
	return answers, keys, err
}

func (c counted) count(res usage.Result) {
	c.metrics.Events("accepted", res.Accepted)
	c.metrics.Events("duplicate", res.Duplicates)
	for _, r := range res.Rejected {
		c.metrics.Events(r.Code, 1)
	}
}

// tellFilters tells how much of what repetitions are told by is in memory.
func tellFilters(metrics *api.Metrics, events *usage.Intake) {
	metrics.Gauges("souk_usage_filter_bytes", "Filters of the ids of usage events, by place: all of them are in the database, some in memory too.", "place", func(context.Context) (map[string]int64, error) {
		f := events.Filters()
		return map[string]int64{"memory": f.Memory, "database": f.Disk}, nil
	})
	metrics.Counter("souk_usage_filter_pages_read_total", "Pages of filters, of 4 KiB, that were read because a new event was looked for in what is not in memory.", func() float64 {
		return float64(events.Filters().Read)
	})
}

// months tells the portal what a licence has used in a month.
type months struct {
	engine *metering.Engine
	book   *license.Book
}

// Month implements [portal.Usage].
func (m months) Month(ctx context.Context, id core.LicenseID, at time.Time) ([]portal.DimensionUsage, error) {
	at = at.UTC()
	first := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
	rows, err := m.engine.Usage(ctx, id, core.HourOf(first), core.HourOf(first.AddDate(0, 1, 0))-1)
	if err != nil {
		return nil, err
	}
	var sums []portal.DimensionUsage
	total, byDay := map[core.Dimension]usage.Quantity{}, map[core.Dimension]*[32]usage.Quantity{}
	for _, r := range rows {
		if byDay[r.Dimension] == nil {
			sums, byDay[r.Dimension] = append(sums, portal.DimensionUsage{Dimension: r.Dimension}), new([32]usage.Quantity)
		}
		total[r.Dimension] = total[r.Dimension].Add(r.Accepted)
		day := &byDay[r.Dimension][r.Hour.Start().Day()]
		*day = day.Add(r.Accepted)
	}
	l, _ := m.book.ByID(id)
	for i, s := range sums {
		sums[i].Quantity = m.engine.InUnits(l.ProductCode, s.Dimension, total[s.Dimension])
		for _, q := range byDay[s.Dimension][1 : at.Day()+1] {
			sums[i].ByDay = append(sums[i].ByDay, m.engine.InUnits(l.ProductCode, s.Dimension, q))
		}
	}
	return sums, nil
}

// statements makes them for the portal.
type statements struct{ maker statement.Maker }

// Statement implements [portal.Statements].
func (s statements) Statement(ctx context.Context, l license.License, month string, now time.Time) ([]byte, error) {
	m, err := statement.ParseMonth(month)
	if err != nil {
		return nil, err
	}
	made, err := s.maker.Make(ctx, l, m, now)
	if err != nil {
		return nil, err
	}
	return made.CSV()
}
