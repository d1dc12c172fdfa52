package approval

import (
	"strings"
	"testing"

	"souk.dev/souk/internal/fail"
)

func TestWhoMayApprove(t *testing.T) {
	ada, grace := Actor{"key_1", "ada@example.com"}, Actor{"op_1", "grace@example.com"}
	for name, c := range map[string]struct {
		rule      Rule
		by, asked Actor
		want      string // the code of the refusal
	}{
		"another person": {Rule{}, grace, ada, ""},
		"oneself":        {Rule{}, ada, ada, "own_proposal"},
		"oneself, by another way and in capitals": {Rule{}, Actor{"op_7", " ADA@example.com"}, ada, "own_proposal"},
		"oneself, where there is nobody else":     {Rule{Own: true}, ada, ada, ""},
		"a person, of what a program proposed":    {Rule{}, ada, Actor{Key: "key_1"}, ""},
		"nobody":                                  {Rule{Own: true}, Actor{Key: "key_1"}, ada, "by"},
		"a blank":                                 {Rule{}, Actor{"key_1", "  "}, ada, "by"},
		"too long a name":                         {Rule{}, Actor{"key_1", strings.Repeat("x", maxSaid+1)}, ada, "by"},
		"no text":                                 {Rule{}, Actor{"key_1", "\xff"}, ada, "by"},
	} {
		if err := c.rule.Approves(c.by, c.asked); fail.CodeOf(err) != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
