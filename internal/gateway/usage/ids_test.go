package usage

import (
	"crypto/sha256"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func keyNo(i int) idKey {
	sum := sha256.Sum256([]byte(fmt.Sprint(i)))
	return idKey(sum[:16])
}

func TestIDsLeaveATableInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, gone := rapid.IntRange(0, 3000).Draw(t, "ids"), rapid.IntRange(0, 50).Draw(t, "gone")
		var table idTable
		for i := range n {
			k := keyNo(i)
			if i%3 == 0 { // many that want the last places
				k[0], k[1] = 7, math.MaxUint8
			}
			first := idSlot{k, uint32(i), uint32(2 * i)}
			table.put(first)
			table.put(idSlot{k, math.MaxUint32, 1}) // known: it stays as it is
			if id, ok := table.get(k); !ok || id != first {
				t.Fatalf("id %d is %v, %t", i, id, ok)
			}
		}
		var keys []idKey
		for i := 1; i < min(n, gone); i += 3 {
			keys = append(keys, keyNo(i))
		}
		table.remove(keys)
		var last idKey
		seen := 0
		err := table.sorted(func(ids []idSlot) error {
			for _, id := range ids {
				if !last.less(id.key) {
					return fmt.Errorf("%x comes after %x", id.key, last)
				}
				last = id.key
				seen++
			}
			return nil
		})
		if err != nil || seen != n-len(keys) || table.ids != seen {
			t.Fatalf("%d ids of %d, less %d; the table says %d; %v", seen, n, len(keys), table.ids, err)
		}
	})
}
