// Package metering is AWS Marketplace Metering on the wire: ResolveCustomer, BatchMeterUsage, MeterUsage and
// RegisterUsage over AWS JSON 1.1.
//
// It owns: the operations' inputs and outputs, the checks of their form (lengths, patterns, ranges), the regions they
// exist in, and the quota. It does not own: what a token stands for or which usage is honoured (package world), nor
// routing, signatures and the shapes of errors (package wire).
//
// Source: AWS Marketplace Metering Service API Reference, 2026;
// https://docs.aws.amazon.com/marketplacemetering/latest/APIReference/
package metering
