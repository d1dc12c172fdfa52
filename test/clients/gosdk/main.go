// Command gosdk drives the AWS SDK for Go v2 for the outer tests: one JSON request a line on standard input, one JSON
// answer a line on standard output.
//
// A request is {"service", "operation", "input"}; an answer {"output"} or {"code", "typed", "message"}, where typed says
// that the error is the SDK's own type of that name. It is a process of its own so that the environment alone decides
// where the SDK goes, as in any program.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	agreement "github.com/aws/aws-sdk-go-v2/service/marketplaceagreement"
	agreed "github.com/aws/aws-sdk-go-v2/service/marketplaceagreement/types"
	entitlement "github.com/aws/aws-sdk-go-v2/service/marketplaceentitlementservice"
	metering "github.com/aws/aws-sdk-go-v2/service/marketplacemetering"
	"github.com/aws/aws-sdk-go-v2/service/marketplacemetering/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
)

type request struct {
	Service, Operation string
	Input              json.RawMessage
}

type answer struct {
	Version string `json:"version,omitempty"`
	Output  any    `json:"output,omitempty"`
	Code    string `json:"code,omitempty"`
	Typed   bool   `json:"typed"`
	Message string `json:"message,omitempty"`
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "gosdk:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(answer{Version: "Go SDK " + aws.SDKVersion}); err != nil {
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 4<<20)
	for in.Scan() {
		var req request
		if err := json.Unmarshal(in.Bytes(), &req); err != nil {
			return err
		}
		if err := out.Encode(call(ctx, cfg, req)); err != nil {
			return err
		}
	}
	return in.Err()
}

// call does what req says, with the method of the service's client that bears the operation's name. Members of the
// input bear AWS's names, which are those of the SDK's fields, whatever their first letter.
func call(ctx context.Context, cfg aws.Config, req request) answer {
	clients := map[string]any{
		"meteringmarketplace":     metering.NewFromConfig(cfg),
		"marketplace-entitlement": entitlement.NewFromConfig(cfg),
		"marketplace-agreement":   agreement.NewFromConfig(cfg),
		"sqs":                     sqs.NewFromConfig(cfg),
		"sns":                     sns.NewFromConfig(cfg),
		"events":                  eventbridge.NewFromConfig(cfg),
	}
	c, ok := clients[req.Service]
	if !ok {
		return answer{Code: "NoSuchCall", Message: req.Service}
	}
	f := reflect.ValueOf(c).MethodByName(req.Operation)
	if !f.IsValid() {
		return answer{Code: "NoSuchCall", Message: req.Operation}
	}
	in := reflect.New(f.Type().In(1).Elem())
	if err := read(req.Input, in.Interface()); err != nil {
		return answer{Code: "BadInput", Message: err.Error()}
	}
	out := f.Call([]reflect.Value{reflect.ValueOf(ctx), in})
	err, _ := out[1].Interface().(error)
	if err == nil {
		return answer{Output: out[0].Interface()}
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return answer{Code: "NoAnswer", Message: err.Error()}
	}
	is := typed[api.ErrorCode()]
	return answer{Code: api.ErrorCode(), Typed: is != nil && is(err), Message: api.ErrorMessage()}
}

// typed tells for each of the SDK's error types whether an error is one.
var typed = map[string]func(error) bool{
	"CustomerNotEntitledException":       is[*types.CustomerNotEntitledException],
	"DisabledApiException":               is[*types.DisabledApiException],
	"DuplicateRequestException":          is[*types.DuplicateRequestException],
	"IdempotencyConflictException":       is[*types.IdempotencyConflictException],
	"InvalidEndpointRegionException":     is[*types.InvalidEndpointRegionException],
	"InvalidPublicKeyVersionException":   is[*types.InvalidPublicKeyVersionException],
	"InvalidRegionException":             is[*types.InvalidRegionException],
	"PlatformNotSupportedException":      is[*types.PlatformNotSupportedException],
	"ExpiredTokenException":              is[*types.ExpiredTokenException],
	"InternalServiceErrorException":      is[*types.InternalServiceErrorException],
	"InvalidCustomerIdentifierException": is[*types.InvalidCustomerIdentifierException],
	"InvalidLicenseException":            is[*types.InvalidLicenseException],
	"InvalidProductCodeException":        is[*types.InvalidProductCodeException],
	"InvalidTagException":                is[*types.InvalidTagException],
	"InvalidTokenException":              is[*types.InvalidTokenException],
	"InvalidUsageAllocationsException":   is[*types.InvalidUsageAllocationsException],
	"InvalidUsageDimensionException":     is[*types.InvalidUsageDimensionException],
	"ThrottlingException":                is[*types.ThrottlingException],
	"TimestampOutOfBoundsException":      is[*types.TimestampOutOfBoundsException],

	"AccessDeniedException":     is[*agreed.AccessDeniedException],
	"ConflictException":         is[*agreed.ConflictException],
	"ResourceNotFoundException": is[*agreed.ResourceNotFoundException],
	"ValidationException":       is[*agreed.ValidationException],
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}
