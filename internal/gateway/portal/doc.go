// Package portal is the door for buyers: the landing page that AWS Marketplace sends them to, the forms by which they
// make or choose an account, and their own pages afterwards.
//
// It owns: the routes /register, /signin, /signout and /portal, their pages and cookies. It does not own any rule: a
// handler reads a request, calls a feature, and answers with a page or a redirect. A file per action.
//
// Always true: POST /register is the only request that another site may send; every page works without JavaScript; no
// page, redirect, cookie or log line has a registration token in it (law 5); what belongs to another customer is
// answered as if it did not exist.
package portal
