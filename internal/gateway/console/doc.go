// Package console is the door for the seller's own people: what every licence, record and notice is, what needs somebody,
// and the few things that a person decides.
//
// It owns: the routes under /console, their pages, and who may use which (see [Console.routes]). It does not own any rule:
// a handler reads a request, calls a feature, and answers with a page or a redirect.
//
// Always true: nothing is answered to who has not signed in, but the sign-in form; what a role may not do is refused by
// the route, not by a button that is left out; every page works without JavaScript, which only looks again by itself;
// what is done stands in the audit log before it is done.
package console
