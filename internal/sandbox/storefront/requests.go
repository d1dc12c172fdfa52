package storefront

import (
	"net/http"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

// postAnswer is the buyer's answer to a seller's cancellation request. To approve it, the buyer types confirm, because
// nothing brings the agreement back. One that is settled meanwhile stays as it is.
func (s *Storefront) postAnswer(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	a, b, err := s.mine(r)
	if err != nil {
		return err
	}
	c, err := s.opt.World.Cancellation(r.PathValue("request"))
	if err != nil {
		return err
	}
	if c.AgreementID != a.AgreementID {
		return fail.New(fail.NotFound, "not_yours", "The request %q is about another agreement.", c.ID)
	}
	now := s.opt.Clock.Now()
	switch act := r.PathValue("act"); act {
	case "approve":
		if strings.TrimSpace(strings.ToLower(r.PostForm.Get("confirm"))) != confirmWord {
			s.notes.leave(w, webui.Notice{Tone: webui.Error, Title: "Nothing was approved", Text: "Type the word confirm to end the agreement, or deny the request."})
			break
		}
		_, err = s.opt.World.AcceptCancellation(now, b.AccountID, c.ID)
	case "deny":
		_, err = s.opt.World.RejectCancellation(now, b.AccountID, c.ID, orElse(strings.TrimSpace(r.PostForm.Get("reason")), "The buyer keeps the agreement."))
	default:
		return fail.New(fail.NotFound, "unknown_act", "Nobody can %q a request.", act)
	}
	if err != nil && !fail.Is(err, fail.Conflict) {
		return err
	}
	if err != nil {
		s.notes.leave(w, webui.Notice{Tone: webui.Warn, Title: "Nothing was changed", Text: sayOf(err)})
	}
	http.Redirect(w, r, "/subscriptions/"+a.AgreementID, http.StatusSeeOther)
	return nil
}

// sayOf is what a person is told of err.
func sayOf(err error) string { return webui.ProblemOf(err).Say }

// waiting are the seller's requests that a buyer has not answered, by agreement.
func (s *Storefront) waiting(buyer string) map[string]world.CancellationRequest {
	all := map[string]world.CancellationRequest{}
	for _, c := range s.opt.World.Cancellations(world.CancellationQuery{BuyerAccount: buyer, Status: world.PendingApproval}) {
		all[c.AgreementID] = c
	}
	return all
}
