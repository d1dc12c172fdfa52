package storefront

import (
	"net/http"
	"strconv"

	"souk.dev/souk/internal/sandbox/notice"
	"souk.dev/souk/internal/webui"
)

// deliveriesOnPage is how many notices the page lists at a time.
const deliveriesOnPage = 40

type deliveriesView struct {
	Chrome
	Agreement  string // the only one whose notices are listed; empty: all
	Filter     []webui.Field
	Deliveries []Delivery // newest first
	Older      string     // address of the next page; empty on the last
	Nothing    webui.Empty
}

// Delivery is a notice on its way, as the page shows it.
type Delivery struct {
	notice.Delivery
	Tone webui.Tone
}

// deliveries are the newest notices that q chooses, and whether there are more.
func (s *Storefront) deliveries(q notice.Query) (all []Delivery, more bool) {
	page, more := s.opt.Desk.Newest(q)
	for _, d := range page {
		all = append(all, Delivery{d, webui.ToneOf(string(d.Outcome))})
	}
	return all, more
}

// getDeliveries lists what AWS Marketplace told sellers, and what became of it.
func (s *Storefront) getDeliveries(w http.ResponseWriter, r *http.Request) error {
	in := r.URL.Query()
	v := deliveriesView{Chrome: s.chrome(w, r), Agreement: in.Get("agreement"),
		Nothing: webui.Empty{Title: "No notices", Text: "Sellers are told when an agreement is made or ended, and when a license is provisioned or withdrawn."}}
	q := notice.Query{AgreementID: v.Agreement, Seller: in.Get("seller"), Kind: in.Get("kind"), Outcome: notice.Outcome(in.Get("outcome")), Limit: deliveriesOnPage}
	before, err := pageBefore(in)
	if err != nil {
		return err
	}
	q.Before = int64(before)
	more := false
	if v.Deliveries, more = s.deliveries(q); more {
		v.Older = older("/control/deliveries", in, strconv.FormatInt(v.Deliveries[len(v.Deliveries)-1].Number(), 10))
	}
	kind := webui.Field{Name: "kind", Label: "Kind", Type: "select", Value: q.Kind, Required: true, Options: []webui.Choice{{Label: "All"}}}
	for _, k := range s.opt.Desk.Kinds() {
		kind.Options = append(kind.Options, webui.Choice{Value: k, Label: k})
	}
	outcome := webui.Field{Name: "outcome", Label: "Outcome", Type: "select", Value: string(q.Outcome), Required: true, Options: []webui.Choice{{Label: "All"}}}
	for _, o := range []notice.Outcome{notice.Delivered, notice.Waiting, notice.Lost, notice.Failed, notice.Unheard} {
		outcome.Options = append(outcome.Options, webui.Choice{Value: string(o), Label: webui.Words(o)})
	}
	v.Filter = []webui.Field{kind, outcome}
	if sellers := s.opt.World.Sellers(); len(sellers) > 1 {
		seller := webui.Field{Name: "seller", Label: "Told", Type: "select", Value: q.Seller, Required: true, Options: []webui.Choice{{Label: "All"}}}
		for _, one := range sellers {
			seller.Options = append(seller.Options, webui.Choice{Value: one.AccountID, Label: one.Name})
		}
		v.Filter = append(v.Filter, seller)
	}
	return s.ui.Render(w, http.StatusOK, "deliveries", v)
}

// postRedeliver delivers a notice once more, as SQS or EventBridge may do at any time.
func (s *Storefront) postRedeliver(w http.ResponseWriter, r *http.Request) error {
	d, err := s.opt.Desk.Redeliver(r.PathValue("delivery"))
	if err != nil {
		return err
	}
	s.notes.leave(w, webui.Notice{Tone: webui.Success, Title: "Delivered again", Text: d.Kind + " was sent once more, to whoever is to get it now; it must change nothing there."})
	http.Redirect(w, r, "/control/deliveries", http.StatusSeeOther)
	return nil
}
