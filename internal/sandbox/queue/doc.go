// Package queue keeps SQS standard queues in memory: messages, receipt handles, visibility, delays, dead letters.
//
// It owns: which message may be received when, and by whose handle it is deleted. It does not own: the wire (package
// ops/sqs), or what is put into the queues (package notice). Time is the sandbox's clock: a visibility timeout of 30
// seconds ends 30 seconds later on that clock, whatever the rate; [Service.Due] names the next such instant, so that a
// clock that is moved stops there. Only the waiting of a long poll is real time, because a client waits in real time.
//
// What lasts over a restart is told as [Change]s to a [Log] before it takes effect, and comes back through
// [Service.Replay]. Visibility and receive counts do not last: after a kill, every message that was not deleted is
// there to be received, which is what "at least once" allows.
//
// Source of the semantics: Amazon SQS Developer Guide and API Reference, 2026.
package queue
