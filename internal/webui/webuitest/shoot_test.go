package webuitest

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"
)

// The same picture is always the same file, however many of its colours are equally frequent.
func TestAPictureIsAlwaysTheSameFile(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			img.SetNRGBA(x, y, color.NRGBA{R: uint8(4 * x), G: uint8(4 * y), B: uint8(x * y), A: 255})
		}
	}
	var whole bytes.Buffer
	if err := png.Encode(&whole, img); err != nil {
		t.Fatal(err)
	}
	first, err := shrink(whole.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if again, err := shrink(whole.Bytes()); err != nil || !bytes.Equal(again, first) {
			t.Fatalf("%d bytes, and then %d: %v", len(first), len(again), err)
		}
	}
}
