// Package correction puts right what was billed wrongly. AWS takes no negative usage, so that there are two ways:
//
//   - What was billed too much is given back of the month's invoice, as a billing adjustment (Agreement API). It is
//     proposed by a program or a person; the exact request to AWS is worked out and kept; a person approves that request
//     or rejects it; only then is AWS asked, with it and nothing else, because an adjustment cannot be taken back.
//   - What was billed too little is an event like any other, in the hour that is open now, with the correction's id as its
//     own, so that the ledger counts it once and every record leads back to who asked for it and why.
//
// It owns: corrections, their states, when AWS is asked. It does not own: how usage is counted and billed (packages
// usage and metering), nor AWS's protocol.
//
// Always true: nothing goes to AWS that nobody approved; a request is kept before it is sent and never changes; it is sent
// with the same client token until AWS has answered, so that an answer that was lost costs nobody money. A crash between
// any two lines changes none of that: what is due next is kept with the correction (DueAt), each step is one write, and
// each call that may be repeated after a crash is one that AWS, or the intake of usage, knows again: AWS by the client
// token, the intake by source and id.
//
// Sources: AWS Marketplace Seller Guide, "Refunds"; AWS Marketplace Agreement API, BatchCreateBillingAdjustmentRequest,
// GetBillingAdjustmentRequest, ListAgreementInvoiceLineItems.
package correction
