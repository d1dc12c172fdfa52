// Package push is the door for what AWS posts: POST /aws/sns, signed messages of SNS topics, and POST /aws/events, events
// of an EventBridge API destination.
//
// It owns: the proof that AWS speaks (law 6). Of SNS that is the signature, made with a certificate of Amazon's over a
// message of a topic that is expected, and not an old one; of EventBridge it is a secret that only the connection knows.
// What is not proven is refused, counted, and kept nowhere. It does not own: what a notice says, whether it came before,
// and what it does (package intake), which is the same for all ways in.
//
// It answers 200 when the notice is kept, whatever it says: AWS posts again what is answered with 429 or 5xx, and gives up
// what is answered with another 4xx. See docs/aws/notices.md.
package push
