package awsapi

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplaceagreement"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/agreement"
	"souk.dev/souk/internal/gateway/core"
)

// Terms implements [agreement.AWS], with DescribeAgreement and GetAgreementTerms.
func (a *Agreements) Terms(ctx context.Context, id core.AgreementID) (t agreement.Terms, err error) {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	about, err := a.client.DescribeAgreement(ctx, &marketplaceagreement.DescribeAgreementInput{AgreementId: text(id)})
	if err != nil {
		return t, agreementFailure(ctx, "DescribeAgreement", err)
	}
	if c := about.EstimatedCharges; c != nil {
		t.Value, t.CurrencyCode = aws.ToString(c.AgreementValue), aws.ToString(c.CurrencyCode)
	}
	const operation = "GetAgreementTerms"
	err = paged(operation, func(token *string) (*string, error) {
		out, err := a.client.GetAgreementTerms(ctx, &marketplaceagreement.GetAgreementTermsInput{AgreementId: text(id), NextToken: token})
		if err != nil {
			return nil, agreementFailure(ctx, operation, err)
		}
		for _, term := range out.AcceptedTerms {
			name, value := member(reflect.ValueOf(term))
			content, err := json.Marshal(value)
			if err != nil {
				return nil, fail.Wrap(fail.Internal, err, "aws_answer", "%s: a term of AWS's cannot be written down.", operation)
			}
			t.Accepted = append(t.Accepted, agreement.Term{Name: name, Content: content})
		}
		return out.NextToken, nil
	})
	return t, err
}

// member is the name and the value, by AWS's names, of a member of a union: the SDK has a type for each, which is called after
// the union and the member, and holds the value.
func member(v reflect.Value) (name string, value any) {
	v = reflect.Indirect(v)
	_, name, _ = strings.Cut(v.Type().Name(), "Member")
	return lower(name), plain(v.FieldByName("Value"))
}

// plain is a value of the SDK's as AWS writes it in JSON: members by their names, those that are not there left out.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Interface:
		if v.IsNil() {
			return nil
		}
		name, value := member(v.Elem())
		return map[string]any{name: value}
	case reflect.Slice:
		list := make([]any, 0, v.Len())
		for i := range v.Len() {
			list = append(list, plain(v.Index(i)))
		}
		return list
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			return t.UTC()
		}
		fields := map[string]any{}
		for f, field := range v.Fields() {
			if f.IsExported() && !field.IsZero() {
				fields[lower(f.Name)] = plain(field)
			}
		}
		return fields
	default:
		return v.Interface()
	}
}

// lower is a name with its first letter small.
func lower(name string) string {
	r, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(r)) + name[n:]
}
