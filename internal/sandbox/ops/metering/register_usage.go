package metering

import (
	"context"
	"strconv"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// publicKeyVersion is the only version of the key there is.
const publicKeyVersion = 1

type registration struct {
	ProductCode      string
	PublicKeyVersion *int64
	Nonce            *string

	coded bool
}

// registerUsage performs RegisterUsage: it tells software in a container that its buyer is subscribed, in a signed
// form. Nothing is metered by it here. Errors: in the order in which they are looked for, ValidationException,
// InvalidProductCodeException, InvalidPublicKeyVersionException, PlatformNotSupportedException,
// CustomerNotEntitledException.
func (s *service) registerUsage(_ context.Context, c *wire.Call) (wire.Answer, error) {
	in, err := readRegistration(c.Body)
	if err != nil {
		return wire.Answer{}, err
	}
	if err := checkRegistration(in); err != nil {
		return wire.Answer{}, err
	}
	p, err := s.registered(in.ProductCode)
	switch {
	case err != nil:
		return wire.Answer{}, err
	case *in.PublicKeyVersion != publicKeyVersion:
		return wire.Answer{}, &wire.Error{Code: contract.InvalidPublicKeyVersion, Message: "There is no public key of version " + strconv.FormatInt(*in.PublicKeyVersion, 10) + "."}
	case !s.buyerSide():
		return wire.Answer{}, &wire.Error{Code: contract.PlatformNotSupported, Message: "The product " + p.ProductCode + " is software as a service; it does not run in the buyer's containers."}
	}
	a, err := s.subscription(c, p)
	if err != nil {
		return wire.Answer{}, err
	}
	if a.Status != world.Active || a.License.Status != world.Provisioned {
		return wire.Answer{}, notEntitled(c, p.ProductCode)
	}
	token, err := s.signer.sign(claims{ProductCode: p.ProductCode, PublicKeyVersion: publicKeyVersion, IssuedAt: c.At.Unix(), Nonce: in.Nonce})
	if err != nil {
		return wire.Answer{}, err
	}
	b := wire.AppendString(append([]byte(nil), `{"Signature":`...), token)
	return wire.Answer{Body: append(b, '}')}, nil
}

func readRegistration(body string) (in registration, err error) {
	r := wire.NewReader(body)
	r.Object(func(name string) {
		switch name {
		case "ProductCode":
			in.ProductCode, in.coded = r.String(), true
		case "PublicKeyVersion":
			in.PublicKeyVersion = new(r.Int())
		case "Nonce":
			in.Nonce = new(r.String())
		default:
			r.Discard()
		}
	})
	return in, r.Err()
}

func checkRegistration(in registration) error {
	if err := checkCode(in.coded, in.ProductCode); err != nil {
		return err
	}
	switch {
	case in.PublicKeyVersion == nil:
		return invalid("publicKeyVersion", "null", "Member must not be null")
	case *in.PublicKeyVersion < 1 || *in.PublicKeyVersion > contract.MaxQuantity:
		return invalid("publicKeyVersion", strconv.FormatInt(*in.PublicKeyVersion, 10), "Member must have value greater than or equal to 1")
	case in.Nonce != nil && !fits(*in.Nonce, 0, contract.MaxIdentifier):
		return invalid("nonce", *in.Nonce, "Member must have length less than or equal to 255")
	}
	return nil
}
