// Package sns is Amazon SNS on the wire: its operations over the query protocol with XML answers, onto package topic; and
// the links in its messages, which anybody may follow.
//
// It owns: the operations' inputs, outputs and error names. It does not own: what a topic does (package topic), how a
// message comes to its subscribers (package notice), nor routing, signatures and the call log (package wire).
//
// Source: Amazon SNS API Reference, 2026; https://docs.aws.amazon.com/sns/latest/api/
package sns
