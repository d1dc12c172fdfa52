// Package storetest says once what every SQL engine must do: one suite for each feature's store, run against each
// engine by the tests of package store.
//
// It owns: the behaviour; and empty databases with the present schema, copied from one, for the tests of any package
// ([Open], [File], [Postgres]). It does not own any engine.
package storetest
