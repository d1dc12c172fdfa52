// Package threshold tells when a licence has used 50, 80 and 100 percent of what was bought in advance, or of a budget for the
// month.
//
// It owns: which share of a limit was told last, and when it is looked. It does not own: how much was used (package metering, whose
// own sums it reads), what was bought (package entitlement), nor who is told and how (the channels of package outbox).
//
// Taking events costs one more look at a flag: whoever commits them rings a [Bell], and a job reads the sums, licence by licence,
// from memory, at most every [every] of business time. Nothing is added up by event, and no lock is held for longer than one sum
// takes to be read.
//
// A budget is the seller's, for all licences of a product, or a customer's own, for one subscription: in units of a dimension, or in
// money, by the prices of the agreement. Where these do not say what each unit costs, a budget of money cannot be set.
//
// Always true: of one limit in one period each threshold is told once, whatever crashes and however often usage is added up,
// because that it was told is kept in the transaction of its event. Of several that are reached at once the highest is told.
// Another period, and another limit (more was bought; another budget was set), begin anew.
package threshold
