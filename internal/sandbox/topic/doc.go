// Package topic is SNS as far as a seller's integration meets it: topics, subscriptions of SQS queues and HTTP endpoints,
// their confirmation, filters, and signed messages.
//
// It owns: who is subscribed to what, what a subscriber is sent, and the key that messages are signed with. It does not
// own: the wire (package ops/sns), the language of filters (package pattern), or the sending itself with its retries
// (package notice).
//
// AWS Marketplace has two topics for each product of the legacy generation, for subscriptions and for entitlements. They
// are its own: only the product's seller may subscribe, and only AWS Marketplace publishes. Sellers may make further
// topics of their own.
//
// What lasts is told as [Change]s to a log before it takes effect, and comes back through [Service.Replay]. AWS
// Marketplace's topics, and the built-in subscriptions to them, are no changes: they come with the products.
//
// Not played: FIFO topics, e-mail, SMS, mobile push, Lambda and Firehose subscriptions, tags, encryption, and access
// policies of topics.
//
// Source: Amazon SNS Developer Guide and API Reference, 2026.
package topic
