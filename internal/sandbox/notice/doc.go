// Package notice tells sellers what happens in the market: it writes each notice as AWS would (an EventBridge event, or
// an SNS message of a legacy product's topic), hands it to whoever is to get it (queues and HTTP endpoints, as rules and
// subscriptions say), tries again where AWS would, and keeps a list of every delivery with its attempts.
//
// It owns: the bytes of a notice, the plan of its attempts (with the faults that were switched on), and what came of
// them; and so for what clients publish to a topic or put on a bus themselves. It does not own: which notices there are
// and when (package world), who gets them (packages topic and bus), faults (package fault), or the queues (package queue).
//
// Delivery is at least once and in no promised order, as AWS's is; without faults it is at once, once, and in order.
// The plan of a notice is decided when it happens, and written to the journal, as is what an HTTP endpoint answered: a
// sandbox that is killed and started again has the same deliveries, and sends again only what it had no answer to.
// Retries wait on the sandbox's clock; an endpoint's answer is waited for in real time, and so is a clock that is moved.
//
// Source: AWS Marketplace Seller Guide, eventbridge-integration and saas-notification; Amazon SNS Developer Guide,
// "Amazon SNS message delivery retries"; Amazon EventBridge User Guide, "How EventBridge retries delivering events"; and
// four events captured from a real listing in August 2026.
package notice
