// Package webhook tells the seller's programs what happens, at addresses that they have named: endpoints.
//
// It owns: endpoints, which kinds of event each wants, their secrets, and what is sent and how it is signed: as the
// Standard Webhooks specification (https://www.standardwebhooks.com, version 1.0) says. It does not own: when something is sent
// again and what became of it (package outbox), nor HTTP and which addresses may be called at all (package courier).
//
// Always true: what is sent is signed with the secret that its endpoint has now and, while a rotation lasts, with the one before;
// a secret is shown once, when it is made.
package webhook
