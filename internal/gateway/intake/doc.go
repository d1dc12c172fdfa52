// Package intake takes in what AWS Marketplace tells: it keeps every notice whole, reads it, and hands what it says to
// the book of licences.
//
// A message is taken in three steps, each safe to repeat after a crash at any point: the notice is kept as it came; what
// it says is written to the licences, in one transaction with the notice's outcome; the message is removed from the
// queue. A message that comes again is known by its notice's key and changes nothing. Nothing is thrown away: what is not
// understood is kept with its reason, and only then removed from the queue.
//
// Both of AWS's notification systems are read, in each form in which they reach a queue (parse.go). Only AWS speaks for
// AWS (law 6): the gateway reads the one queue it was configured with, and it is that queue's policy that must let
// nobody send to it but the marketplace's topics and the account's own event rule. See docs/aws/notices.md.
//
// It owns: notices, their keys, forms and outcomes. It does not own: what a fact does to a licence (package license), or
// the queue (a [Queue], which package awsapi fulfils).
package intake
