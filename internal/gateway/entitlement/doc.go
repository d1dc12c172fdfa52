// Package entitlement knows what buyers have bought in advance, and answers from memory whether they may use it.
//
// AWS is asked (GetEntitlements) when a licence becomes active, when a notice says that something about it changed, at
// the date an entitlement may end, and once an interval besides. Its answer is kept whole, with when it was given; what
// AWS cannot be asked for stays as it was last known, and everything derived from it says how old it is. An answer may
// lag behind the notice that led to it: while it is empty, or as it was before, AWS is asked again a little later.
//
// The date of an entitlement is the earliest at which it may end, and moves with a renewal: it ends the entitlement only
// when AWS, asked after it, still says the same, or when AWS could not be asked for a grace time.
//
// It owns: entitlements, when to ask for them, the check. It does not own: whether a licence gives access (package
// license), what usage is billed beyond what was bought (package metering). Always true: without access nothing is
// allowed (law 4); an answer is kept before it is used; a crash at any point loses no asking, because what is due follows
// from what is kept: the answers, the licences, the notices.
//
// Sources: docs/aws/entitlements.md.
package entitlement
