package storefront

import (
	"net/http"

	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/webui"
)

type deliveryView struct {
	Chrome
	Delivery Delivery
	Attempts []Attempt
}

// Attempt is one try to deliver a notice, with the bytes that it puts on its way.
type Attempt struct {
	notice.Attempt
	notice.Sent
	Tone webui.Tone
}

// getDelivery shows a notice, and each attempt to deliver it to the byte.
func (s *Storefront) getDelivery(w http.ResponseWriter, r *http.Request) error {
	d, err := s.opt.Desk.Get(r.PathValue("delivery"))
	if err != nil {
		return err
	}
	sent, err := s.opt.Desk.Sent(d.ID)
	if err != nil {
		return err
	}
	v := deliveryView{Chrome: s.chrome(w, r), Delivery: Delivery{d, webui.ToneOf(string(d.Outcome))}}
	for i, a := range d.Attempts[:min(len(d.Attempts), len(sent))] { // there may be more by the second look
		v.Attempts = append(v.Attempts, Attempt{a, sent[i], webui.ToneOf(string(a.Outcome))})
	}
	return s.ui.Render(w, http.StatusOK, "delivery", v)
}
