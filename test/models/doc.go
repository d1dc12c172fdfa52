// Package models holds the sandbox against AWS's own descriptions of its APIs, which the SDKs carry: the JSON models of
// botocore (Debian's, and a newer one where the machine has it) and the schemas of the Go SDK's modules. They are read when
// the tests run and never copied.
//
// For every operation it asks the running program, over HTTP: is it served, is every member of a request understood, is
// every limit kept, does every member of an answer come with its type, is every declared error raised with its status.
// What differs must stand in docs/divergences.md with the reason, and what stands there must differ: the test fails
// when the list and reality are not the same.
package models
