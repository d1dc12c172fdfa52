// Package privacy hands out what is kept about a person, and erases it.
//
// It owns: what counts as a person's data, in one place, and when it may be erased. It does not own the data: accounts
// and sessions are package account's, registrations package register's.
//
// Always true: what bills rest on (licences, usage, records, statements, corrections, notices) knows an account by its id
// alone, so that erasing touches none of it, and `souk audit` says the same before and after. docs/privacy.md has the list.
package privacy
