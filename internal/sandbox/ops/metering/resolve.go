package metering

import (
	"context"

	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// resolveCustomer performs ResolveCustomer. Errors: InvalidTokenException, ExpiredTokenException, and
// ValidationException without a token.
func (s *service) resolveCustomer(_ context.Context, c *wire.Call) (wire.Answer, error) {
	token, err := readResolve(c.Body)
	if err != nil {
		return wire.Answer{}, err
	}
	who, err := s.world.ResolveToken(c.At, c.Account, token)
	if err != nil {
		return wire.Answer{}, err
	}
	return wire.Answer{Body: writeResolved(who)}, nil
}

func readResolve(body string) (token string, err error) {
	r := wire.NewReader(body)
	given := false
	r.Object(func(name string) {
		if name == "RegistrationToken" {
			token, given = r.String(), true
			return
		}
		r.Discard()
	})
	switch err := r.Err(); {
	case err != nil:
		return "", err
	case !given:
		return "", invalid("registrationToken", "null", "Member must not be null")
	case token == "":
		return "", invalid("registrationToken", "", `Member must satisfy regular expression pattern: [\s\S]+`)
	}
	return token, nil
}

// writeResolved leaves out what is not known, as AWS does with CustomerIdentifier for new integrations.
func writeResolved(who world.Resolved) []byte {
	b := []byte{'{'}
	for _, m := range []struct{ name, value string }{
		{"CustomerIdentifier", who.CustomerIdentifier},
		{"ProductCode", who.ProductCode},
		{"CustomerAWSAccountId", who.BuyerAccount},
		{"LicenseArn", who.LicenseARN},
	} {
		if m.value != "" {
			b = member(b, m.name)
			b = wire.AppendString(b, m.value)
		}
	}
	return append(b, '}')
}

// member begins a member of an object.
func member(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, name...)
	return append(b, '"', ':')
}
