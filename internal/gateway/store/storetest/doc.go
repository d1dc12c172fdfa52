// Package storetest says once what every SQL engine must do: one suite for each feature's store, run against each
// engine by the tests of package store.
//
// It owns: the behaviour. It does not own any engine, nor how a test opens one.
package storetest
