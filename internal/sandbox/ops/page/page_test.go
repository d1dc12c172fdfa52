package page

import (
	"regexp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// However items come and go between the pages, each that stays is told once, in order.
func TestWhatStaysIsToldOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) Key {
			return Key{rapid.Int64Range(-3, 3).Draw(t, "n"), rapid.StringN(0, 3, -1).Draw(t, "id")}
		}), 0, 30, func(k Key) Key { return k }).Draw(t, "keys")
		stay := map[Key]bool{}
		for _, k := range keys {
			stay[k] = rapid.Bool().Draw(t, "stays")
		}
		descending := rapid.Bool().Draw(t, "descending")
		size := rapid.IntRange(1, 5).Draw(t, "size")
		told := map[Key]int{}
		var order []Key
		var token *string
		for n := 0; ; n++ {
			turn, ok := Of(size, token, "question", descending)
			if !ok {
				t.Fatalf("page %d: the token %q is refused", n, *token)
			}
			present := slices.DeleteFunc(slices.Clone(keys), func(k Key) bool { return !stay[k] && rapid.Bool().Draw(t, "is away") })
			part, next := Cut(present, func(k Key) Key { return k }, descending, turn)
			if len(part) > size {
				t.Fatalf("page %d has %d items, of at most %d", n, len(part), size)
			}
			for _, k := range part {
				told[k]++
			}
			order = append(order, part...)
			if token = next; next == nil {
				break
			}
		}
		for k, stays := range stay {
			if told[k] > 1 || stays && told[k] != 1 {
				t.Fatalf("%v was told %d times", k, told[k])
			}
		}
		sorted, _ := Cut(slices.Clone(order), func(k Key) Key { return k }, descending, Turn{size: len(order)})
		if !slices.Equal(sorted, order) {
			t.Fatalf("told in the order %v", order)
		}
	})
}

func TestTokensOfOtherQuestions(t *testing.T) {
	mine, _ := Of(1, nil, "a", 1)
	_, token := Cut([]Key{{1, "x"}, {2, "y"}}, func(k Key) Key { return k }, false, mine)
	if token == nil || !regexp.MustCompile(`^[a-zA-Z0-9+/=]+$`).MatchString(*token) {
		t.Fatalf("the token is %v", token)
	}
	if _, ok := Of(1, token, "a", 1); !ok {
		t.Error("its own question is refused")
	}
	for _, other := range [][]any{{"a"}, {"a", 2}, {"a", "1"}} {
		if _, ok := Of(1, token, other...); ok {
			t.Errorf("%v is taken for the same question", other)
		}
	}
}

func FuzzToken(f *testing.F) {
	mine, _ := Of(1, nil, "a")
	f.Add(*mine.write(Key{7, "x y"}))
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, token string) {
		turn, ok := Of(1, &token, "a")
		if !ok {
			return
		}
		if again, ok := Of(1, turn.write(*turn.after), "a"); !ok || *again.after != *turn.after {
			t.Fatalf("%q was read as %v, and that as %v", token, *turn.after, again.after)
		}
	})
}
