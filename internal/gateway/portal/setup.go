package portal

import (
	"net/http"
	"slices"
	"time"

	"souk.dev/souk/internal/gateway/account"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/register"
	"souk.dev/souk/internal/webui"
)

// setup is what the seller's people do before an account is ready.
type setup struct {
	Say string    // in the seller's words; may be empty
	By  time.Time // somebody has contacted the buyer
}

// beingSetUp is how a subscription is called whose account is being made ready. What AWS says of it stands beside.
var beingSetUp = words{Label: "Being set up", Tone: webui.Info}

// settingUp fills in what the seller's people do for the subscription of lic, if they do anything. regs are those of its owner.
func (p *Portal) settingUp(s *subscription, lic license.License, regs []register.Registration) {
	if over := lic.Standing.State == license.Ended || lic.Standing.State == license.Failed; over || s.Ending() {
		return
	}
	i := slices.IndexFunc(regs, func(r register.Registration) bool { return r.License == lic.ID && r.SettingUp() })
	if i < 0 {
		return
	}
	s.Setup = &setup{Say: p.Products.Product(lic.ProductCode).ManualSetup.Message, By: regs[i].DueAt}
	s.Words, s.AppURL = beingSetUp, ""
}

// waitsForSetup leads who wants to go on to the product's application to the subscription instead, where no account with it is
// ready. done is true when that was done.
func (p *Portal) waitsForSetup(w http.ResponseWriter, r *http.Request, a account.Who, product core.Product) (done bool, err error) {
	waits, err := p.setupOf(r, a, product)
	if err != nil || waits == "" {
		return false, err
	}
	seeOther(w, r, "/portal/licenses/"+string(waits))
	return true, nil
}

// setupOf finds the licence of the product's that is being set up for a, where none is ready; empty: nothing is waited for.
func (p *Portal) setupOf(r *http.Request, a account.Who, product core.Product) (waits core.LicenseID, err error) {
	if !product.Manual() {
		return "", nil
	}
	owned, err := p.Register.Licenses(r.Context(), a.Account.ID)
	if err != nil {
		return "", err
	}
	for _, lic := range owned {
		switch {
		case lic.ProductCode != product.Code:
		case !lic.SettingUp:
			return "", nil
		default:
			waits = lic.ID
		}
	}
	return waits, nil
}
