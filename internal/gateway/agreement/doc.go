// Package agreement keeps what AWS says of the seller's agreements, and compares the licences with it: the re-sync, which
// repairs what a lost notice left behind.
//
// A run asks AWS for agreements (page by page, paced), keeps them, and compares each with the licence that it leads to. Where
// the licence lacks what AWS says, the book of licences is told so by a fact whose id begins with "resync:" and whose instant
// is AWS's own, so that a notice that comes later, or came before, changes nothing. What cannot be mended that way is written
// down for the seller's people. A run is scheduled, or asked for by somebody, or made because of a doubt: a buyer has come and
// no notice says that the licence is active, or AWS refuses the usage of one that it called active.
//
// Every agreement is kept as AWS last told it. Its terms are asked for when it is new or has changed, which a run finds out:
// besides those above, one a few minutes after a notice that names an agreement.
//
// It owns: agreements as AWS tells them, runs, when AWS is asked. It does not own: what a fact does to a licence (package
// license), entitlements (package entitlement, which is told what changed), or the calls (an [AWS], which package awsapi
// fulfils).
//
// Always true (laws 3 and 4): a run tells facts and changes no standing by itself, so that a licence gets access only by AWS's
// word that its agreement is active, since the agreement's start; an end that is known is neither undone by an agreement that
// began before it nor opened anew by one that ended; and the last hour begins when AWS ended the agreement, not when that was
// found out. What is left of that hour is used; what is found out after it is written off with its reason.
//
// Sources: AWS Marketplace Agreement API, SearchAgreements and DescribeAgreement; Seller Guide,
// saas-eventbridge-integration (no License Updated is promised for pay as you go, and any notice may be lost).
package agreement
