package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/gateway/awsapi"
	"souk.dev/souk/internal/gateway/core"
)

// credentials reports whether there are any.
func (e *examination) credentials(ctx context.Context) bool {
	w, err := e.AWS.Who(ctx)
	if err != nil {
		e.ill("credentials", "None were found: "+err.Error()+".", "Give the machine a role, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, of the seller's AWS account.")
		return false
	}
	says := fmt.Sprintf("%s, from %s, in the region %s.", w.AccessKeyID, w.From, w.Region)
	if w.Expires.IsZero() {
		e.well("credentials", says+" They do not expire by themselves; a role's would.")
	} else {
		e.well("credentials", says)
	}
	return true
}

// call is one that the gateway makes, and what it is without it.
type call struct {
	name   string // as IAM writes it
	lost   string // what does not work without
	needed bool
	ask    func(context.Context) (awsapi.Answer, error)
}

// calls tries whether each call of the gateway's is allowed. What AWS has against the harmless question itself shows that it
// took it.
func (e *examination) calls(ctx context.Context) {
	list := []call{{"aws-marketplace:ResolveCustomer", "no buyer can register", true, e.AWS.Resolve}}
	meters, entitles := e.asked()
	for _, code := range meters {
		list = append(list, call{"aws-marketplace:BatchMeterUsage", "no usage is billed", true, func(ctx context.Context) (awsapi.Answer, error) { return e.AWS.Meter(ctx, code) }})
	}
	for _, code := range entitles {
		list = append(list, call{"aws-marketplace:GetEntitlements", "what was bought in advance is not known", true, func(ctx context.Context) (awsapi.Answer, error) { return e.AWS.Entitle(ctx, code) }})
	}
	list = append(list, call{"aws-marketplace:SearchAgreements", "what a lost notice leaves behind is not repaired", false, e.AWS.Agreements})

	var allowed []string
	for _, c := range list {
		a, err := c.ask(ctx)
		e.heard(a)
		switch {
		case err != nil:
			e.ill("permissions", c.name+": "+err.Error()+".", "Let the machine reach AWS's endpoints: look at DNS, the proxy (HTTPS_PROXY), the firewall and AWS_ENDPOINT_URL…")
			return // the others would wait as long, and say the same
		case unknownCaller[a.Code]:
			e.ill("credentials", "AWS does not accept them: "+said(a)+".", "Look whether the key is active, whole, and of the right partition, and the session not over; and at the machine's clock.")
			return
		case denied[a.Code] && c.needed:
			e.ill("permissions", c.name+" is denied: "+c.lost+".", "Allow "+c.name+" in a policy of the role, with the resource *. "+said(a)+".")
		case denied[a.Code]:
			e.doubt("permissions", c.name+" is denied: "+c.lost+".", "Allow it, with DescribeAgreement and GetAgreementTerms, in a policy of the role.")
		case a.Code == contract.InvalidProductCode || c.name == "aws-marketplace:GetEntitlements" && a.Code == contract.InvalidParameter:
			e.doubt("permissions", c.name+" is allowed, but AWS does not know the product code: "+said(a)+".", "Compare the code with the listing's in the AWS Marketplace Management Portal, and the account with the one that owns it.")
		case strings.HasPrefix(a.Code, "Throttling"):
			e.doubt("permissions", c.name+": "+said(a)+".", "Ask again later.")
		default:
			allowed = append(allowed, strings.TrimPrefix(c.name, "aws-marketplace:"))
		}
	}
	if len(allowed) > 0 {
		e.well("permissions", "Allowed: "+strings.Join(slices.Compact(allowed), ", ")+".")
	}
}

// asked are the products for which AWS is told usage, and asked for entitlements: one without a code where none is configured.
func (e *examination) asked() (meters, entitles []core.ProductCode) {
	if e.Products.Learns() {
		return []core.ProductCode{""}, nil // GetEntitlements wants a code
	}
	for _, p := range e.Products {
		if p.Pricing != core.Contract && p.Pricing != core.Free {
			meters = append(meters, p.Code)
		}
		if p.Pricing == core.Contract || p.Pricing == core.ContractWithConsumption || len(p.Entitled) > 0 {
			entitles = append(entitles, p.Code)
		}
	}
	return meters, entitles
}

var denied = map[string]bool{contract.AccessDenied: true, "AccessDenied": true, "NotAuthorized": true, "AuthorizationError": true}

var unknownCaller = map[string]bool{
	contract.UnrecognizedClient: true, contract.InvalidSignature: true, contract.IncompleteSignature: true, contract.MissingAuth: true, "InvalidClientTokenId": true,
	"SignatureDoesNotMatch": true, "ExpiredToken": true, "ExpiredTokenException": true, "OptInRequired": true, "InvalidAccessKeyId": true,
}

func said(a awsapi.Answer) string {
	return strings.TrimSuffix(fmt.Sprintf("AWS says %s: %.200s", a.Code, a.Message), ".")
}

// Shortest settings of a queue that lose nothing.
const (
	leastRetention  = 4 * 24 * time.Hour // SQS's default: a long weekend without a gateway
	leastVisibility = 30 * time.Second   // SQS's default: while it lasts, what was read is not read again
)

// notices looks at the way of AWS's notices: the queue, and the rule that leads to it.
func (e *examination) notices(ctx context.Context) {
	if e.QueueURL == "" {
		if e.Pushed {
			e.well("queue", "None; AWS posts its notices to /aws/events.")
		} else {
			e.ill("queue", "None is configured, and no secret of /aws/events: new buyers wait, and ends are not noticed.",
				"Make an SQS queue, let a rule of EventBridge lead "+contract.EventSource+" to it, and set queue (SOUK_QUEUE_URL).")
		}
		e.skip("rule", "There is no queue for it to lead to.")
		return
	}
	q, a, err := e.AWS.Queue(ctx, e.QueueURL)
	e.heard(a)
	if err != nil || a.Code != "" {
		says, do := "", "Allow sqs:ReceiveMessage, sqs:DeleteMessage and sqs:GetQueueAttributes on the queue."
		switch {
		case err != nil:
			says, do = "It gives "+err.Error(), "Look at the queue's URL, as the SQS console shows it, and whether the machine reaches it."
		case strings.HasSuffix(a.Code, "NonExistentQueue") || strings.HasPrefix(a.Code, "QueueDoesNotExist"):
			says, do = said(a), "Look at the queue's URL, its region and its account."
		default:
			says = said(a)
		}
		e.ill("queue", says+".", do)
		e.skip("rule", "The queue does not say which it is.")
		return
	}
	switch {
	case q.Retention < leastRetention:
		e.doubt("queue", "It keeps a notice for "+days(q.Retention)+" only: a gateway that stands still for longer loses some.", "Set the queue's MessageRetentionPeriod to 1209600, which is 14 days.")
	case q.Visibility < leastVisibility:
		e.doubt("queue", "A notice that is being read shows again after "+q.Visibility.String()+".", "Set the queue's VisibilityTimeout to 30 or more.")
	default:
		e.well("queue", fmt.Sprintf("%s; it keeps notices for %s, and %d wait.", q.ARN, days(q.Retention), q.Waiting))
	}
	e.rule(ctx, q)
}

func (e *examination) rule(ctx context.Context, q awsapi.QueueFacts) {
	const how = `Make a rule on the default bus of us-east-1 with the pattern {"source":["` + contract.EventSource + `"]} and the queue as its target.`
	rules, a, err := e.AWS.Rules(ctx, e.QueueURL, q.ARN)
	e.heard(a)
	if err != nil || a.Code != "" {
		why := said(a)
		if err != nil {
			why = "there is " + err.Error()
		}
		e.doubt("rule", "It could not be looked at: "+why+".", "Allow events:ListRuleNamesByTarget and events:DescribeRule here, or look by hand: "+how)
		return
	}
	rules = slices.DeleteFunc(rules, func(r awsapi.RuleFacts) bool { return !r.Marketplace })
	i := slices.IndexFunc(rules, func(r awsapi.RuleFacts) bool { return r.Enabled })
	switch {
	case len(rules) == 0 && q.Policy.SNS:
		e.well("rule", "None, but SNS may send to the queue, as products by customer identifier do.")
	case len(rules) == 0:
		e.ill("rule", "No rule of EventBridge leads AWS Marketplace's events to the queue.", how)
	case i < 0:
		e.ill("rule", "The rule "+rules[0].Name+" is disabled.", "Enable it: aws events enable-rule --name "+rules[0].Name+".")
	case !q.Policy.Events:
		e.ill("rule", "The rule "+rules[i].Name+" leads to the queue, whose policy does not let EventBridge send.", "Allow sqs:SendMessage to the service events.amazonaws.com in the queue's policy, with the rule's ARN as aws:SourceArn.")
	case len(rules[i].DetailTypes) > 0:
		e.doubt("rule", "The rule "+rules[i].Name+" lets only some events through: "+strings.Join(rules[i].DetailTypes, ", ")+".", "Leave detail-type out of its pattern: the gateway keeps what it does not need, and learns of what AWS adds.")
	default:
		e.well("rule", "The rule "+rules[i].Name+" leads AWS Marketplace's events to the queue.")
	}
}

func days(d time.Duration) string {
	if d < 48*time.Hour {
		return d.String()
	}
	return plural(int(d/(24*time.Hour)), "day")
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
