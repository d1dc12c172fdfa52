package console

import (
	"fmt"
	"math"
	"strconv"

	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/metering"
	"souk.dev/souk/internal/gateway/usage"
	"souk.dev/souk/internal/webui"
)

// chart is one dimension's usage by hour as stacked bars.
type chart struct {
	ID, Name, Unit string
	Total          string // accepted in all hours shown
	Bars           []bar
	Grid           []gridLine
	Ticks          []tick
	Legend         []part
}

// bar is one hour.
type bar struct {
	X, W  string
	Says  string
	Parts []part
}

// part is one colour of a bar, or of the legend.
type part struct{ Class, Label, Y, H string }

type gridLine struct{ Y, TextY, Label string }

type tick struct{ X, Label string }

// The drawing's measures, in units of its view box (see pages/license.html).
const (
	chartWidth, chartHeight = 960.0, 170.0
	chartLeft, chartTop     = 52.0, 18.0
	chartRight, chartBottom = 8.0, 24.0
)

// kinds of what became of an hour's usage, from the bottom of a bar to its top. What was carried on to a later hour is not
// drawn: it is drawn where it arrives.
var kinds = []struct {
	class, label string
	of           func(metering.HourUsage) usage.Quantity
}{
	{"fill-honoured", "Honoured by AWS", func(u metering.HourUsage) usage.Quantity { return u.Honoured }},
	{"fill-covered", "Bought in advance", func(u metering.HourUsage) usage.Quantity { return u.Covered }},
	{"fill-sealed", "Sealed, on its way", func(u metering.HourUsage) usage.Quantity {
		if u.Honoured.IsZero() && u.Unbillable.IsZero() && u.Carried.Less(u.Sealed) {
			return u.Sealed
		}
		return usage.Quantity{}
	}},
	{"fill-open", "The hour is open", func(u metering.HourUsage) usage.Quantity { return u.Open }},
	{"fill-unbillable", "Not billable", func(u metering.HourUsage) usage.Quantity { return u.Unbillable }},
}

// chartsOf draws one chart for each dimension that was used, in the order in which they come up.
func chartsOf(used []metering.HourUsage, product core.Product, from, to core.Hour) (charts []chart) {
	byDimension := map[core.Dimension][]metering.HourUsage{}
	var order []core.Dimension
	for _, u := range used {
		if byDimension[u.Dimension] == nil {
			order = append(order, u.Dimension)
		}
		byDimension[u.Dimension] = append(byDimension[u.Dimension], u)
	}
	for i, d := range order {
		m := product.Measure(d)
		charts = append(charts, chartOf(fmt.Sprint("chart-", i), nameOf(m), m.Unit, byDimension[d], from, to))
	}
	return charts
}

func chartOf(id, name, unit string, hours []metering.HourUsage, from, to core.Hour) chart {
	c := chart{ID: id, Name: name, Unit: unit}
	var total usage.Quantity
	top := 0.0
	shown := map[string]bool{}
	for _, u := range hours {
		total = total.Add(u.Accepted)
		sum := 0.0
		for _, k := range kinds {
			if v := number(k.of(u)); v > 0 {
				sum += v
				shown[k.class] = true
			}
		}
		top = max(top, sum)
	}
	c.Total = total.String()
	for _, k := range kinds {
		if shown[k.class] {
			c.Legend = append(c.Legend, part{Class: k.class, Label: k.label})
		}
	}
	step := roundStep(top / 3)
	scale := math.Max(step, math.Ceil(top/step)*step)
	height := func(v float64) float64 { return v / scale * (chartHeight - chartTop - chartBottom) }
	base := chartHeight - chartBottom
	for v := 0.0; v <= scale+step/2; v += step {
		y := base - height(v)
		c.Grid = append(c.Grid, gridLine{coordinate(y), coordinate(y + 4), webui.Quantity(strconv.FormatFloat(v, 'f', -1, 64))})
	}
	width := (chartWidth - chartLeft - chartRight) / float64(to-from+1)
	at := func(h core.Hour) float64 { return chartLeft + float64(h-from)*width }
	for _, u := range hours {
		b := bar{X: coordinate(at(u.Hour) + width*.1), W: coordinate(width * .8), Says: u.Hour.Start().Format("2 Jan, 15:04 UTC")}
		y := base
		for _, k := range kinds {
			q := k.of(u)
			if q.IsZero() {
				continue
			}
			h := math.Max(height(number(q)), .6)
			y -= h
			b.Parts = append(b.Parts, part{k.class, k.label, coordinate(y), coordinate(h)})
			b.Says += "; " + k.label + ": " + webui.Quantity(q.String())
		}
		if len(b.Parts) > 0 {
			c.Bars = append(c.Bars, b)
		}
	}
	c.Ticks = ticks(from, to, at)
	return c
}

// ticks name days, or every sixth hour of a short stretch.
func ticks(from, to core.Hour, at func(core.Hour) float64) (all []tick) {
	every, layout := 6, "15:04"
	if to-from > 3*24 {
		every, layout = 24, "2 Jan"
	}
	days := int(to-from)/24/10 + 1
	for h := from; h <= to; h++ {
		t := h.Start()
		if t.Hour()%every != 0 || every == 24 && int(t.Unix()/86400)%days != 0 {
			continue
		}
		label := t.Format(layout)
		if every < 24 && t.Hour() == 0 {
			label = t.Format("2 Jan")
		}
		if x := at(h); x < chartWidth-chartRight-20 {
			all = append(all, tick{coordinate(x), label})
		}
	}
	return all
}

// roundStep is the next of 1, 2 and 5, times a power of ten, from v on.
func roundStep(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, n := range []float64{1, 2, 5} {
		if v <= n*power {
			return n * power
		}
	}
	return 10 * power
}

// number is q as a drawing needs it; the exact one is written beside it.
func number(q usage.Quantity) float64 {
	v, _ := strconv.ParseFloat(q.String(), 64)
	return v
}

func coordinate(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
