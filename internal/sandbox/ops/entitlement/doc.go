// Package entitlement is AWS Marketplace Entitlement on the wire: GetEntitlements over AWS JSON 1.1 and Smithy RPC v2
// CBOR.
//
// It owns: the operation's input and output, the checks of its form, its pages and its quota. It does not own: what a
// contract grants (package world), nor routing, signatures and the shapes of errors (package wire).
//
// Source: AWS Marketplace Entitlement Service API Reference, 2026;
// https://docs.aws.amazon.com/marketplaceentitlement/latest/APIReference/
package entitlement
