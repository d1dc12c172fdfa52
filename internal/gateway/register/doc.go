// Package register takes a buyer from the token that AWS Marketplace posts to an account that owns the licence.
//
// It owns: registrations, one for each licence, whatever the number of arrivals; and which account a licence is
// claimed for. It does not own: what state the licence is in (package license), accounts and passwords (package
// account), or pages (the portal).
//
// Always true: a token lives in one call of [Service.Arrive] and nowhere else (law 5); a licence is claimed by at most
// one account, for ever; a claim that was promised to a buyer reaches the licence, even when this process is killed
// in between.
package register
