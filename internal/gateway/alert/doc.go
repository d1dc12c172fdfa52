// Package alert tells the seller's people what they should look at: usage that is not billed, calls that AWS refuses, notices
// that cannot be read, deliveries that were given up.
//
// A feature that finds such a thing names its cause ([Finding]) in the transaction of the fact; the store has [Alert.Found] decide,
// in the same transaction, whether it is told. A job looks again at what is raised: whether it still stands, and whether more
// of it came ([Alert.Looked]).
//
// It owns: which findings are one cause, when an alert is told, told again, resolved or past. It does not own: what is wrong (the
// features say it), whether it still is (they are asked), nor who is told and how (the channels of package outbox).
//
// Always true, whatever crashes: what is found is told at once, unless its cause was told that day; then it is told when the
// day is over, if it still stands or more of it came. So of one cause at most one telling that it is there goes out in a day,
// however often it is found and however often it comes and goes. That it is resolved is told once, and only where it was told that
// it was there.
package alert
