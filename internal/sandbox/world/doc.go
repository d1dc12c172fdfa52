// Package world is the market itself: sellers, products and buyers, offers and agreements, licences, registration
// tokens, and the ledger of usage that was honoured.
//
// It is pure. It decides from its state, from the instant that every act is given, from the profile of disputed
// behaviours, and from one seeded source of identifiers; it reads no clock and starts nothing. So the same acts at the
// same instants make the same world, down to the last identifier, which is how a journal brings it back ([World.Apply]).
//
// It owns: what may be bought, resolved, metered and ended, when, and why not. It does not own: how AWS's protocols
// say so (packages wire and ops), how a [Notice] travels (package notice), faults (package fault), or pages.
//
// What the calendar does by itself (notices at their distances, the end of the last hour) are due entries in a heap;
// a job asks [World.Due] and calls [World.RunDue].
package world
