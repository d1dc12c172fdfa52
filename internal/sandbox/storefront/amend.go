package storefront

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/world"
	"souk.dev/souk/internal/webui"
)

type amendView struct {
	Chrome
	Sub    Subscription
	Fields []webui.Field
	Cost   Cost
	Wrong  webui.Notice // why it could not be changed as filled in
}

// getAmend offers more of what a running contract is for.
func (s *Storefront) getAmend(w http.ResponseWriter, r *http.Request) error {
	var values url.Values
	if q := r.URL.Query(); q.Has(priceField) {
		values = q
	}
	return s.askAmend(w, r, http.StatusOK, values, webui.Notice{})
}

// askAmend shows the form with values in it; nil: as the contract is.
func (s *Storefront) askAmend(w http.ResponseWriter, r *http.Request, status int, values url.Values, wrong webui.Notice) error {
	a, _, err := s.mine(r)
	if err != nil {
		return err
	}
	if a.Status != world.Active || a.Accepted.Upfront == nil {
		http.Redirect(w, r, "/subscriptions/"+a.AgreementID, http.StatusSeeOther)
		return nil
	}
	v := amendView{Chrome: s.chrome(w, r), Wrong: wrong}
	if v.Sub, err = s.subscription(a, v.Now); err != nil {
		return err
	}
	v.Fields = amendFields(v.Sub, values)
	if values != nil {
		var q world.Quote
		wanted, err := readQuantities(v.Sub.Product, values)
		if err == nil {
			q, err = s.opt.World.PreviewAmend(v.Now, a.AgreementID, world.Amendment{Quantities: wanted})
		}
		v.Cost = costOf(v.Now, q, err)
	}
	v.Cost.Page, v.Cost.Asked = "/subscriptions/"+a.AgreementID+"/amend", values != nil
	return s.ui.Render(w, status, "amend", v)
}

// amendFields are a contract's quantities, or the tiers that are not below its own, at the prices that were agreed on.
func amendFields(sub Subscription, values url.Values) []webui.Field {
	p, rates := sub.Product, sub.Rates
	price := func(d world.Dimension) string { return webui.Money("USD", rates[d.Key].String()) }
	if p.Selection == world.OneTier {
		tier := webui.Field{Name: tierField, Label: "Tier", Type: "select", Value: values.Get(tierField), Required: true}
		for _, d := range p.Entitled() {
			if sub.Terms.Quantities[d.Key] > 0 && tier.Value == "" {
				tier.Value = d.Key
			}
			tier.Options = append(tier.Options, webui.Choice{Value: d.Key, Label: d.Name + ", " + price(d)})
		}
		return []webui.Field{tier}
	}
	var fields []webui.Field
	for _, d := range p.Entitled() {
		f := webui.Field{Name: unitsField + d.Key, Label: d.Name, Hint: price(d) + " per " + unitName(d) + " for " + sub.DurationWords() + ".",
			Value: values.Get(unitsField + d.Key), InputMode: "numeric", Autocomplete: "off", Required: true, MaxLength: 10}
		if values == nil {
			f.Value = strconv.FormatInt(sub.Terms.Quantities[d.Key], 10)
		}
		fields = append(fields, f)
	}
	return fields
}

// postAmend changes a running contract. Sent twice, the second time there is nothing to change, and no harm in that.
func (s *Storefront) postAmend(w http.ResponseWriter, r *http.Request) error {
	if err := form(w, r); err != nil {
		return err
	}
	a, _, err := s.mine(r)
	if err != nil {
		return err
	}
	p, err := s.opt.World.Product(a.ProductID)
	if err != nil {
		return err
	}
	wanted, err := readQuantities(p, r.PostForm)
	if err == nil {
		_, err = s.opt.World.Amend(s.opt.Clock.Now(), a.AgreementID, world.Amendment{Quantities: wanted})
	}
	if fail.CodeOf(err) == "nothing_changes" {
		err = nil
	}
	if e, ok := errors.AsType[*fail.Error](err); ok && e.Kind == fail.Invalid && a.Accepted.Upfront != nil {
		return s.askAmend(w, r, http.StatusUnprocessableEntity, r.PostForm, webui.Notice{Tone: webui.Error, Title: "Nothing was changed", Text: e.Say})
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/subscriptions/"+a.AgreementID, http.StatusSeeOther)
	return nil
}
