// Package archtest holds the house rules as tests: who may import whom, who may ask for the time, what a file must
// not contain.
//
// It owns: the rules ([Check]) and the reading of the module's files ([Load]). It does not own their reasons, which
// stand in docs/architecture.md and docs/decisions. It reads the files itself instead of asking the go tool: the test's
// result is then cached until one of those files changes, and never longer.
package archtest
