// Package sqs is Amazon SQS on the wire: its operations over AWS JSON 1.0 (clients since 2023) and over the query
// protocol with XML answers (clients before), both onto package queue.
//
// It owns: the operations' inputs, outputs and error names in both protocols, and the address of a queue. It does not
// own: what a queue does (package queue), nor routing, signatures and the call log (package wire).
//
// Not played: access policies (any caller may use any account's queue), FIFO queues, tags, message move tasks.
//
// Source: Amazon SQS API Reference, 2026; https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/
package sqs
