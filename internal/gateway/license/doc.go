// Package license says what state a licence is in, why, since when, and what happens next (laws 4 and 7).
//
// A licence's standing is never edited. It is worked out anew, by [Replay], from all facts known of it, put in the
// order in which they happened: so the order in which notices arrive, and how often, cannot matter. The rules are one
// table, transitions.go, and docs/states.md is printed from it.
//
// It owns: licences, the facts about them, their standing, and access. It does not own: how a notice is received and
// proven (package intake), who the buyer is (packages register and account), or what is billed (package metering,
// which asks here for the final window).
package license
