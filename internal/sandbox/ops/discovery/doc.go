// Package discovery is AWS Marketplace's Discovery API on the wire, over REST-JSON: what buyers' programs find, read and
// compare before they buy with the Agreement API.
//
// It owns: the operations' inputs and outputs, the checks of their form, search, facets and pages, and what a caller may
// see (everybody what is public; a private offer only who it is for, and who proposes it). It does not own products and
// offers (package world), the shapes of terms (package terms), nor routing and signatures (package wire).
//
// Source: AWS Marketplace API Reference, Discovery API, service model 2026-02-05;
// https://docs.aws.amazon.com/marketplace/latest/APIReference/
package discovery
