// Package wire is AWS's front door: it tells which service and operation a request is for, who calls, and writes
// answers and errors as AWS's protocols do (AWS JSON 1.0 and 1.1, query, Smithy RPC v2 CBOR, REST-JSON).
//
// A request takes this way through [Front]: read whole; told apart by X-Amz-Target, path or form; its signature read,
// and with strict authentication verified over exactly the headers that it names; a fault drawn; the operation
// performed; the answer written, and the call kept in the [Calls] log. An operation that is spoken in JSON and CBOR is
// written once: [Decode] and [Encode] are the same for both.
//
// It owns: routing, signatures, the shapes of errors, the place where faults disturb a call, and the log of calls. It
// does not own any operation: those are registered as [Service]s by packages ops and ops/sqs.
package wire
