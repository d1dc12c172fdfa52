// Package eventbridge is Amazon EventBridge on the wire: its operations over AWS JSON 1.1, onto package bus.
//
// It owns: the operations' inputs, outputs and error names. It does not own: what a rule does (package bus), how an event
// comes to its targets (package notice), nor routing, signatures and the call log (package wire).
//
// Source: Amazon EventBridge API Reference, 2026; https://docs.aws.amazon.com/eventbridge/latest/APIReference/
package eventbridge
