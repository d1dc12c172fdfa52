// Package doctor looks whether a set-up is ready for buyers: credentials, permissions, clock, queue, rule, landing page,
// database, mail. It changes nothing anywhere, and says of everything that is not well what to do about it.
//
// It owns: what is looked at, and what is said of it. It does not own how AWS is asked (package awsapi's Prober).
package doctor

import (
	"context"
	"net/http"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/awsapi"
	"souk.dev/souk/internal/gateway/core"
)

// Verdict is how well something is.
type Verdict string

// The verdicts.
const (
	Well    Verdict = "ok"
	Doubt   Verdict = "warning" // it works, or may; somebody should look
	Ill     Verdict = "failed"  // buyers or money would be lost
	Unasked Verdict = "skipped" // it could not be looked at, because of something else
)

// Finding is what was found of one thing.
type Finding struct {
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	Says    string  `json:"says"`
	Do      string  `json:"do,omitempty"` // about it; empty where all is well
}

// AWS is what AWS is asked. awsapi.Prober fulfils it.
type AWS interface {
	Who(context.Context) (awsapi.Who, error)
	Resolve(context.Context) (awsapi.Answer, error)
	Meter(context.Context, core.ProductCode) (awsapi.Answer, error)
	Entitle(context.Context, core.ProductCode) (awsapi.Answer, error)
	Agreements(context.Context) (awsapi.Answer, error)
	Queue(ctx context.Context, queueURL string) (awsapi.QueueFacts, awsapi.Answer, error)
	Rules(ctx context.Context, queueURL, queueARN string) ([]awsapi.RuleFacts, awsapi.Answer, error)
}

// Config is what a doctor looks at. A check that is nil is left out.
type Config struct {
	AWS      AWS
	BaseURL  string // where browsers reach the gateway
	QueueURL string // empty: none
	Pushed   bool   // AWS posts its notices to /aws/events instead
	Products core.Catalogue
	HTTP     *http.Client // must not follow redirects
	Clock    clock.Clock  // the machine's own

	// Database says in what state the database is; Mail, whether the mail server takes us; SignIn, whether the console's people
	// can sign in where they should. Each answers with a finding whose Check it leaves empty.
	Database, Mail, SignIn func(context.Context) Finding
}

// Examine looks at everything, one thing after the other, and tells each finding as it is made.
func Examine(ctx context.Context, c Config, tell func(Finding)) {
	e := &examination{Config: c, tell: tell}
	if c.Database != nil {
		e.of(ctx, "database", c.Database)
	}
	e.site(ctx)
	if e.credentials(ctx) {
		e.calls(ctx)
		e.clock()
		e.notices(ctx)
	} else {
		for _, check := range []string{"permissions", "clock", "queue", "rule"} {
			e.skip(check, "AWS cannot be asked without credentials.")
		}
	}
	e.catalogue()
	if c.Mail != nil {
		e.of(ctx, "mail", c.Mail)
	}
	if c.SignIn != nil {
		e.of(ctx, "sign-in", c.SignIn)
	}
}

// examination is one run.
type examination struct {
	Config
	tell func(Finding)

	theirs, ours time.Time // the same instant, by AWS's clock and by this machine's; zero while AWS has not said
}

func (e *examination) well(check, says string)      { e.tell(Finding{check, Well, says, ""}) }
func (e *examination) doubt(check, says, do string) { e.tell(Finding{check, Doubt, says, do}) }
func (e *examination) ill(check, says, do string)   { e.tell(Finding{check, Ill, says, do}) }
func (e *examination) skip(check, says string)      { e.tell(Finding{check, Unasked, says, ""}) }

func (e *examination) of(ctx context.Context, check string, look func(context.Context) Finding) {
	f := look(ctx)
	f.Check = check
	e.tell(f)
}

// heard keeps what AWS said of the time.
func (e *examination) heard(a awsapi.Answer) {
	if !a.At.IsZero() {
		e.theirs, e.ours = a.At, e.Clock.Now()
	}
}

// How far this machine's clock may be from AWS's. AWS refuses requests that are signed more than 5 minutes off, and usage
// that is stamped in its future. Source: IAM User Guide, "Troubleshoot Signature Version 4 requests".
const (
	skewDoubt = 30 * time.Second
	skewIll   = 4 * time.Minute
)

func (e *examination) clock() {
	if e.theirs.IsZero() {
		e.skip("clock", "AWS did not say what time it is.")
		return
	}
	skew := e.ours.Sub(e.theirs).Round(time.Second)
	const do = "Let the machine keep its time by NTP (timedatectl set-ntp true, or chrony)."
	switch off := skew.Abs(); {
	case off > skewIll:
		e.ill("clock", "This machine's clock is "+ahead(skew)+" AWS's, which refuses what is signed more than 5 minutes off.", do)
	case off > skewDoubt:
		e.doubt("clock", "This machine's clock is "+ahead(skew)+" AWS's: usage may be counted in the wrong hour.", do)
	default:
		e.well("clock", "It agrees with AWS's, to the second or so.")
	}
}

func ahead(skew time.Duration) string {
	if skew < 0 {
		return skew.Abs().String() + " behind"
	}
	return skew.String() + " ahead of"
}

func (e *examination) catalogue() {
	if e.Products.Learns() {
		e.doubt("products", "None are configured: whatever product AWS names is served, with any dimension.",
			"Set products, so that usage of a dimension that is not sold is refused when it is reported instead of by AWS an hour later.")
		return
	}
	for _, p := range e.Products {
		if p.Pricing == "" {
			e.doubt("products", "The product "+string(p.Code)+" has no pricing: what AWS is asked of it shows only with its first buyer.",
				"Set pricing to subscription, contract, contract_with_consumption or free.")
			return
		}
	}
	e.well("products", plural(len(e.Products), "product")+" configured.")
}
