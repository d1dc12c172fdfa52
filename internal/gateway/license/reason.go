package license

// EndReason is AWS's word for why an agreement ended: the status in Purchase Agreement Ended, or in the Agreement API. Empty where AWS
// has not said: legacy notices never do, and facts that were kept before it was kept with them do not.
// Sources: SellerGuide, "Managing Amazon EventBridge events"; Agreement API, AgreementStatus.
type EndReason string

// The reasons.
const (
	Cancelled  EndReason = "CANCELLED"  // the buyer, or the buyer and the seller together, ended it early
	Expired    EndReason = "EXPIRED"    // it reached its end
	Terminated EndReason = "TERMINATED" // AWS ended it, as when a payment fails
	Renewed    EndReason = "RENEWED"    // another agreement goes on, for another term
	Replaced   EndReason = "REPLACED"   // another agreement goes on, with other terms
)

// say is the reason in words, for whoever asks why a licence stands where it does.
var say = map[EndReason]string{
	Cancelled:  "The agreement was cancelled.",
	Expired:    "The agreement's term was over.",
	Terminated: "AWS terminated the agreement.",
	Renewed:    "Another agreement renews it.",
	Replaced:   "Another agreement replaces it.",
}

// Known reports whether r is one of AWS's words that have a meaning here.
func (r EndReason) Known() bool { return say[r] != "" }

// learn takes over what f, which s has met, says of why the licence is ending or has ended. The first that says anything counts. A
// renewal or replacement is why, where the end follows it as closely as the notices of one end follow each other, and nothing has said
// since that the licence goes on: what ends after a renewal that kept it ends for another reason.
func (s *Standing) learn(f Fact) {
	switch f.Kind {
	case AgreementFollowed:
		s.FollowedAt, s.followed = f.At, f.Reason
	case Activated:
		s.followed = ""
	}
	if s.State != WindingDown && s.State != Ended || s.EndReason != "" {
		return
	}
	switch {
	case f.Kind == NeverBegan:
		s.EndReason = Terminated
	case f.Reason != "":
		s.EndReason = f.Reason
	case s.followed != "" && f.At.Sub(s.FollowedAt) < classicGap:
		s.EndReason = s.followed
	default:
		return
	}
	s.Why += " " + say[s.EndReason]
}
