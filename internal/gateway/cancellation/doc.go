// Package cancellation asks buyers, in the seller's name, to agree to the end of an agreement before its time: a
// cancellation request of the Agreement API. It is proposed by a program or a person; another person approves it or
// rejects it; only then is AWS asked, with exactly that and nothing else, because the buyer is told at once. From then on
// it is followed: the buyer agrees, denies, or says nothing for seven days, which AWS takes for a yes; AWS ends the
// agreement; or the seller withdraws the request while it waits.
//
// It owns: the requests, their states, when AWS is asked. It does not own: what an agreement's end means for the licence
// and its last hour for metering (packages license and metering: they hear of it as of every other end), money, of which a
// cancellation gives nothing back (package correction), nor AWS's protocol.
//
// Always true: nothing goes to AWS that nobody approved; what goes is what was approved; it goes with the same client
// token until AWS has answered, so that an answer that was lost makes no second request. At most one request of an
// agreement is open here. A crash between any two lines changes none of that: what is due next is kept with the request
// (DueAt), each step is one write, and each call that may be repeated after a crash is one that AWS knows again.
//
// Sources: AWS Marketplace Seller Guide, "Refunds" (seller-initiated cancellations); AWS Marketplace Agreement API,
// SendAgreementCancellationRequest, CancelAgreementCancellationRequest, GetAgreementCancellationRequest.
package cancellation
