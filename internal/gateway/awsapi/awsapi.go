// Package awsapi is the gateway's door to AWS: the only package in which the AWS SDK stands.
//
// It owns: loading the SDK's settings, one file per use of it (queue.go, resolve.go, meter.go), and the translation of
// AWS's errors into package fail's kinds. It does not own: what is sent, when, and what an answer means for a licence
// or a record; those are the features'. Every call is counted and timed through [Settings].Observe.
package awsapi

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering"
	"github.com/aws/smithy-go"
	smithymiddleware "github.com/aws/smithy-go/middleware"

	"souk.dev/souk/internal/clock"
)

// Settings says where AWS is and who we are. What is left empty comes from the SDK's own environment and profile.
type Settings struct {
	// Endpoint, if given, is where all AWS services are: a sandbox. It wins over AWS_ENDPOINT_URL and its kin.
	Endpoint string
	Region   string
	// AccessKeyID and SecretAccessKey go together.
	AccessKeyID, SecretAccessKey string
	// Observe, if given, is told of every call when it has ended, retries included: outcome is "ok" or the code of
	// AWS's error, "network" when there was no answer.
	Observe func(service, operation, outcome string, took time.Duration)
}

// Config is the SDK's configuration, by a name that others can hold without knowing the SDK.
type Config = aws.Config

// Load makes the SDK's configuration. It reads files and the environment; it calls nobody.
func Load(ctx context.Context, s Settings) (Config, error) {
	var opts []func(*config.LoadOptions) error
	if s.Region != "" {
		opts = append(opts, config.WithRegion(s.Region))
	} else {
		opts = append(opts, config.WithDefaultRegion("us-east-1")) // where the marketplace's events are
	}
	if s.AccessKeyID != "" {
		opts = append(opts, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(s.AccessKeyID, s.SecretAccessKey, "")))
	}
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("load the AWS settings: %w", err)
	}
	if s.Endpoint != "" {
		cfg.BaseEndpoint = aws.String(s.Endpoint)
		// The clients look for AWS_ENDPOINT_URL_<SERVICE> in these sources and would prefer it to what we were told.
		cfg.ConfigSources = nil
	}
	if s.Observe != nil {
		cfg.APIOptions = append(cfg.APIOptions, observe(s.Observe))
	}
	return cfg, nil
}

// observe adds the outermost step of a call, so that its time includes the SDK's retries.
func observe(tell func(service, operation, outcome string, took time.Duration)) func(*smithymiddleware.Stack) error {
	return func(stack *smithymiddleware.Stack) error {
		return stack.Initialize.Add(smithymiddleware.InitializeMiddlewareFunc("souk.Observe",
			func(ctx context.Context, in smithymiddleware.InitializeInput, next smithymiddleware.InitializeHandler) (smithymiddleware.InitializeOutput, smithymiddleware.Metadata, error) {
				elapsed := clock.Stopwatch()
				out, meta, err := next.HandleInitialize(ctx, in)
				tell(middleware.GetServiceID(ctx), middleware.GetOperationName(ctx), outcome(err), elapsed())
				return out, meta, err
			}), smithymiddleware.Before)
	}
}

func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	if errors.Is(err, context.Canceled) {
		return "cancelled"
	}
	return unread
}

// MeteringEndpoint is where metering calls made with cfg go.
func MeteringEndpoint(ctx context.Context, cfg aws.Config) (*url.URL, error) {
	o := marketplacemetering.NewFromConfig(cfg).Options()
	if o.BaseEndpoint != nil {
		return url.Parse(*o.BaseEndpoint)
	}
	e, err := o.EndpointResolverV2.ResolveEndpoint(ctx, marketplacemetering.EndpointParameters{
		Region:       aws.String(o.Region),
		UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		UseFIPS:      aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
	})
	if err != nil {
		return nil, fmt.Errorf("find the metering endpoint of region %s: %w", o.Region, err)
	}
	return &e.URI, nil
}
