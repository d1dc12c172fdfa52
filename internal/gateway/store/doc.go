// Package store keeps what the gateway must not forget, on SQLite (the default) or PostgreSQL.
//
// It owns: opening a database, its schema (migrations/, one SQL text for both engines wherever they allow it), and
// transactions. Each feature's statements stand in a file named after the feature and fulfil the interface that the
// feature declares. It does not own any rule: a method is one atomic step, named after the business step it makes.
//
// Conventions: instants are UTC microseconds in a bigint (column suffix _us); hours are counted from the epoch
// (core.Hour); parameters are $1, $2, …, which both engines take.
package store
