// Package crash ends processes and breaks AWS at every step of the purchase, and compares the ledgers afterwards: what the
// seller's program reported, what the gateway keeps, and what the marketplace honoured.
//
// It owns: the journey of one purchase as steps that can be repeated (journey_test.go), and the ways to disturb it.
package crash
