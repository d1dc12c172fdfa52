// Package credential is what proves who somebody is, whoever they are: hashes of passwords, secrets that browsers hold,
// sessions, and the brakes on guessing. Package account uses it for the seller's customers, package operator for the
// seller's own people.
//
// It owns: how each of these is made, checked and bounded. It does not own: whose they are, where they are kept (a
// store of its user's), cookies and pages.
//
// Always true: nothing that opens a door (password, secret) is given to a store as it is, only its hash; what is too
// weak to be a password is refused whoever chose it.
package credential
