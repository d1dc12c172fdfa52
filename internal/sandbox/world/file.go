package world

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"souk.dev/souk/internal/fail"
)

// FileVersion is the version of the world file's format.
const FileVersion = 1

// AuthStrict is the value of [File.Auth] with which signatures are verified.
const AuthStrict = "strict"

// OwnWiring is the value of [File.Wiring] with which no notice goes anywhere but where a seller's own rules and
// subscriptions lead it.
const OwnWiring = "own"

// File describes a world at its start. Its format is documented in docs/sandbox/world-file.md.
type File struct {
	Version    int               `json:"version"`
	Auth       string            `json:"auth,omitempty"`      // strict: signatures are verified; left out: they are only read
	AllowHTTP  bool              `json:"allowHttp,omitempty"` // take http URLs beyond this machine
	Sellers    []Seller          `json:"sellers"`             // the first is the default one
	AccessKeys []AccessKey       `json:"accessKeys,omitempty"`
	Buyers     []Buyer           `json:"buyers"`
	Products   []Product         `json:"products"`
	Offers     []Offer           `json:"offers,omitempty"` // beside the listings' own
	Profiles   map[string]string `json:"profiles,omitempty"`
	Wiring     string            `json:"wiring,omitempty"` // own: sellers set up rules and subscriptions themselves; left out: all notices go to their default queues

	// Source is the text that the file was read from.
	Source []byte `json:"-" yaml:"-"`
}

//go:embed builtin.yaml
var builtin []byte

// Builtin is the world without a file: one seller, three buyers, and by licence a pay-as-you-go product, a contract and a
// contract with consumption; of the legacy generation, a pay-as-you-go product and a contract.
func Builtin() *File {
	f := *readBuiltin() // what a caller makes of it is the caller's own
	f.Sellers, f.AccessKeys, f.Buyers, f.Profiles = slices.Clone(f.Sellers), slices.Clone(f.AccessKeys), slices.Clone(f.Buyers), maps.Clone(f.Profiles)
	f.Products = slices.Clone(f.Products)
	for i := range f.Products {
		f.Products[i].Dimensions = slices.Clone(f.Products[i].Dimensions)
	}
	return &f
}

var readBuiltin = sync.OnceValue(func() *File {
	f, err := ParseFile(builtin)
	if err != nil {
		panic(err) // a test reads it
	}
	return f
})

// ParseFile reads a world file. What is wrong in it is fail.Invalid, with line and column.
func ParseFile(text []byte) (*File, error) {
	if err := untagged(text); err != nil {
		return nil, err
	}
	f := &File{Source: text}
	dec := yaml.NewDecoder(strings.NewReader(string(text)), yaml.Strict(), yaml.DisallowUnknownField())
	if err := dec.DecodeContext(context.Background(), f); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, fail.New(fail.Invalid, "world_file", "The world file is empty.")
		}
		return nil, fail.New(fail.Invalid, "world_file", "The world file cannot be read: %s", hinted(yaml.FormatError(err, false, true)))
	}
	if err := f.check(); err != nil {
		return nil, located(err, text)
	}
	// The rest is checked by making the world that it describes.
	if _, err := New(Options{File: f, FulfillmentURL: "http://127.0.0.1:4710/register"}); err != nil {
		return nil, located(err, text)
	}
	return f, nil
}

// check finds what a world could not tell, or would not mind.
func (f *File) check() error {
	bad := func(format string, args ...any) error { return fail.New(fail.Invalid, "world_file", format, args...) }
	switch {
	case f.Version != FileVersion:
		if f.Version == 0 {
			return bad("The world file does not say version: %d, which this souk reads.", FileVersion)
		}
		return about("version", bad("it says version: %d; this souk reads version: %d.", f.Version, FileVersion))
	case f.Auth != "" && f.Auth != AuthStrict:
		return about("auth", bad("it says auth: %q; leave it out, or say strict.", f.Auth))
	case f.Wiring != "" && f.Wiring != OwnWiring:
		return about("wiring", bad("it says wiring: %q; leave it out, or say own.", f.Wiring))
	case len(f.Sellers) == 0:
		return bad("The world file has no seller; give at least one under sellers:.")
	}
	for i, k := range f.AccessKeys {
		if k.ID == "" || k.AccountID == "" || (f.Auth == AuthStrict && k.Secret == "") {
			return in("accessKeys", i, bad("the access key %q needs an id, an accountId and, with auth: strict, a secret.", k.ID))
		}
	}
	return nil
}
