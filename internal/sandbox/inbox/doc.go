// Package inbox catches the mails that a seller's programs send, so that they can be read in the sandbox instead of
// going out to anybody.
//
// It owns: the SMTP server ([Inbox.Serve]), reading a mail's parts ([Parse]), and the mails that are kept: in memory
// only, the newest ones within bounds, so that they are gone with the process. It does not own the pages that show them
// (package storefront) or the calls that list them (package control).
//
// Always true: nothing is sent on, every recipient is taken, and a mail that cannot be read is kept as it came, with
// what is wrong with it. Any user name and password will do.
package inbox
