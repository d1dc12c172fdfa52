package seal

import (
	"bytes"
	"testing"

	"souk.dev/souk/internal/clock"
)

// The processes of one gateway have the same key for a purpose, also after it was rotated by one of them; another purpose has
// another key.
func TestProcessesShareKeysForAPurpose(t *testing.T) {
	m := &memory{text: map[string]string{}}
	a, b := newBox(t, m, clock.NewVirtual(noon)), newBox(t, m, clock.NewVirtual(noon))
	first, firstKey, err := a.NewestKey("nodes")
	if err != nil || len(firstKey) != keyBytes {
		t.Fatalf("%d bytes, %v", len(firstKey), err)
	}
	if err := a.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	second, secondKey, err := a.NewestKey("nodes")
	if err != nil || second == first || bytes.Equal(firstKey, secondKey) {
		t.Fatalf("the key was not rotated: %v", err)
	}
	for id, want := range map[uint32][]byte{first: firstKey, second: secondKey} {
		if got, err := b.KeyCalled(t.Context(), "nodes", id); err != nil || !bytes.Equal(got, want) {
			t.Errorf("the other process has %x, want %x, %v", got, want, err)
		}
		if got, err := b.KeyCalled(t.Context(), "else", id); err != nil || got == nil || bytes.Equal(got, want) {
			t.Errorf("another purpose has %x, %v", got, err)
		}
	}
	if got, err := b.KeyCalled(t.Context(), "nodes", first+second+1); err != nil || got != nil {
		t.Errorf("a key that nobody has made: %x, %v", got, err)
	}
}
