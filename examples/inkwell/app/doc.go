// Package app is Inkwell, a small product sold through AWS Marketplace: it sets notes into printed pages, and every
// page printed is counted.
//
// It shows what a seller's product has to do with souk, and it knows nothing of souk but the public client:
//
//   - signin.go sends people to the gateway to sign in and takes them back;
//   - desk.go asks what a license gives access to, and shows what was counted;
//   - publish.go and outbox.go report usage so that nothing is lost and nothing is counted twice, whatever breaks;
//   - the rest is Inkwell's own: notes, how they look in print, pages.
package app
