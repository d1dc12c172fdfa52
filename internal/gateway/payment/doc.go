// Package payment asks buyers, in the seller's name, for payments under an agreement whose terms have room for them (AWS's
// variable payment term: services by milestone, say): a payment request of the Agreement API. It is proposed by a program or
// a person; another person approves it or rejects it; only then is AWS asked, with exactly that and nothing else, because the
// buyer is told at once, and may pay at once. From then on it is followed: AWS checks it; the buyer accepts or denies it, or
// says nothing, which is a yes after the time that the buyer chose with the offer, and otherwise changes nothing; or the
// seller withdraws it while it waits.
//
// It owns: the requests, their states, what can be asked for. It does not own: how a request goes to the buyer and is
// followed (package proposal), the terms (package agreement), what is charged and disbursed, which is AWS's, nor AWS's protocol.
//
// Always true: nothing goes to AWS that nobody approved; what goes is what was approved; it goes with the same client token
// until AWS has answered, so that an answer that was lost makes no second request; of an agreement no more is asked for, here,
// than its term has. A crash between any two lines changes none of that: see package proposal.
//
// AWS publishes no event about payment requests: AWS is asked what became of them, at the latest every hour.
//
// Sources: AWS Marketplace Agreement API, SendAgreementPaymentRequest, GetAgreementPaymentRequest,
// ListAgreementPaymentRequests, CancelAgreementPaymentRequest, VariablePaymentTerm.
package payment
