package eventbridge

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// limit is what the model says of a member; zero values say nothing.
type limit struct {
	max     int // characters of a string, elements of a list
	least   int64
	pattern *regexp.Regexp
	enum    []string
}

var (
	nameForm  = regexp.MustCompile(`^[.\-_A-Za-z0-9]+$`)
	busForm   = regexp.MustCompile(`^(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus/)?[/.\-_A-Za-z0-9]+$`)
	proofForm = regexp.MustCompile(`^[^\x00-\x1F:\x7F]+$`)
	plainForm = regexp.MustCompile(`^[\t\x20-\x7E]+$`)
	tokenForm = regexp.MustCompile("^[!#$%&'*+\\-.^_`|~0-9a-zA-Z]+$")
	queryForm = regexp.MustCompile(`^[^\x00-\x09\x0B\x0C\x0E-\x1F\x7F]+$`)
	linkForm  = regexp.MustCompile(`^arn:aws[a-z-]*:events:[a-z0-9-]*:([0-9]{12})?:connection/[.\-_A-Za-z0-9]+/[-A-Za-z0-9]+$`)
	urlForm   = regexp.MustCompile(`^((%[0-9A-Fa-f]{2}|[-()_.!~*';/?:@&=+$,A-Za-z0-9])+)([).!';/?:,])?$`)
)

// limits are those of the members that are played, whatever the operation. Source: the service's model.
var limits = map[string]limit{
	"Name": {max: 64, pattern: nameForm}, "Rule": {max: 64, pattern: nameForm}, "NamePrefix": {max: 64, pattern: nameForm}, "EventBusName": {max: 1600, pattern: busForm},
	"NextToken": {max: 2048}, "Description": {max: 512}, "RoleArn": {max: 1600}, "ScheduleExpression": {max: 256}, "TargetArn": {max: 1600}, "Ids[]": {max: 64, pattern: nameForm},
	"Targets[].Id": {max: 64, pattern: nameForm}, "Targets[].Arn": {max: 1600}, "Targets[].RoleArn": {max: 1600}, "Targets[].Input": {max: 8192}, "Targets[].InputPath": {max: 256},
	"Targets[].InputTransformer.InputPathsMap": {max: 100}, "Targets[].InputTransformer.InputPathsMap{}": {max: 256}, "Targets[].InputTransformer.InputTemplate": {max: 8192},
	"Targets[].HttpParameters.PathParameterValues[]": {pattern: regexp.MustCompile(`\S`)}, "Targets[].HttpParameters.HeaderParameters{}": {max: 512, pattern: plainForm},
	"Targets[].HttpParameters.QueryStringParameters{}": {max: 512, pattern: queryForm}, "Targets[].DeadLetterConfig.Arn": {max: 1600},
	"Entries[].Resources[]": {max: 2048}, "Entries[].EventBusName": {max: 1600, pattern: busForm},
	"AuthorizationType":                                                     {enum: []string{"BASIC", "OAUTH_CLIENT_CREDENTIALS", "API_KEY"}},
	"AuthParameters.BasicAuthParameters.Username":                           {max: 512, pattern: proofForm},
	"AuthParameters.BasicAuthParameters.Password":                           {max: 512, pattern: proofForm},
	"AuthParameters.ApiKeyAuthParameters.ApiKeyName":                        {max: 512, pattern: proofForm},
	"AuthParameters.ApiKeyAuthParameters.ApiKeyValue":                       {max: 512, pattern: proofForm},
	"AuthParameters.InvocationHttpParameters.HeaderParameters":              {max: 100},
	"AuthParameters.InvocationHttpParameters.HeaderParameters[].Key":        {max: 512, pattern: tokenForm},
	"AuthParameters.InvocationHttpParameters.HeaderParameters[].Value":      {max: 512, pattern: plainForm},
	"AuthParameters.InvocationHttpParameters.QueryStringParameters":         {max: 100},
	"AuthParameters.InvocationHttpParameters.QueryStringParameters[].Key":   {max: 512, pattern: queryForm},
	"AuthParameters.InvocationHttpParameters.QueryStringParameters[].Value": {max: 512, pattern: queryForm},
	"AuthParameters.InvocationHttpParameters.BodyParameters":                {max: 100},
	"ConnectionArn": {max: 1600, pattern: linkForm}, "InvocationEndpoint": {max: 2048, pattern: urlForm}, "InvocationRateLimitPerSecond": {least: 1}, "HttpMethod": {enum: []string{"POST", "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}},
	"ConnectionState": {enum: []string{"CREATING", "UPDATING", "DELETING", "AUTHORIZED", "DEAUTHORIZED", "AUTHORIZING", "DEAUTHORIZING", "ACTIVE", "FAILED_CONNECTIVITY"}},
}

// busNames are longer names than others: of DescribeEventBus.
var busNames = limit{max: 1600, pattern: busForm}

// needs are the members without which an operation makes no sense. Source: the service's model.
var needs = map[string][]string{
	"PutRule": {"Name"}, "DescribeRule": {"Name"}, "DeleteRule": {"Name"}, "EnableRule": {"Name"}, "DisableRule": {"Name"},
	"PutTargets": {"Rule", "Targets[].Id", "Targets[].Arn", "Targets[].InputTransformer.InputTemplate"}, "RemoveTargets": {"Rule"}, "ListTargetsByRule": {"Rule"},
	"ListRuleNamesByTarget": {"TargetArn"}, "TestEventPattern": {"EventPattern", "Event"},
	"CreateConnection": {"Name", "AuthorizationType", "AuthParameters", "AuthParameters.BasicAuthParameters.Username", "AuthParameters.BasicAuthParameters.Password", "AuthParameters.ApiKeyAuthParameters.ApiKeyName", "AuthParameters.ApiKeyAuthParameters.ApiKeyValue"},
	"UpdateConnection": {"Name"}, "DescribeConnection": {"Name"}, "DeleteConnection": {"Name"},
	"CreateApiDestination": {"Name", "ConnectionArn", "InvocationEndpoint", "HttpMethod"}, "UpdateApiDestination": {"Name"}, "DescribeApiDestination": {"Name"}, "DeleteApiDestination": {"Name"},
}

// checkLimits holds an operation's input against the model. Empty strings are as good as absent.
func checkLimits(operation string, in any) error {
	return walk(operation, "", reflect.ValueOf(in).Elem())
}

func walk(operation, at string, v reflect.Value) error {
	if v.Kind() == reflect.Pointer && !v.IsNil() && v.Elem().Kind() == reflect.Int64 {
		v = v.Elem() // a number that was given, were it 0
	} else if (v.IsZero() || (v.Kind() == reflect.Slice && v.Len() == 0)) && at != "" {
		if slices.Contains(needs[operation], at) {
			return broken(at, "Member must not be null")
		}
		return nil
	}
	l, limited := limits[at]
	if operation == "DescribeEventBus" && at == "Name" {
		l = busNames
	}
	switch v.Kind() {
	case reflect.Pointer:
		return walk(operation, at, v.Elem())
	case reflect.String:
		if limited {
			return l.check(at, v.String())
		}
	case reflect.Int64:
		if limited && v.Int() < l.least {
			return broken(at, fmt.Sprintf("Member must have value greater than or equal to %d", l.least))
		}
	case reflect.Struct:
		for f, field := range v.Fields() {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); f.IsExported() && name != "" {
				if err := walk(operation, strings.TrimPrefix(at+"."+name, "."), field); err != nil {
					return err
				}
			}
		}
	case reflect.Slice:
		if l.max > 0 && v.Len() > l.max {
			return broken(at, fmt.Sprintf("Member must have length less than or equal to %d", l.max))
		}
		for i := range v.Len() {
			if err := walk(operation, at+"[]", v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		if l.max > 0 && v.Len() > l.max {
			return broken(at, fmt.Sprintf("Member must have length less than or equal to %d", l.max))
		}
		for _, e := range v.Seq2() {
			if err := walk(operation, at+"{}", e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l limit) check(at, s string) error {
	switch {
	case l.max > 0 && len(s) > l.max:
		return broken(at, fmt.Sprintf("Member must have length less than or equal to %d", l.max))
	case l.pattern != nil && !l.pattern.MatchString(s):
		return broken(at, "Member must satisfy regular expression pattern: "+l.pattern.String())
	case l.enum != nil && !slices.Contains(l.enum, s):
		return broken(at, fmt.Sprintf("Member must satisfy enum value set: %v", l.enum))
	}
	return nil
}

func broken(at, constraint string) error {
	return invalid("1 validation error detected: Value at '" + at + "' failed to satisfy constraint: " + constraint)
}
