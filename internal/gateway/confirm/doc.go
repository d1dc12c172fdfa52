// Package confirm asks AWS about licences whose buyer has come, and of which no notice says whether they are active.
//
// It owns: when AWS is asked, and what its answer means. It does not own the licence's standing: what is learnt is told to
// the book of licences as a notice would tell it, with the instant that AWS gives, and counts among all other facts. Always
// true: a licence becomes active by AWS's word alone (law 4), and an answer that is late, or repeated, revives nothing.
//
// AWS does not promise a License Updated for pay as you go, and any notice may be lost. The Agreement API is the way that
// AWS names for both. Source: seller guide, saas-eventbridge-integration; Agreement API, SearchAgreements.
package confirm
