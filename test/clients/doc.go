// Package clients has the official AWS clients, unmodified, talk to the sandbox: the AWS CLI and boto3 as Debian ships them
// (of 2022), the current SDKs for JavaScript and Go, and newer releases of the first two where the machine has them.
//
// It owns: one table of scenarios (the errors), one of operations (who can perform what, and every page of every list),
// an agreement's life from both sides (quote, purchase, refund, payment, cancellation), a seller's set-up of its channels
// (SQS, SNS, EventBridge), and one driver per client that speaks the same small protocol (see driver_test.go).
// It is held against contract.Operations, so that no documented error is forgotten.
package clients
