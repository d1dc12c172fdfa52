// Package webui is the look that all pages of souk share: colours and type, the page's frame, and the components that
// pages are built from (fields, cards, tables, notices, badges, buttons).
//
// It owns: the stylesheet, the layout, how a time, an amount or a state is written, and the security headers of a
// page. It does not own any page: those live beside their handlers, as html/template files that define the blocks
// of the layout:
//
//	{{define "title"}}Sign in{{end}}
//	{{define "main"}}<h1>Sign in</h1> …{{end}}
//
// and, where wanted, "head" (before </head>), "nav" and "account" (in the header) and "footer". A file whose name starts with _ is
// no page: what it defines is known to every page beside it. The dot of all blocks is the data given to Render.
//
// Always true: a page works without JavaScript, has no inline script or style (its Content-Security-Policy forbids
// them), follows the reader's light or dark preference, and is written as a whole or not at all.
//
// Two brands use it: the sandbox, which must never be taken for AWS, and the gateway, which wears its seller's name
// and colour. Storybook shows every component in either.
package webui
