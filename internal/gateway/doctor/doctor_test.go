package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/awsapi"
	"souk.dev/souk/internal/gateway/core"
)

var now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// played is an AWS in good order, of which a test changes what it is about.
type played struct {
	who        error
	answers    map[string]awsapi.Answer // by operation
	away       map[string]error
	at         time.Time
	queue      awsapi.QueueFacts
	rules      []awsapi.RuleFacts
	askedCodes []core.ProductCode
}

func inOrder() *played {
	return &played{answers: map[string]awsapi.Answer{"Resolve": {Code: contract.InvalidToken}}, away: map[string]error{}, at: now,
		queue: awsapi.QueueFacts{ARN: "arn:aws:sqs:us-east-1:444455556666:souk", Policy: awsapi.Policy{Events: true}, Retention: 14 * 24 * time.Hour, Visibility: 30 * time.Second},
		rules: []awsapi.RuleFacts{{Name: "souk", Enabled: true, Marketplace: true}}}
}

func (p *played) say(operation string) (awsapi.Answer, error) {
	a := p.answers[operation]
	a.At = p.at
	return a, p.away[operation]
}

func (p *played) Who(context.Context) (awsapi.Who, error) {
	return awsapi.Who{AccessKeyID: "AKIDEXAMPLE", From: "EC2RoleProvider", Region: "us-east-1", Expires: now.Add(time.Hour)}, p.who
}
func (p *played) Resolve(context.Context) (awsapi.Answer, error)    { return p.say("Resolve") }
func (p *played) Agreements(context.Context) (awsapi.Answer, error) { return p.say("Agreements") }
func (p *played) Meter(_ context.Context, code core.ProductCode) (awsapi.Answer, error) {
	p.askedCodes = append(p.askedCodes, "meter "+code)
	return p.say("Meter")
}
func (p *played) Entitle(_ context.Context, code core.ProductCode) (awsapi.Answer, error) {
	p.askedCodes = append(p.askedCodes, "entitle "+code)
	return p.say("Entitle")
}
func (p *played) Queue(context.Context, string) (awsapi.QueueFacts, awsapi.Answer, error) {
	a, err := p.say("Queue")
	return p.queue, a, err
}
func (p *played) Rules(context.Context, string, string) ([]awsapi.RuleFacts, awsapi.Answer, error) {
	a, err := p.say("Rules")
	return p.rules, a, err
}

// landing answers as a gateway does.
func landing(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		w.WriteHeader(http.StatusBadRequest)
	}
}

var catalogue = core.Catalogue{{Code: "payg", Pricing: core.Subscription}, {Code: "seats", Pricing: core.Contract}, {Code: "both", Pricing: core.ContractWithConsumption}}

// examine is what a doctor finds, by check, of a set-up in good order but for what change does to it.
func examine(t *testing.T, change func(*Config, *played)) map[string]Finding {
	t.Helper()
	site := httptest.NewTLSServer(http.HandlerFunc(landing))
	t.Cleanup(site.Close)
	return examineAt(t, site, change)
}

func examineAt(t *testing.T, site *httptest.Server, change func(*Config, *played)) map[string]Finding {
	t.Helper()
	hc := site.Client()
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	aws := inOrder()
	well := func(context.Context) Finding { return Finding{Verdict: Well, Says: "It is."} }
	c := Config{AWS: aws, BaseURL: site.URL, QueueURL: "https://sqs.us-east-1.amazonaws.com/444455556666/souk", Products: catalogue, HTTP: hc,
		Clock: clock.NewVirtual(now), Database: well, Mail: well}
	if change != nil {
		change(&c, aws)
	}
	found := map[string]Finding{}
	Examine(t.Context(), c, func(f Finding) {
		if f.Says == "" || !strings.HasSuffix(f.Says, ".") || (f.Do != "") != (f.Verdict == Doubt || f.Verdict == Ill) {
			t.Errorf("a finding that helps nobody: %+v", f)
		}
		if old, twice := found[f.Check]; !twice || old.Verdict == Well {
			found[f.Check] = f
		}
	})
	return found
}

func TestASetUpInOrder(t *testing.T) {
	var aws *played
	found := examine(t, func(_ *Config, p *played) { aws = p })
	for _, check := range []string{"database", "landing page", "credentials", "permissions", "clock", "queue", "rule", "products", "mail"} {
		if found[check].Verdict != Well {
			t.Errorf("%s: %+v", check, found[check])
		}
		delete(found, check)
	}
	if len(found) != 0 {
		t.Errorf("besides: %+v", found)
	}
	if got := fmt.Sprint(aws.askedCodes); got != "[meter payg meter both entitle seats entitle both]" {
		t.Errorf("asked %s", got)
	}
}

func TestWhatIsNotInOrder(t *testing.T) {
	answer := func(operation, code string) func(*Config, *played) {
		return func(_ *Config, p *played) { p.answers[operation] = awsapi.Answer{Code: code, Message: "no"} }
	}
	for name, c := range map[string]struct {
		change  func(*Config, *played)
		check   string
		verdict Verdict
		holds   string // what is said, or to be done
	}{
		"no credentials":            {func(_ *Config, p *played) { p.who = errors.New("no role") }, "credentials", Ill, "no role"},
		"no credentials, the rest":  {func(_ *Config, p *played) { p.who = errors.New("no role") }, "rule", Unasked, "without credentials"},
		"a wrong key":               {answer("Resolve", contract.UnrecognizedClient), "credentials", Ill, "UnrecognizedClientException"},
		"no right to resolve":       {answer("Resolve", contract.AccessDenied), "permissions", Ill, "Allow aws-marketplace:ResolveCustomer"},
		"no right to meter":         {answer("Meter", contract.AccessDenied), "permissions", Ill, "no usage is billed"},
		"no right to search":        {answer("Agreements", contract.AccessDenied), "permissions", Doubt, "SearchAgreements"},
		"another's product":         {answer("Meter", contract.InvalidProductCode), "permissions", Doubt, "does not know the product code"},
		"another's contract":        {answer("Entitle", contract.InvalidParameter), "permissions", Doubt, "does not know the product code"},
		"throttled":                 {answer("Meter", contract.Throttling), "permissions", Doubt, "again later"},
		"AWS away":                  {func(_ *Config, p *played) { p.away["Resolve"] = errors.New("no answer: no route") }, "permissions", Ill, "no route"},
		"a slow clock":              {func(_ *Config, p *played) { p.at = now.Add(10 * time.Minute) }, "clock", Ill, "10m0s behind AWS's"},
		"a clock somewhat fast":     {func(_ *Config, p *played) { p.at = now.Add(-time.Minute) }, "clock", Doubt, "1m0s ahead of AWS's"},
		"AWS tells no time":         {func(_ *Config, p *played) { p.at = time.Time{} }, "clock", Unasked, "did not say"},
		"no queue":                  {func(c *Config, _ *played) { c.QueueURL = "" }, "queue", Ill, "SOUK_QUEUE_URL"},
		"notices posted":            {func(c *Config, _ *played) { c.QueueURL, c.Pushed = "", true }, "queue", Well, "/aws/events"},
		"another queue":             {answer("Queue", "AWS.SimpleQueueService.NonExistentQueue"), "queue", Ill, "its region"},
		"a queue that is not ours":  {answer("Queue", "AccessDenied"), "queue", Ill, "sqs:GetQueueAttributes"},
		"a queue that is away":      {func(_ *Config, p *played) { p.away["Queue"] = errors.New("no answer: refused") }, "queue", Ill, "refused"},
		"a forgetful queue":         {func(_ *Config, p *played) { p.queue.Retention = time.Hour }, "queue", Doubt, "1h0m0s only"},
		"a queue that shows again":  {func(_ *Config, p *played) { p.queue.Visibility = time.Second }, "queue", Doubt, "VisibilityTimeout"},
		"no rule":                   {func(_ *Config, p *played) { p.rules = nil }, "rule", Ill, `{"source":["aws.agreement-marketplace"]}`},
		"another rule":              {func(_ *Config, p *played) { p.rules[0].Marketplace = false }, "rule", Ill, "No rule"},
		"SNS instead":               {func(_ *Config, p *played) { p.rules, p.queue.Policy = nil, awsapi.Policy{SNS: true} }, "rule", Well, "SNS"},
		"a disabled rule":           {func(_ *Config, p *played) { p.rules[0].Enabled = false }, "rule", Ill, "enable-rule --name souk"},
		"a rule kept out":           {func(_ *Config, p *played) { p.queue.Policy.Events = false }, "rule", Ill, "events.amazonaws.com"},
		"a rule for some":           {func(_ *Config, p *played) { p.rules[0].DetailTypes = []string{"License Updated"} }, "rule", Doubt, "License Updated"},
		"rules that are not shown":  {answer("Rules", contract.AccessDenied), "rule", Doubt, "events:ListRuleNamesByTarget"},
		"no products":               {func(c *Config, _ *played) { c.Products = nil }, "products", Doubt, "None are configured"},
		"a product without pricing": {func(c *Config, _ *played) { c.Products = core.Catalogue{{Code: "x"}} }, "products", Doubt, "Set pricing"},
		"no address":                {func(c *Config, _ *played) { c.BaseURL = "" }, "landing page", Ill, "base-url"},
		"nobody there":              {func(c *Config, _ *played) { c.BaseURL = "https://127.0.0.1:1" }, "landing page", Ill, "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			f := examine(t, c.change)[c.check]
			if f.Verdict != c.verdict || !strings.Contains(f.Says+" "+f.Do, c.holds) {
				t.Errorf("%+v; want %s, with %q", f, c.verdict, c.holds)
			}
		})
	}
}

// What stands before the gateway may stand in a buyer's way.
func TestProxiesInTheWay(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		holds  string
	}{
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusMovedPermanently)
		}, "to https://elsewhere.example/"},
		"another site":       {http.NotFound, "404 Not Found"},
		"a POST redirected":  {func(w http.ResponseWriter, r *http.Request) { onPost(w, r, http.StatusFound) }, "302 Found"},
		"a POST not allowed": {func(w http.ResponseWriter, r *http.Request) { onPost(w, r, http.StatusMethodNotAllowed) }, "405 Method Not Allowed"},
		"a POST swallowed":   {func(w http.ResponseWriter, r *http.Request) { onPost(w, r, http.StatusOK) }, "200 OK"},
	} {
		t.Run(name, func(t *testing.T) {
			site := httptest.NewTLSServer(c.answer)
			defer site.Close()
			f := examineAt(t, site, nil)["landing page"]
			if f.Verdict != Ill || !strings.Contains(f.Says, c.holds) {
				t.Errorf("%+v; want it to be ill, with %q", f, c.holds)
			}
		})
	}
	open := httptest.NewServer(http.HandlerFunc(landing))
	defer open.Close()
	if f := examineAt(t, open, nil)["landing page"]; f.Verdict != Doubt {
		t.Errorf("without TLS on this machine: %+v", f)
	}
	soon := httptest.NewTLSServer(http.HandlerFunc(landing))
	defer soon.Close()
	end := soon.Certificate().NotAfter
	if f := examineAt(t, soon, func(c *Config, p *played) { c.Clock, p.at = clock.NewVirtual(end.Add(-time.Hour)), end.Add(-time.Hour) })["landing page"]; f.Verdict != Doubt || !strings.Contains(f.Do, "Renew") {
		t.Errorf("a certificate of an hour: %+v", f)
	}
}

func onPost(w http.ResponseWriter, r *http.Request, status int) {
	if r.Method == http.MethodPost {
		w.WriteHeader(status)
	}
}
