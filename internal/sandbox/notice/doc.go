// Package notice tells sellers what happens in the market: it writes each notice as AWS would (an EventBridge event, or
// an SNS message of a legacy product's topic), puts it into the seller's SQS queue, and keeps a list of every delivery
// with its attempts.
//
// It owns: the bytes of a notice, the plan of its attempts (with the faults that were switched on), and what came of
// them. It does not own: which notices there are and when (package world), faults (package fault), or the queue
// (package queue).
//
// Delivery is at least once and in no promised order, as AWS's is; without faults it is at once, once, and in order.
// The plan of a notice is decided when it happens, and written to the journal: a sandbox that is killed and started
// again has the same deliveries.
//
// Source: AWS Marketplace Seller Guide, eventbridge-integration and saas-notification; Amazon SNS Developer Guide,
// "Verifying the signatures of Amazon SNS messages"; and four events captured from a real listing in August 2026.
package notice
