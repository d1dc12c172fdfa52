// Package journal keeps what changed a sandbox, in the order in which it changed it, so that the sandbox can be
// brought back as it was.
//
// A journal is a file of JSON lines: a header with the format's version and what the world was made from, then one
// entry for each change. An entry is written before its change is answered for, with one write and without waiting for
// the disk: a killed process loses nothing that was acknowledged (a power cut may). A last line without its end was
// being written when the process died, was never answered for, and is cut off.
//
// A copy of a journal is a snapshot of its sandbox (docs/decisions/0008-a-snapshot-is-a-journal.md).
//
// It owns: the file. It does not own what the entries mean: their kinds belong to packages world and queue, and to the
// assembly, which also does without a journal where no data folder is given.
package journal
