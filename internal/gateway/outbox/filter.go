package outbox

import (
	"slices"
	"strings"

	"souk.dev/souk/internal/fail"
)

// Filter chooses kinds: whole names, "license.*" for a group, or "*"; empty: all.
type Filter []string

// Wants reports whether f chooses k. What only one person or one receiver is told, nobody wants.
func (f Filter) Wants(k Kind) bool {
	if !k.Known() || k == WebhookTest {
		return false
	}
	return len(f) == 0 || slices.ContainsFunc(f, func(s string) bool { return s == "*" || s == string(k) || s == k.Group()+".*" })
}

// Check refuses what chooses nothing that there is.
//
// Errors: fail.Invalid.
func (f Filter) Check() error {
	for _, s := range f {
		group, all := strings.CutSuffix(s, ".*")
		if s == "*" || Kind(s).Known() || all && slices.ContainsFunc(Kinds, func(k KindMeans) bool { return k.Kind.Group() == group }) {
			continue
		}
		return fail.New(fail.Invalid, "unknown_event", "There is no event %.60q; see docs/webhooks.md. A group is written like license.*, and * is all.", s)
	}
	return nil
}

// Means is what k tells; empty where programs are not told of it.
func (k Kind) Means() string {
	if i := slices.IndexFunc(Kinds, func(o KindMeans) bool { return o.Kind == k }); i >= 0 {
		return Kinds[i].Means
	}
	return ""
}
