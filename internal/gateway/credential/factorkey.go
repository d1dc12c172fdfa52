package credential

import (
	"bytes"
	"encoding/base32"
	"fmt"
	"image/png"
	"strings"

	"github.com/pquerna/otp/totp"

	"souk.dev/souk/internal/fail"
)

// FactorKey is the secret of a factor that is not added yet, as people bring it into their programs.
type FactorKey struct {
	Picture []byte // for a telephone's camera: a QR code, as PNG
	Text    string // for typing, in groups of four
}

// keyPixels is a picture's width and height: a few for each of its dots, and a margin.
const keyPixels = 232

// NewFactorKey shows a secret. Programs call the factor by issuer and name.
//
// Errors: fail.Invalid where one of them is empty.
func NewFactorKey(secret, issuer, name string) (k FactorKey, err error) {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		return k, fail.New(fail.Invalid, "factor_secret", "This is no secret of a second factor.")
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: strings.ReplaceAll(issuer, ":", " "), AccountName: name, Secret: raw})
	if err != nil {
		return k, fail.Wrap(fail.Invalid, err, "factor_name", "A second factor needs a name.")
	}
	img, err := key.Image(keyPixels, keyPixels)
	if err != nil {
		return k, fmt.Errorf("draw the key of a second factor: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return k, fmt.Errorf("draw the key of a second factor: %w", err)
	}
	var groups []string
	for ; len(secret) > 4; secret = secret[4:] {
		groups = append(groups, secret[:4])
	}
	return FactorKey{Picture: b.Bytes(), Text: strings.Join(append(groups, secret), " ")}, nil
}
