package storefront

import (
	"math"
	"net/http"

	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/webui"
)

// deliveriesOnPage is how many notices the page lists, the newest ones.
const deliveriesOnPage = 100

type deliveriesView struct {
	Chrome
	Agreement  string     // the only one whose notices are listed; empty: all
	Deliveries []Delivery // newest first
	Nothing    webui.Empty
}

// Delivery is a notice on its way, as the page shows it.
type Delivery struct {
	notice.Delivery
	Tone webui.Tone
}

// getDeliveries lists what AWS Marketplace told sellers, and what became of it.
func (s *Storefront) getDeliveries(w http.ResponseWriter, r *http.Request) error {
	v := deliveriesView{Chrome: s.chrome(w, r), Agreement: r.URL.Query().Get("agreement"),
		Nothing: webui.Empty{Title: "No notices", Text: "Sellers are told when an agreement is made or ended, and when a license is provisioned or withdrawn."}}
	all, _, _ := s.opt.Desk.List(0, math.MaxInt, func(d notice.Delivery) bool { return v.Agreement == "" || v.Agreement == d.AgreementID })
	for i := len(all) - 1; i >= 0 && len(v.Deliveries) < deliveriesOnPage; i-- {
		v.Deliveries = append(v.Deliveries, Delivery{all[i], webui.ToneOf(string(all[i].Outcome))})
	}
	return s.ui.Render(w, http.StatusOK, "deliveries", v)
}

// postRedeliver delivers a notice once more, as SQS or EventBridge may do at any time.
func (s *Storefront) postRedeliver(w http.ResponseWriter, r *http.Request) error {
	d, err := s.opt.Desk.Redeliver(r.PathValue("delivery"))
	if err != nil {
		return err
	}
	s.notes.leave(w, webui.Notice{Tone: webui.Success, Title: "Delivered again", Text: d.Kind + " is in the seller's queue once more; it must change nothing there."})
	http.Redirect(w, r, "/control/deliveries", http.StatusSeeOther)
	return nil
}
