// Package pgtest gives tests a PostgreSQL of their own.
//
// It owns: a private cluster in a folder of its own, reached by a socket there and by nothing else, that runs as long as the
// test process does ([Main], [Database]) or as a test wants it to ([Start]); and what happens where PostgreSQL is not installed:
// the test is skipped, or fails where SOUK_TOOLS=required says that everything is there. It does not own any schema. It helps
// tests only.
//
// The cluster's texts sort as in English, so that a test notices where the program relies on another order than it asks for.
package pgtest
