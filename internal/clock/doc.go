// Package clock is the only package that asks the operating system for the time (law 8: time is a dependency).
//
// It owns: business time ([Clock], with [System] and [Virtual] as its two kinds) and the few real-time helpers that
// timeouts and metrics need. It does not own: when work is due (package job), or the protocol by which a gateway
// follows a sandbox's clock (package lockstep).
package clock
