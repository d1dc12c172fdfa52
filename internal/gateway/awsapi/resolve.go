package awsapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering/types"
	"github.com/aws/smithy-go"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
	"souk.dev/souk/internal/gateway/register"
)

// A buyer watches the page load while we ask: each attempt, and all of them together, are bounded.
const (
	resolveAttempts = 3
	resolveAttempt  = 4 * time.Second
	resolvePause    = 300 * time.Millisecond // before the second attempt, and twice that before the third
)

// Resolver asks ResolveCustomer. It fulfils register.Resolver.
type Resolver struct {
	client *marketplacemetering.Client
	log    *slog.Logger
}

// NewResolver makes a resolver that calls AWS as cfg says.
func NewResolver(cfg aws.Config, log *slog.Logger) *Resolver {
	return &Resolver{log: log, client: marketplacemetering.NewFromConfig(cfg, func(o *marketplacemetering.Options) {
		o.ClientLogMode = 0          // a logged request would hold the token (law 5)
		o.Retryer = aws.NopRetryer{} // Resolve retries by itself, within what a buyer will wait
		o.Logger = nil
	})}
}

// Resolve implements register.Resolver.
func (r *Resolver) Resolve(ctx context.Context, token string) (license.Buyer, error) {
	var err error
	for attempt := range resolveAttempts {
		if attempt > 0 {
			if waited := clock.Sleep(ctx, time.Duration(attempt)*resolvePause); waited != nil {
				break
			}
		}
		var out *marketplacemetering.ResolveCustomerOutput
		if out, err = r.once(ctx, token); err == nil {
			return buyerOf(out)
		}
		if !again(err) {
			break
		}
	}
	return license.Buyer{}, r.failure(ctx, err, token)
}

func (r *Resolver) once(ctx context.Context, token string) (*marketplacemetering.ResolveCustomerOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveAttempt)
	defer cancel()
	return r.client.ResolveCustomer(ctx, &marketplacemetering.ResolveCustomerInput{RegistrationToken: &token})
}

func buyerOf(out *marketplacemetering.ResolveCustomerOutput) (license.Buyer, error) {
	b := license.Buyer{
		ProductCode:        core.ProductCode(aws.ToString(out.ProductCode)),
		ARN:                core.LicenseARN(aws.ToString(out.LicenseArn)),
		Customer:           core.AWSAccountID(aws.ToString(out.CustomerAWSAccountId)),
		CustomerIdentifier: core.CustomerIdentifier(aws.ToString(out.CustomerIdentifier)),
	}
	if b.ProductCode == "" || (b.ARN == "" && b.CustomerIdentifier == "") {
		return license.Buyer{}, fail.New(fail.Later, "aws_answer", "AWS Marketplace did not say who you are; try again in a moment.")
	}
	return b, nil
}

// again reports whether the same request may succeed a moment later: throttling, a server's fault, no answer at all.
func again(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok { // an answer that broke off
		return true
	}
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary ||
		retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary
}

// failure translates what AWS answered last. Nothing of err travels on but its name, its request id and, where it is
// needed to mend the settings, its text without the token: AWS's messages may quote what they refuse.
func (r *Resolver) failure(ctx context.Context, err error, token string) error {
	if ctx.Err() != nil { // the buyer has gone, or our caller's patience has
		return fail.Wrap(fail.Later, ctx.Err(), "aws_away", "AWS Marketplace did not answer in time; try again in a moment.")
	}
	cause := causeOf(err, token)
	if _, ok := errors.AsType[*types.InvalidTokenException](err); ok {
		return fail.Wrap(fail.Invalid, cause, register.TokenInvalid, "AWS Marketplace does not know this registration; press Set up your account again.")
	}
	if x, ok := errors.AsType[*types.ExpiredTokenException](err); ok && !isCredentials(x.ErrorMessage()) {
		return fail.Wrap(fail.Invalid, cause, register.TokenExpired, "This registration has expired; press Set up your account again.")
	}
	if !again(err) { // our own settings: credentials, role, region. The buyer can only wait; somebody must look.
		r.log.ErrorContext(ctx, "AWS refuses ResolveCustomer; buyers cannot register until this is mended", "err", cause)
	}
	return fail.Wrap(fail.Later, cause, "aws_away", "AWS Marketplace cannot be asked right now; try again in a moment.")
}

// isCredentials tells AWS's two ExpiredTokenExceptions apart. The service's own is about the buyer's token; that of
// the common front-end, which has the same name, is about our temporary credentials.
func isCredentials(message string) bool {
	return strings.Contains(strings.ToLower(message), "security token")
}

// refusal is what may be known outside of an AWS error.
type refusal struct{ code, message, requestID string }

func (r refusal) Error() string {
	s := "ResolveCustomer: " + r.code
	if r.message != "" {
		s += ": " + r.message
	}
	if r.requestID != "" {
		s += " (request " + r.requestID + ")"
	}
	return s
}

func causeOf(err error, token string) refusal {
	var r refusal
	if id, ok := errors.AsType[interface {
		error
		ServiceRequestID() string
	}](err); ok {
		r.requestID = without(id.ServiceRequestID(), token)
	}
	api, ok := errors.AsType[smithy.APIError](err)
	switch {
	case !ok:
		r.code, r.message = "no answer", without(err.Error(), token)
	case api.ErrorCode() == contract.InvalidToken:
		r.code = contract.InvalidToken // its text speaks of nothing but the token
	default:
		r.code, r.message = without(api.ErrorCode(), token), without(api.ErrorMessage(), token)
	}
	return r
}

// notShown stands for a text that quotes a part of the token.
const notShown = "[not shown: it quotes the token]"

// without takes every spelling of token out of text. Should part of it remain, because somebody cut it, the whole text
// goes.
func without(text, token string) string {
	for _, spelling := range []string{token, url.QueryEscape(token), url.PathEscape(token), fmt.Sprintf("%q", token)} {
		text = strings.ReplaceAll(text, spelling, "[token]")
	}
	const tell = 8 // bytes of a token that are not there by chance
	for i := 0; i+tell <= len(token); i++ {
		if strings.Contains(text, token[i:i+tell]) {
			return notShown
		}
	}
	return text
}
