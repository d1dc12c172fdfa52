// Package account keeps the accounts of the seller's customers: who they are, their passwords, their sessions, and
// the handles by which a signed-in customer is introduced to the seller's own application.
//
// It owns: accounts, sign-up and sign-in, sessions, sign-in handles, and the brakes on guessing. It does not own:
// which licences an account holds (package register), cookies and pages (the portal), or AWS's accounts.
//
// Always true: an e-mail address belongs to at most one account, whatever its letters' case; nothing that opens a
// door (password, session, handle) is stored as it is, only its hash; an answer to a wrong password is the same, and
// takes as long, whether or not there is such an account.
package account
