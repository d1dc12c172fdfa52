package webui

import (
	"fmt"
	"strconv"
)

// Bars is a small chart of amounts side by side, such as the days of a month, for {{template "ui-bars" .}}. It is drawn by
// the server and needs no script; what it says stands in words, too, for who cannot see it.
type Bars struct {
	What string // what is shown, such as "Pages typeset"
	Unit string // may be empty
	Bars []Bar
}

// Bar is one amount.
type Bar struct {
	Label  string // such as "5 Nov"
	Amount string // a decimal
}

// Height and pitch of a chart, in units of its own: it is stretched to the width of its place.
const (
	barsHeight = 48.0
	barsPitch  = 10.0
	barsWidth  = 7.0
)

// Column is where one bar stands, for the template.
type Column struct {
	X, Y, Width, Height string
	Says                string
}

// Box is the SVG's viewBox.
func (b Bars) Box() string {
	return fmt.Sprintf("0 0 %g %g", barsPitch*float64(len(b.Bars)), barsHeight)
}

// most is the greatest amount, and whose it is; nobody's where there is none above 0.
func (b Bars) most() (value float64, at int) {
	at = -1
	for i, bar := range b.Bars {
		if v, err := strconv.ParseFloat(bar.Amount, 64); err == nil && v > value {
			value, at = v, i
		}
	}
	return value, at
}

// Says is the chart in words.
func (b Bars) Says() string {
	_, at := b.most()
	if at < 0 {
		return b.What + ": nothing yet"
	}
	return fmt.Sprintf("%s, from %s to %s; the most is %s on %s", b.What, b.Bars[0].Label, b.Bars[len(b.Bars)-1].Label, b.amount(at), b.Bars[at].Label)
}

func (b Bars) amount(i int) string {
	text := Quantity(b.Bars[i].Amount)
	if b.Unit != "" {
		text += " " + b.Unit
	}
	return text
}

// Columns are the bars, each as high as its amount is beside the greatest. What is little is still seen.
func (b Bars) Columns() []Column {
	most, _ := b.most()
	columns := make([]Column, 0, len(b.Bars))
	for i, bar := range b.Bars {
		v, err := strconv.ParseFloat(bar.Amount, 64)
		h := 0.6 // nothing: a line on the ground
		if err == nil && v > 0 && most > 0 {
			h = max(2, v/most*barsHeight)
		}
		number := func(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }
		columns = append(columns, Column{X: number(float64(i)*barsPitch + (barsPitch-barsWidth)/2), Y: number(barsHeight - h), Width: number(barsWidth), Height: number(h),
			Says: bar.Label + ": " + b.amount(i)})
	}
	return columns
}

// First and Last are the labels under the chart's ends.
func (b Bars) First() string { return b.Bars[0].Label }

// Last is the label under the right end.
func (b Bars) Last() string { return b.Bars[len(b.Bars)-1].Label }
