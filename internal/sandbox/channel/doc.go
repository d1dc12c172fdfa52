// Package channel is a seller's channels as the seller's desk and the control API show and change them: the topics and
// rules by which AWS Marketplace tells it things, and the queues and endpoints that hear of them.
//
// It owns: what belongs to which seller, in one view, and acts that take several calls of AWS's APIs. It does not own any
// channel: packages topic, bus and queue do, as for the programs that call those APIs, and package notice delivers. All
// of it is in us-east-1, where AWS Marketplace is.
//
// Its errors are of package fail, with what SNS, EventBridge or SQS said.
package channel
