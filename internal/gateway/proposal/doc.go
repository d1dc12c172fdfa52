// Package proposal is the life that all proposals share: somebody proposes what AWS is to be asked, another person approves
// it or rejects it, AWS is asked, and what becomes of it is followed until AWS has settled it.
//
// It owns: what is kept of each proposal whatever it is about ([Life]), that people decide one at a time and in sight of the
// proposals beside theirs ([Propose], [Approve], [Decide]), the job that takes each a step further when it is due, and the
// pauses between the steps ([Desk]); and, of those that AWS puts to the buyer, the steps and states that all have until the buyer
// has said yes ([Requests]). It does not own: what is proposed, the steps and states that one kind has, AWS's words (packages
// correction, cancellation and payment), nor who may decide (package approval).
//
// A kind embeds [Life] in its proposals and [Desk] in its service, and brings its steps; one of which AWS asks the buyer embeds
// [Asked] and [Requests] instead, and brings its [Buyers]. [Store] keeps all kinds alike.
//
// Always true: each step is one write; what is due next is kept with the proposal ([Life.DueAt]), so that a crash between any
// two lines delays a step and loses none; a step that was not kept is taken again, so that each call it makes must be one that
// AWS knows again ([ID.ClientToken], [ID.Sign]).
package proposal
