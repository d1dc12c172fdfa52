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
// of recent events live in memory and are only ever a function of the segments: [New] rebuilds them. When ids in memory
// have become many they are written once, sorted, as a run of small chunks, with a filter that says for
// nearly every new id "not in this run"; runs of like size are merged, so that they stay few ([Intake.Tidy]). An id says in which
// segment its event is, so that an event is found by its name alone ([Intake.Named]).
//
// Filters are in the database, in pages, and in memory as far as [Config.IDsMemory] goes (filters.go): the smallest first, because a new
// id is looked for in each. Of the others the pages that a group of events needs are read together (suspect.go). A run also knows
// which hours its ids name, if they are of a kind that names one: an id of another hour is looked for in none of its pages (idhours.go).
//
// A commit is decided (new or not, which hour, packed) while the one before it is still being written, if it is large. A
// decision rests on the one before: if that fails, so does this, nobody of either has an answer, and what memory was
// told of them is taken back before anything else is decided. Answers are given in the order of the log.
//
// # The hour of an event
//
// An event is billed in the hour of its own time, if that hour is still open for its licence; otherwise in the next
// hour that is, and it is marked late. The choice is made inside the commit, under the same lock as [Intake.Cut], and
// stored with the event. So an hour that was cut never grows: whatever is replayed gives the same sum.
//
// # The life of events
//
// Open: an event's hour takes usage; its id and what it adds are in memory. Sealed: the hour is cut and recorded, and the
// id goes to a run on disk. Packed: when the event is [Config.PackAfter] old, segments of some three hours become one, much
// smaller (pack.go); a query sees the same events in the same order. Dropped: when its time is over.
//
// A segment stays for [Config.KeepEvents], and for longer where something unsettled is of its hours or of earlier ones:
// segments leave in the order in which they came, so that the log is whole from some segment on. What left is in the
// books ([Dropped]). Ids stay for [Config.KeepIDs], for their runs do not need the segments.
//
// # Meters
//
// Each event is stored with the meter it is counted with, so that a total is a function of the log alone and no change of
// the settings makes a restart count anew. A late event of a meter that is not additive is stored with what it adds (late.go).
//
// # Why no crash breaks a law
//
// Package metering's law tests play random histories in which the process dies at any write, and others in which the
// machine loses its power and unsynced writes are kept, lost or torn. Why they pass:
//
//   - Before the segment's commit: nothing is stored, nobody has an answer; callers send again.
//   - After the commit, before memory knows: a restart replays the segment. If the process lives on (the commit
//     answered an error but happened), the next commit first reads what is newer in the log than memory knows.
//   - After the commit, before the answer: the caller sends again and is told "duplicate".
//   - After a failed write, with the next segment decided already: it is not written, so the log has no gap. The ids of
//     both are forgotten, then those found in the log come back; an event is never called a repetition of one that was
//     not stored.
//   - Between a cut and the records of its hour: the cut says which hours are closed; their sums are rebuilt from the
//     segments, less those that are stored as sealed totals, which are written with the records in one transaction.
//   - Between writing an id run and forgetting its ids: ids then stand in both, which is harmless; before the run's
//     header is committed, its chunks are not looked at and are overwritten next time. Ids only leave memory when their
//     segments are surely in the log.
//   - Before a run's chunks or an hour's records are on the disk, for which SQLite is not asked to wait: a power cut undoes
//     them, and whatever was committed after them, of which nobody had an answer. What is left is the log up to some commit,
//     which is read as after any other crash.
//   - While segments are packed (pack.go): the packed one is made beside the log, read again and compared field by field.
//     Then one transaction deletes what it was made of and writes it under the number of the newest of these, so that no
//     query sees an event twice or not at all, and a number that was taken stays taken.
//   - While old segments are dropped (keep.go): one transaction deletes them and books what they were. Nothing that runs
//     rests on them: their hours are closed, sealed and settled, and their ids have left memory. The audit counts the
//     hours that have lost events by their sealed totals, which stay.
//   - Between merging runs and deleting the old ones' chunks: one transaction writes the new header and deletes the old
//     ones; chunks and pages without a header are swept away later.
//   - A page of a filter that is not there, or not as long as it must be, is an error: the events wait, and none is new because
//     nobody could look.
package usage
