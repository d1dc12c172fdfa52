package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"souk.dev/souk/client"
)

// script is the whole purchase, step by step.
func script() []step {
	return []step{
		{"The marketplace, the seller's gateway and the seller's product open", (*play).opens},
		{"A buyer subscribes in the storefront", (*play).subscribes},
		{"The browser carries the registration token to the seller", (*play).setsUp},
		{"The buyer creates an account, and waits for AWS", (*play).signsUp},
		{"Two minutes on, AWS has said that the subscription is active", (*play).becomesActive},
		{"The buyer signs in to the product, and uses it", (*play).usesIt},
		{"The hour closes, and its usage goes to AWS", (*play).hourCloses},
		{"The buyer uses some more, and cancels in Your Marketplace Software", (*play).cancels},
		{"The last hour has begun: work can be finished, and is billed", (*play).windsDown},
		{"The last hour is over: all of it reached AWS in time, and access ends", (*play).ends},
		{"Both ledgers agree, and the token is nowhere to be found", (*play).agrees},
	}
}

// The demo's buyer, as in the built-in world, and the account that they make.
const (
	demoBuyer     = "Acme Corporation"
	demoProduct   = "Inkwell"
	demoDimension = "pages"
	demoEmail     = "ada@acme.example"
	demoPassword  = "pages of a quiet notebook"
)

func (p *play) opens(ctx context.Context) error {
	if err := p.move(ctx, map[string]any{"frozen": true}); err != nil {
		return err
	}
	if err := p.web.Open(ctx, p.b.Sandbox+"/"); err != nil {
		return err
	}
	if p.web.Page.Status != http.StatusOK || !p.web.Page.Has(demoProduct) {
		return fmt.Errorf("the storefront does not show %s: %v", demoProduct, p.web.Page)
	}
	all, err := p.licenses(ctx)
	if err != nil {
		return err
	}
	if len(all) != 0 {
		return fmt.Errorf("the gateway knows %d licenses before anybody has bought", len(all))
	}
	p.saw(atMarketplace, "%s sells %s", p.b.Sandbox, demoProduct)
	p.saw(atGateway, "%s knows no customer", p.b.Gateway)
	p.saw(atApp, "%s is open", p.b.App)
	return nil
}

func (p *play) subscribes(ctx context.Context) error {
	if err := errors.Join(
		p.web.Press(ctx, demoBuyer, nil),
		p.web.Follow(ctx, demoProduct),
		p.web.Press(ctx, "Subscribe", nil),
	); err != nil {
		return err
	}
	if !p.web.Page.Has("Thank you for subscribing") {
		return fmt.Errorf("after Subscribe the marketplace shows %v", p.web.Page)
	}
	agreements, err := list[bought](ctx, p.market, "agreements", nil)
	if err != nil {
		return err
	}
	if len(agreements) != 1 || agreements[0].Status != "ACTIVE" {
		return fmt.Errorf("the marketplace has %d agreements (%+v); want one, active", len(agreements), agreements)
	}
	a := agreements[0]
	p.agreement, p.arn = a.AgreementID, a.License.ARN
	known, err := p.licenses(ctx)
	if err != nil {
		return err
	}
	if len(known) != 0 {
		return fmt.Errorf("the gateway knows %d licenses before any notice or landing", len(known))
	}
	p.saw(atMarketplace, "agreement %s is %s, its license %s", a.AgreementID, a.Status, a.License.Status)
	p.saw(atGateway, "has not heard of it")
	return nil
}

// setsUp goes from Set up your account to the gateway's landing page: a form that another site posts.
func (p *play) setsUp(ctx context.Context) error {
	if err := p.web.Press(ctx, "Set up your account", nil); err != nil {
		return err
	}
	const onward = "Continue to " + demoProduct
	var err error
	if p.token, err = p.web.Page.Field(onward, "x-amzn-marketplace-token"); err != nil {
		return err
	}
	to, err := p.web.Page.FormTo(onward)
	if err != nil {
		return err
	}
	if want := p.b.Gateway + "/register"; to.String() != want {
		return fmt.Errorf("the token would be posted to %s; want %s", to, want)
	}
	if err := p.web.Press(ctx, onward, nil); err != nil {
		return err
	}
	if p.web.Page.Status != http.StatusOK || !strings.HasPrefix(p.web.Page.URL.String(), p.b.Gateway) || !p.web.Page.Has("Set up your account") {
		return fmt.Errorf("the landing led to %v", p.web.Page)
	}
	if strings.Contains(p.web.Page.URL.String(), "token") {
		return fmt.Errorf("the page after the landing is at %s", p.web.Page.URL)
	}
	calls, err := list[apiCall](ctx, p.market, "calls", url.Values{"operation": {"ResolveCustomer"}})
	if err != nil {
		return err
	}
	if len(calls) != 1 || calls[0].Status != http.StatusOK {
		return fmt.Errorf("ResolveCustomer was called with %+v; want once, answered", calls)
	}
	l, err := p.theLicense(ctx, client.Pending)
	if err != nil {
		return err
	}
	if l.LicenseARN != p.arn {
		return fmt.Errorf("the gateway took the token for %s; it was bought as %s", l.LicenseARN, p.arn)
	}
	p.saw(atMarketplace, "ResolveCustomer was called once, through the AWS SDK")
	p.saw(atGateway, "knows the buyer's account %s; the license is %s", l.CustomerAWSAccountID, l.State)
	return nil
}

// apiCall is a call of AWS's APIs, as the marketplace remembers it.
type apiCall struct {
	Operation string `json:"operation"`
	Status    int    `json:"status"`
}

func (p *play) signsUp(ctx context.Context) error {
	if err := p.web.Press(ctx, "Create account", map[string]string{
		"name": "Ada Lovelace", "company": demoBuyer, "email": demoEmail, "password": demoPassword,
	}); err != nil {
		return err
	}
	if p.web.Page.Status != http.StatusOK || !strings.Contains(p.web.Page.URL.Path, "/portal") {
		return fmt.Errorf("after signing up the gateway shows %v", p.web.Page)
	}
	if _, err := p.web.Page.Link("Open " + demoProduct); err == nil {
		return errors.New("the product can be opened before AWS has said that the subscription is active")
	}
	l, err := p.theLicense(ctx, client.Pending)
	if err != nil {
		return err
	}
	if l.Account == "" {
		return errors.New("the license has no account after registration")
	}
	p.saw(atGateway, "%s has an account; the license is still %s, and opens nothing", demoEmail, l.State)
	return nil
}

func (p *play) becomesActive(ctx context.Context) error {
	if err := p.advance(ctx, 2*time.Minute); err != nil {
		return err
	}
	l, err := p.theLicense(ctx, client.Active)
	if err != nil {
		return err
	}
	a, err := p.agreed(ctx)
	if err != nil {
		return err
	}
	p.saw(atMarketplace, "license %s; its events went to the seller's queue", a.License.Status)
	p.saw(atGateway, "%s: %s", l.State, l.Why)
	return nil
}

func (p *play) usesIt(ctx context.Context) error {
	if err := p.web.Open(ctx, p.b.Gateway+"/portal/licenses/"+url.PathEscape(p.license)); err != nil {
		return err
	}
	if err := errors.Join(p.web.Follow(ctx, "Open "+demoProduct), p.web.Follow(ctx, "Sign in with your Inkwell account")); err != nil {
		return err
	}
	if !strings.HasPrefix(p.web.Page.URL.String(), p.b.App) || !p.web.Page.Has(demoEmail) {
		return fmt.Errorf("after signing in the application shows %v", p.web.Page)
	}
	if err := errors.Join(p.publish(ctx, longNote), p.publish(ctx, shortNote)); err != nil {
		return err
	}
	if p.pages < 3 {
		return fmt.Errorf("two notes made %d pages; the first alone was meant to make two", p.pages)
	}
	if err := p.checkCounted(ctx); err != nil {
		return err
	}
	records, others, err := p.honouredRecords(ctx)
	if err != nil {
		return err
	}
	if len(records)+others != 0 {
		return fmt.Errorf("AWS has %d records before the hour is over", len(records)+others)
	}
	p.saw(atApp, "two notes are published, %s printed", plural(p.pages, "page"))
	p.saw(atGateway, "%s counted in dimension pages, on disk before the app went on", plural(p.pages, "page"))
	p.saw(atMarketplace, "no record yet: the hour is not over")
	return nil
}

// longNote fills more than one page.
var longNote = "# On tides\n\n" + strings.Repeat("The sea comes in, and the sea goes out again, and nobody ever asked it to. ", 30)

const shortNote = "# A short one\n\n- bread\n- ink\n- **paper**"

var printedPages = regexp.MustCompile(`(\d+) pages?, counted once`)

// publish writes a note in the application, and adds its pages up.
func (p *play) publish(ctx context.Context, text string) error {
	if err := p.web.Open(ctx, p.b.App+"/"); err != nil {
		return err
	}
	if err := p.web.Press(ctx, "Publish", map[string]string{"text": text}); err != nil {
		return err
	}
	m := printedPages.FindStringSubmatch(p.web.Page.Text())
	if m == nil {
		return fmt.Errorf("after Publish the application shows %v", p.web.Page)
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return err
	}
	p.pages += n
	return nil
}

// checkCounted insists that the gateway has counted what was published.
func (p *play) checkCounted(ctx context.Context) error {
	n, err := p.counted(ctx)
	if err != nil {
		return err
	}
	if n != p.pages {
		return fmt.Errorf("the gateway has counted %d pages; %d were published", n, p.pages)
	}
	return nil
}

func (p *play) hourCloses(ctx context.Context) error {
	if err := p.moveTo(ctx, demoBegins.Truncate(time.Hour).Add(90*time.Minute)); err != nil { // half past ten
		return err
	}
	records, others, err := p.honouredRecords(ctx)
	if err != nil {
		return err
	}
	if len(records) != 1 || records[0].Quantity != p.pages || !records[0].Hour.Equal(demoBegins.Truncate(time.Hour)) {
		return fmt.Errorf("AWS has the records %+v; want one of %d pages for the hour from %s", records, p.pages, demoBegins.Truncate(time.Hour).Format("15:04"))
	}
	ours, err := p.ourRecords(ctx)
	if err != nil {
		return err
	}
	if len(ours) != 1 || ours[0].MeteringRecordID != records[0].MeteringRecordID {
		return fmt.Errorf("the gateway's records %+v do not have AWS's receipt %s", ours, records[0].MeteringRecordID)
	}
	r := records[0]
	p.saw(atMarketplace, "honoured %s for %s–%s, received %s", plural(r.Quantity, "page"), r.Hour.Format("15:04"), r.Hour.Add(time.Hour).Format("15:04"), r.ReceivedAt.Format("15:04:05"))
	p.saw(atGateway, "its record is %s, with AWS's receipt %s", ours[0].State, shorten(r.MeteringRecordID))
	p.saw(atGateway, "reported nothing for %s that nobody used, as AWS asks", plural(int64(others), "dimension"))
	return nil
}

func shorten(id string) string {
	if len(id) > 12 {
		return id[:8] + "…"
	}
	return id
}

// ourRecords is the gateway's side of [play.honouredRecords].
func (p *play) ourRecords(ctx context.Context) ([]client.Record, error) {
	var all []client.Record
	for r, err := range p.souk.Records(ctx, p.license) {
		if err != nil {
			return nil, err
		}
		if r.Dimension == demoDimension || r.Quantity != 0 {
			all = append(all, r)
		}
	}
	return all, nil
}
