// Package outbox tells what happened to those who want to know: programs of the seller's (package webhook) and people.
//
// A feature that changes something writes down, in the same transaction, what is to be told of it: an [Event]. One job then
// works out to whom each event goes, which makes a [Delivery] for each; a job for each [Channel] carries deliveries until
// they have arrived, or three days have passed. So a crash between a fact and its telling loses nothing, and nothing is told
// that did not happen.
//
// It owns: events, deliveries, their states, when they are tried again, and for how long they are kept. It does not own:
// what an event means and who wants it (the features and the channels), nor how anything is carried (the doors).
//
// Always true: an event is kept if and only if its fact is; it goes to each target once, however often that was worked out;
// what is carried may arrive twice (a receiver may have taken it, and its answer been lost), always under the event's id.
// Several processes may work on one database: a delivery that one of them carries is leased to it.
package outbox
