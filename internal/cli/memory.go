package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// memoryValue is a setting that is an amount of memory, in bytes; 0 leaves the default to what uses it.
type memoryValue int64

// memoryUnits are what amounts may be given in, the largest first.
var memoryUnits = []struct {
	name  string
	bytes int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}}

func (m *memoryValue) Type() string { return "memory" }
func (m *memoryValue) String() string {
	if *m == 0 {
		return ""
	}
	for _, u := range memoryUnits {
		if int64(*m)%u.bytes == 0 {
			return fmt.Sprint(int64(*m)/u.bytes, u.name)
		}
	}
	return fmt.Sprint(int64(*m)) // no text makes such a value
}
func (m *memoryValue) Set(s string) error {
	for _, u := range memoryUnits {
		text, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 && n <= math.MaxInt64/u.bytes {
			*m = memoryValue(n * u.bytes)
			return nil
		}
	}
	return fmt.Errorf("%q is not an amount of memory such as 512MiB or 4GiB", s)
}
