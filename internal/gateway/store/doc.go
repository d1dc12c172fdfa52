// Package store keeps what the gateway must not forget, on SQLite (the default) or PostgreSQL.
//
// It owns: opening a database, its schema (migrations/, one SQL text for both engines wherever they allow it), and
// transactions. Each feature's statements stand in a file named after the feature and fulfil the interface that the
// feature declares. It does not own any rule: a method is one atomic step, named after the business step it makes.
//
// What differs between the engines is a value, engine, with a file for each: sqlite.go and postgres.go. Everything else is one
// text, which storetest plays on both. SQLite has one writer; on PostgreSQL transactions are serialisable and played again
// when another was in their way ([DB.Tx]). So a step that is atomic on one is as atomic on the other.
//
// Conventions: instants are UTC microseconds in a bigint (column suffix _us); hours are counted from the epoch
// (core.Hour); parameters are $1, $2, …, which both engines take, and which
// appear first where PostgreSQL can tell their type by (received_us < $5, not $5 = 0). Texts compare by their bytes.
package store
