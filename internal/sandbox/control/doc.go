// Package control is the sandbox's control API, JSON under /_sandbox/: what a test, a script or a person does that on
// the real marketplace only buyers, AWS and the calendar do. It serves lock-step time too.
//
// It owns: the calls, their paging, and who may make them. It does not own what they do. Every call is described in
// api/sandbox.yaml, which is served at /openapi.json.
//
// There are no passwords, because everything here is play. But a page of some other site, open in a browser on the
// same machine, must not be able to play: a cross-site POST is refused, and so is a request for a host name that could
// be made to point here from outside (see [Guard]).
package control
