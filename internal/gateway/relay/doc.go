// Package relay is the door to the other nodes: whichever of them a request comes to, it is answered by the one that keeps
// the books.
//
// It owns: bringing a request to the owner and its answer back; the proof by which the owner knows that a node brings it, and
// what is not believed; holding a request for a moment while there is no owner; and what may be brought again when the owner
// dies in between. It does not own: who the owner is, and the key that the nodes share, which are told to it.
//
// A request is brought again only if it surely was not done, or does the same when done twice. Of any other whose answer is
// lost nobody knows whether it was done, and its sender is told so.
package relay
