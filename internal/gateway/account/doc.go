// Package account keeps the accounts of the seller's customers, the people in them, their passwords, their sessions, and
// the handles by which a signed-in customer is introduced to the seller's own application.
//
// An account is a customer: licences belong to it. A person signs in, and is a member of one account or several, as its
// owner or not (docs/decisions/0011-people.md).
//
// It owns: accounts, people and their roles, sign-up and sign-in, sessions, sign-in handles, and the brakes on guessing. It does
// not own: which licences an account holds (package register), cookies and pages (the portal), or AWS's accounts.
//
// Always true: an e-mail address belongs to at most one person, whatever its letters' case; each person is a member of an
// account, and each account that has people has an owner among them; nothing that opens a
// door (password, session, handle) is stored as it is, only its hash; an answer to a wrong password is the same, and
// takes as long, whether or not there is such an account.
package account
