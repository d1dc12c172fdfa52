// Package metering seals hours of usage into records, sends them to AWS and keeps the answers.
//
// It owns: records and their life, the balance that is carried between hours, the final hour, and the audit of
// conservation. It does not own: accepting events (package usage), who may be billed and until when (package
// license), or the wire (the door awsapi).
//
// # From hours to records
//
// An hour is closed at its end plus a settling time ([usage.Intake.Cut]: its sums are final from then on). Sealing
// then goes through its sums, chunk by chunk. One transaction writes, for each licence and dimension, the total, the
// new balance and the record:
//
//	record + covered + balance afterwards = sum of the hour + balance before
//
// What is covered was bought in advance (allowance.go).
//
// All of these are in what the dimension's events count; how much of that is in one unit of the record ([Record.Per]) is
// applied when the record is made, and the rest stays in the balance undivided.
//
// The balance is the one place where accepted usage waits that is in no record: fractions of a unit, what is beyond
// the greatest quantity of one record, usage of a licence that AWS has not activated, and what AWS found too late for
// its own hour. The next hour that can be sent takes it along.
//
// A record is a row that never changes in what is sent: identity, dimension, timestamp and quantity. There is at most
// one for each licence, dimension and hour (law 2).
//
// # Sending
//
// Before a request goes out, the request itself is stored and its records are marked as sending. Afterwards each
// record takes what AWS said of it, and only that; what AWS did not mention is unknown, and is sent again unchanged.
// A record whose fate is unknown is never carried to another hour: AWS may have honoured it.
//
// # What stays
//
// Requests and their answers stay for [Config.KeepRequests], as events do, and for longer where a record that may have been in
// one is not settled (keep.go). Records, totals and balances stay for good.
//
// # Why no crash breaks a law
//
//   - Between closing an hour and sealing it: the cut is found at the start as not done, its sums are rebuilt from the
//     log of events, and sealing goes on.
//   - Between two chunks: sums with a stored total are not rebuilt, and pairs with a record of the hour are skipped, so
//     each is sealed once.
//   - Between storing the request and sending it, while AWS answers, or before the answer is stored: the records are
//     found as sending; their fate is unknown, and the very same records are sent again. AWS honours one quantity an
//     hour, so it is billed once; if it says DuplicateRecord, that is the echo of our own record.
//   - Between AWS's answer and a carried balance: record and balance change in one transaction.
package metering
