// Package fault holds the faults that can be switched on: which call is disturbed, in which way, how often.
//
// A fault is a [Rule]. Rules are drawn in the order in which they were made, and at most one applies to a call; a rule
// with a probability has its own seeded source, so that a run can be repeated. Rules are not kept over a
// restart; a snapshot has them.
//
// It owns: the kinds of fault, the rules, and the draw. It does not own the disturbance itself: package wire plays the
// faults of calls at the edges of an operation, package ops those in the middle of one, and package notice those of
// notifications.
package fault
