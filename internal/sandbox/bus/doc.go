// Package bus is EventBridge as far as a seller's integration meets it: the default event bus of each account and
// region, its rules with their targets, and connections and API destinations.
//
// It owns: which events match which rules, and what is sent to each target. It does not own: the wire (package
// ops/eventbridge), the language of patterns (package pattern), or the sending itself with its retries (package notice).
//
// Events that come before a rule is made are lost for it. AWS Marketplace puts its events on the bus of us-east-1 only:
// a rule in another region waits in vain, there as here.
//
// What lasts is told as [Change]s to a log before it takes effect, and comes back through [Service.Replay]. The built-in
// rules are no changes: they are there whenever a service begins, until somebody deletes them.
//
// Not played: buses with other names, scheduled rules, archives, pipes, OAuth connections, and targets other than SQS
// queues and API destinations.
//
// Source: Amazon EventBridge User Guide and API Reference, 2026.
package bus
