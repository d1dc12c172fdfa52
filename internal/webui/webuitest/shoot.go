package webuitest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"souk.dev/souk/test/chromium"
)

// Camera takes pictures of pages with a headless Chromium.
type Camera struct{ ctx context.Context }

// NewCamera starts a browser that lives as long as the test; see [chromium.Start].
func NewCamera(t testing.TB) *Camera {
	t.Helper()
	return &Camera{chromium.Start(t, chromedp.Flag("hide-scrollbars", true))}
}

// Shot is one picture of one page, whole from top to bottom.
type Shot struct {
	URL   string
	File  string // a PNG
	Width int64  // CSS pixels
	Dark  bool
}

// Take takes s.
func (c *Camera) Take(t testing.TB, s Shot) {
	t.Helper()
	mode := "light"
	if s.Dark {
		mode = "dark"
	}
	ctx, cancel := context.WithTimeout(c.ctx, chromium.Patience)
	defer cancel()
	look := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: mode}}}
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, look)
	if err == nil {
		err = chromedp.Do(ctx, chromedp.EmulateViewport(s.Width, 800), chromedp.Navigate(s.URL))
	}
	var shot []byte
	if err == nil {
		shot, err = chromedp.Run(ctx, chromedp.FullScreenshot(100))
	}
	if err != nil {
		t.Fatalf("take a picture of %s: %v", s.URL, err)
	}
	small, err := shrink(shot)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(s.File), 0o755)
	}
	if err == nil {
		err = os.WriteFile(s.File, small, 0o644)
	}
	if err != nil {
		t.Fatalf("keep the picture of %s: %v", s.URL, err)
	}
}

// tallest is where the picture of a long page is cut off, in pixels.
const tallest = 2200

// shrink writes a picture with a palette: pages are flat, and a third of the size remains.
func shrink(in []byte) ([]byte, error) {
	img, err := png.Decode(bytes.NewReader(in))
	if err != nil {
		return nil, fmt.Errorf("decode the picture: %w", err)
	}
	b := img.Bounds()
	b.Max.Y = min(b.Max.Y, b.Min.Y+tallest)
	count := map[color.NRGBA]int{}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			count[color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)]++
		}
	}
	frequent := make([]color.NRGBA, 0, len(count))
	for c := range count {
		frequent = append(frequent, c)
	}
	slices.SortFunc(frequent, func(a, b color.NRGBA) int { // always in one order, so that the same page is the same file
		return cmp.Or(count[b]-count[a], cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B), cmp.Compare(a.A, b.A))
	})
	palette := distinct(frequent)
	nearest := map[color.NRGBA]uint8{}
	out := image.NewPaletted(b, palette)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			i, ok := nearest[c]
			if !ok {
				i = uint8(palette.Index(c))
				nearest[c] = i
			}
			out.SetColorIndex(x, y, i)
		}
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, out); err != nil {
		return nil, fmt.Errorf("encode the picture: %w", err)
	}
	return small.Bytes(), nil
}

// distinct is the palette of the colours given, the first ones first, without those that the eye takes for one that is
// in it already: so the many shades at the edges of letters leave room for a colour that is seldom.
func distinct(colours []color.NRGBA) color.Palette {
	var palette color.Palette
	var chosen []color.NRGBA
	for _, c := range colours {
		if len(palette) == 256 {
			break
		}
		if !slices.ContainsFunc(chosen, func(d color.NRGBA) bool { return apart(c, d) < 9 }) {
			chosen, palette = append(chosen, c), append(palette, c)
		}
	}
	return palette
}

// apart is how far two colours are from each other, in steps of their components.
func apart(a, b color.NRGBA) int {
	step := func(x, y uint8) int { return max(int(x), int(y)) - min(int(x), int(y)) }
	return step(a.R, b.R) + step(a.G, b.G) + step(a.B, b.B)
}
