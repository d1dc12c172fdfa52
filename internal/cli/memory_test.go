package cli

import "testing"

func TestAmountsOfMemory(t *testing.T) {
	for text, want := range map[string]int64{"1MiB": 1 << 20, "512MiB": 512 << 20, "4GiB": 4 << 30, "2TiB": 2 << 40, "8388607TiB": 8388607 << 40} {
		var m memoryValue
		if err := m.Set(text); err != nil || int64(m) != want || m.String() != text {
			t.Errorf("%s: %s, %v", text, &m, err)
		}
	}
	for _, text := range []string{"", "MiB", "0MiB", "-1GiB", "1.5GiB", "1 GiB", "4GB", "4g", "4096", "1KiB", "8388608TiB", "99999999999999999999MiB"} {
		var m memoryValue
		if err := m.Set(text); err == nil || m != 0 {
			t.Errorf("%q was taken as %d", text, int64(m))
		}
	}
	if m := memoryValue(1536 << 20); m.String() != "1536MiB" {
		t.Error(m.String())
	}
}

// FuzzMemory takes any text for an amount: what is not refused is told in the same words as it is read.
func FuzzMemory(f *testing.F) {
	for _, text := range []string{"", "1MiB", "4GiB", "-3TiB", "+1GiB", "007MiB"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var m, again memoryValue
		if m.Set(text) != nil {
			return
		}
		if err := again.Set(m.String()); m <= 0 || err != nil || again != m {
			t.Errorf("%q is %d, told as %s: %d, %v", text, int64(m), &m, int64(again), err)
		}
	})
}
