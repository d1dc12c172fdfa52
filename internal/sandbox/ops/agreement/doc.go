// Package agreement is AWS Marketplace's Agreement API on the wire, over AWS JSON 1.0 and Smithy RPC v2 CBOR:
// what both parties read of agreements, the buyer's CancelAgreement, and the requests that one party sends to the other.
//
// It owns: the operations' inputs and outputs, the checks of their form, who may call what (an agreement's seller is
// its proposer, its buyer the acceptor; the access key tells which of them calls), search and pages. It does not own
// agreements (package world), nor routing, signatures and the shapes of errors (package wire).
//
// Source: AWS Marketplace API Reference, Agreement API, and the service model 2020-03-01 of October 2026;
// https://docs.aws.amazon.com/marketplace/latest/APIReference/
package agreement
