// Package client reports usage to a souk gateway and asks it about licenses.
//
// It is made for the backend of a product sold through AWS Marketplace: report what a customer used, with
// [Client.Report], before you tell the customer that it is done; ask [Client.License] whether a license gives access
// and why; redeem the handle of a buyer who signed in at the gateway with [Client.RedeemSignIn].
//
// # Nothing counted twice, nothing lost
//
// An event's identity is its ID. The gateway answers a report only after the events are on its disk, and takes an ID
// it knows for a repetition that counts nothing. So repeating is always safe as long as the ID stays the same: this
// client repeats by itself for a while, and what it could not deliver comes back in an [UndeliveredError], with the
// IDs it was sent under. Keep those events and report them again.
//
// A [Reporter] takes events without waiting for the gateway and delivers them in the background, many together; with a
// spool, a file of its own, it loses none even when the program is killed.
//
// It needs nothing but the standard library.
package client
