// Package storefront is the sandbox's pages for people: the storefront, a product and its purchase, Your Marketplace
// Software, the bill, the seller's listings, and the control room.
//
// It owns: the pages and the forms on them, who the visitor says they are (a cookie with a buyer's account id, no
// password: everybody on this machine may be everybody), and that a form sent twice acts once. It does not own what
// may be bought or ended (package world), when things happen (package lockstep), or the look (package webui).
//
// A file per page or act, with its view beside it; the templates are in pages/. Every act is a form that is answered
// with a redirect. Two exceptions, both in post_setup.go: it answers with a page, because a browser has to post the
// registration token to the seller, and that page's form leads to another site.
package storefront
