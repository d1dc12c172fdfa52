package webui

import (
	"fmt"
	"math"
	"strconv"
)

// colour is an sRGB colour, each part from 0 to 1.
type colour [3]float64

// parseColour reads "#rrggbb".
func parseColour(s string) (colour, error) {
	if len(s) != 7 || s[0] != '#' {
		return colour{}, fmt.Errorf("colour %q is not written like #1f6feb", s)
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return colour{}, fmt.Errorf("colour %q is not written like #1f6feb", s)
	}
	return colour{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}, nil
}

// mustColour is for colours written in this package.
func mustColour(s string) colour {
	c, err := parseColour(s)
	if err != nil {
		panic(err)
	}
	return c
}

// String is the colour as "#rrggbb".
func (c colour) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(math.Round(c[0]*255)), int(math.Round(c[1]*255)), int(math.Round(c[2]*255)))
}

// luminance is the relative luminance, 0 (black) to 1 (white), of WCAG 2.2.
func (c colour) luminance() float64 {
	lin := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(c[0]) + 0.7152*lin(c[1]) + 0.0722*lin(c[2])
}

// contrast is the contrast ratio of WCAG 2.2, 1 to 21.
func contrast(a, b colour) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// mix is c with share of d in it: 0 is c, 1 is d, less than 0 leads away from d.
func (c colour) mix(d colour, share float64) colour {
	var out colour
	for i := range c {
		out[i] = min(max(c[i]*(1-share)+d[i]*share, 0), 1)
	}
	return out
}

var (
	black = colour{0, 0, 0}
	white = colour{1, 1, 1}
)

// readableOn moves c towards ink, no further than needed, until text in it has at least the given contrast on ground.
// A seller may choose any colour; what is written in it stays legible.
func (c colour) readableOn(ground, ink colour, ratio float64) colour {
	for share := 0.0; share < 1; share += 0.02 {
		if m := c.mix(ink, share); contrast(m, ground) >= ratio {
			return m
		}
	}
	return ink
}

// inkOn is black or white, whichever reads better on c.
func inkOn(c colour) colour {
	if contrast(white, c) >= contrast(black, c) {
		return white
	}
	return black
}
