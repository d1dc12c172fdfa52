// Package letter tells the owners of accounts what happens to their subscriptions, by e-mail. It is a channel of the outbox.
//
// It owns: which happening is told to whom in which letter, what a letter's templates are given, and which letters a person may
// do without. It does not own: when something is sent again and what became of it (package outbox), how a letter looks and how
// it travels (package mailer), nor what the links in it lead to (package portal).
//
// Always true: an address is looked up when a letter is sent, and stands neither in the outbox nor in a log; what opens an
// account is made when its letter is sent; a letter that may come twice has the same Message-ID both times.
package letter
