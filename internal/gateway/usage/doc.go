// Package usage takes usage events, each once, and adds them up by licence, dimension and hour.
//
// It owns: which events count (validation), that each counts once (source and id), that an answer is given only when
// the events are durable, the hour each event is billed in, and the sums of the hours that are not sealed yet. It does
// not own: records and what AWS says to them (package metering, which closes hours here with [Intake.Cut]), licences
// (package license), or the forms in which events travel (the door api).
//
// # The log
//
// One commit takes the events of all callers that wait (group commit), and writes ONE row: a segment, the compressed
// events with the hour that was assigned to each. That row is the audit trail and the redo log at once. Ids and sums
// of recent events live in memory and are only ever a function of the segments: [New] rebuilds them. The ids of
// events older than the last sealed hour are written once, sorted, in runs of small chunks, with a filter in memory
// that says for nearly every new id "not in this run".
//
// # The hour of an event
//
// An event is billed in the hour of its own time, if that hour is still open for its licence; otherwise in the next
// hour that is, and it is marked late. The choice is made inside the commit, under the same lock as [Intake.Cut], and
// stored with the event. So an hour that was cut never grows: whatever is replayed gives the same sum.
//
// # Meters
//
// Each event is stored with the meter it is counted with, so that a total is a function of the log alone and no change of
// the settings makes a restart count anew. A late event of a meter that is not additive is stored with what it adds (late.go).
//
// # Why no crash breaks a law
//
//   - Before the segment's commit: nothing is stored, nobody has an answer; callers send again.
//   - After the commit, before memory knows: a restart replays the segment. If the process lives on (the commit
//     answered an error but happened), the next commit first reads what is newer in the log than memory knows.
//   - After the commit, before the answer: the caller sends again and is told "duplicate".
//   - Between a cut and the records of its hour: the cut says which hours are closed; their sums are rebuilt from the
//     segments, less those that are stored as sealed totals, which are written with the records in one transaction.
//   - Between writing an id run and forgetting its ids: ids then stand in both, which is harmless; before the run's
//     header is committed, its chunks are not looked at and are overwritten next time.
package usage
