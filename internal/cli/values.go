package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/courier"
	"souk.dev/souk/internal/gateway/threshold"
	"souk.dev/souk/internal/gateway/usage"
)

// urlValue is a setting that is the address of a server.
type urlValue string

func (u *urlValue) String() string { return string(*u) }
func (u *urlValue) Type() string   { return "URL" }
func (u *urlValue) Set(s string) error {
	at, err := url.Parse(s)
	if s != "" && (err != nil || (at.Scheme != "http" && at.Scheme != "https") || at.Host == "") {
		return fmt.Errorf("%q is not a URL such as https://saas.example.com", s)
	}
	*u = urlValue(strings.TrimRight(s, "/"))
	return nil
}

// durationValue is a setting that is a length of time; 0 leaves the default to what uses it.
type durationValue time.Duration

func (d *durationValue) Type() string { return "duration" }
func (d *durationValue) String() string {
	if *d == 0 {
		return ""
	}
	return time.Duration(*d).String()
}
func (d *durationValue) Set(s string) error {
	v, err := parseDuration(s)
	if err != nil || v <= 0 {
		return fmt.Errorf("%q is not a duration such as 10m, 90s or 35d", s)
	}
	*d = durationValue(v)
	return nil
}

// parseDuration reads a duration as [time.ParseDuration] does, or a whole number of days of 24 hours, such as 400d.
func parseDuration(s string) (time.Duration, error) {
	days, ok := strings.CutSuffix(s, "d")
	if !ok {
		return time.ParseDuration(s)
	}
	n, err := strconv.ParseInt(days, 10, 32)
	const day = 24 * time.Hour
	if err != nil || n > int64(math.MaxInt64/day) {
		return 0, errors.New("not a number of days")
	}
	return time.Duration(n) * day, nil
}

// networksValue is a setting that lists networks.
type networksValue courier.Networks

func (n *networksValue) Type() string { return "networks" }
func (n *networksValue) String() string {
	var all []string
	for _, p := range *n {
		all = append(all, p.String())
	}
	return strings.Join(all, ",")
}
func (n *networksValue) Set(s string) error {
	ns, err := courier.ParseNetworks(s)
	if err != nil {
		return errors.New(fail.SayOf(err))
	}
	*n = networksValue(ns)
	return nil
}

// instantValue is a setting that is an instant; the zero time when it is not given.
type instantValue time.Time

func (i *instantValue) Type() string { return "time" }
func (i *instantValue) String() string {
	if time.Time(*i).IsZero() {
		return ""
	}
	return time.Time(*i).Format(time.RFC3339)
}
func (i *instantValue) Set(s string) error {
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return fmt.Errorf("%q is not an instant such as 2026-11-01T10:00:00Z", s)
	}
	*i = instantValue(v.UTC())
	return nil
}

// logging is how a server writes its log.
type logging struct {
	level  levelValue
	format formatValue
}

// take binds the settings.
func (l *logging) take(o options) {
	o.value(&l.level, "log-level", "info")
	o.value(&l.format, "log-format", "text")
}

// to is a logger that writes to w.
func (l logging) to(w io.Writer) *slog.Logger {
	opt := &slog.HandlerOptions{Level: slog.Level(l.level)}
	if l.format == "json" {
		return slog.New(slog.NewJSONHandler(w, opt))
	}
	return slog.New(slog.NewTextHandler(w, opt))
}

type levelValue slog.Level

func (v *levelValue) Type() string   { return "level" }
func (v *levelValue) String() string { return strings.ToLower(slog.Level(*v).String()) }
func (v *levelValue) Set(s string) error {
	var l slog.Level
	if l.UnmarshalText([]byte(s)) != nil {
		return fmt.Errorf("%q is not debug, info, warn or error", s)
	}
	*v = levelValue(l)
	return nil
}

type formatValue string

func (v *formatValue) Type() string   { return "format" }
func (v *formatValue) String() string { return string(*v) }
func (v *formatValue) Set(s string) error {
	if s != "text" && s != "json" {
		return fmt.Errorf("%q is not text or json", s)
	}
	*v = formatValue(s)
	return nil
}

// listing is a product as the setting products has it, and as a sandbox gives it at /_sandbox/env.
type listing struct {
	ProductCode string `json:"productCode"`
	ProductID   string `json:"productId"` // "prod-…", by which AWS names it in agreements; empty: as those show
	Title       string `json:"title"`
	SignInURL   string `json:"signInUrl"` // where its users sign in: the application
	SignUpURL   string `json:"signUpUrl"` // the seller's own page for registration; empty: the gateway keeps the accounts
	Identity    string `json:"identity"`  // license, legacy or migrating; empty: as AWS tells
	// LicenseFrom is the hour from which on usage of a migrating product is metered by licence ARN; empty: not yet.
	LicenseFrom time.Time `json:"licenseFrom"`
	Pricing     string    `json:"pricing"` // one of core.Pricings; empty: as AWS's answers show
	Dimensions  []struct {
		Key   string   `json:"key"`
		Name  string   `json:"name"`
		Unit  string   `json:"unit"`
		Kinds []string `json:"kinds"` // metered, entitled, or both; empty: as the pricing has it
		Meter string   `json:"meter"` // sum, count, max, last, average or unique:TAG; empty: sum
		Per   decimal  `json:"per"`   // how much of what events count is one unit; empty: 1
		Round string   `json:"round"` // at a licence's end: down, up or nearest; empty: down
		// Allowance is for how long what was bought in advance covers usage: term, month, hour or none; empty: term.
		Allowance string `json:"allowance"`
		// Budget is how many units a month a customer is expected to use at most: they are told when it is used up. Empty: none.
		Budget decimal `json:"budget"`
	} `json:"dimensions"` // none: AWS alone judges
	Entitlements entitlementRules `json:"entitlements"`
	// AllocateBy are keys of events' tags by which buyers see their costs (AWS: vendor-metered tagging).
	AllocateBy []string `json:"allocateBy"`
	// FormFields are what buyers of this product are asked besides; one that has the name of one for all stands in its place.
	FormFields []formField `json:"formFields"`
	Brand      brand       `json:"brand"` // what it leaves open is as for all products
	// ManualSetup is for products whose accounts the seller's people make ready.
	ManualSetup manualSetup `json:"manualSetup"`
}

// decimal is an exact number, written in JSON as a number or as a string.
type decimal string

// UnmarshalJSON implements json.Unmarshaler.
func (d *decimal) UnmarshalJSON(text []byte) error {
	*d = decimal(strings.Trim(string(text), `"`))
	return nil
}

// entitlementRules say what counts while AWS cannot be asked for entitlements.
type entitlementRules struct {
	StaleAfter durationText `json:"staleAfter"`
	Grace      durationText `json:"grace"`
	FailOpen   bool         `json:"failOpen"`
}

// durationText is a duration such as "24h" in JSON.
type durationText time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *durationText) UnmarshalText(text []byte) error {
	v, err := parseDuration(string(text))
	if err == nil && v <= 0 {
		err = errors.New("it is not more than nothing")
	}
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 24h: %w", text, err)
	}
	*d = durationText(v)
	return nil
}

// productsValue is the seller's products.
type productsValue core.Catalogue

func (p *productsValue) Type() string { return "JSON" }
func (p *productsValue) String() string {
	if len(*p) == 0 {
		return ""
	}
	return fmt.Sprintf("%d products", len(*p))
}

func (p *productsValue) Set(s string) error {
	var list []listing
	dec := json.NewDecoder(bytes.NewReader([]byte(s)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&list); err != nil {
		return fmt.Errorf("products are a JSON array such as [{\"productCode\":\"…\",\"title\":\"…\"}]: %w", err)
	}
	if dec.More() {
		return errors.New("products are one JSON array; something follows after it")
	}
	var all core.Catalogue
	for i, l := range list {
		product, err := l.product()
		if err != nil {
			return fmt.Errorf("product %d: %w", i+1, err)
		}
		if !all.Learns() && all.Serves(product.Code) {
			return fmt.Errorf("product %d: the code %s stands there twice", i+1, product.Code)
		}
		all = append(all, product)
	}
	*p = productsValue(all)
	return nil
}

func (l listing) product() (core.Product, error) {
	p := core.Product{Code: core.ProductCode(l.ProductCode), ID: l.ProductID, Title: l.Title, AppURL: l.SignInURL, SignUpURL: l.SignUpURL}
	if l.ProductCode == "" {
		return p, errors.New("it has no productCode")
	}
	if p.Title == "" {
		p.Title = l.ProductCode
	}
	if err := checkSignUpURL(l.SignUpURL); err != nil {
		return p, err
	}
	switch l.Identity {
	case "":
	case "license", "legacy", "migrating": // until its hour, a migrating product's customers are known as they were
		legacy := l.Identity != "license"
		p.Legacy, p.LicenseFrom = &legacy, l.LicenseFrom
	default:
		return p, fmt.Errorf("its identity is %q; it is license, legacy or migrating", l.Identity)
	}
	if !l.LicenseFrom.IsZero() && (l.Identity != "migrating" || !l.LicenseFrom.Equal(l.LicenseFrom.Truncate(time.Hour))) {
		return p, errors.New("licenseFrom is the beginning of an hour, such as 2026-12-01T00:00:00Z, of a product whose identity is migrating")
	}
	if p.Pricing = core.Pricing(l.Pricing); p.Pricing != "" && !slices.Contains(core.Pricings, p.Pricing) {
		return p, fmt.Errorf("its pricing is %q; it is one of %v", l.Pricing, core.Pricings)
	}
	p.Entitlements = core.EntitlementRules{StaleAfter: time.Duration(l.Entitlements.StaleAfter), Grace: time.Duration(l.Entitlements.Grace), FailOpen: l.Entitlements.FailOpen}
	if err := checkAllocateBy(l.AllocateBy); err != nil {
		return p, err
	}
	p.AllocateBy, p.Brand = l.AllocateBy, core.Brand(l.Brand)
	form, err := formOf(l.FormFields)
	if err != nil {
		return p, fmt.Errorf("its form: %w", err)
	}
	if p.FormFields = form; len(form) > 0 && p.Delegated() {
		return p, errors.New("it has formFields and a signUpUrl; who keeps the accounts asks its buyers itself")
	}
	if p.ManualSetup, err = l.ManualSetup.rules(); err != nil {
		return p, err
	}
	if p.Manual() && p.Delegated() {
		return p, errors.New("it has manualSetup and a signUpUrl; who keeps the accounts tells its buyers itself when they are ready")
	}
	for _, d := range l.Dimensions {
		if d.Key == "" {
			return p, errors.New("one of its dimensions has no key")
		}
		m := core.Measure{Key: core.Dimension(d.Key), Name: d.Name, Unit: d.Unit, Per: string(d.Per), Budget: string(d.Budget)}
		var err error
		if m.Meter, err = core.ParseMeter(d.Meter); err != nil {
			return p, fmt.Errorf("its dimension %s: %w", d.Key, err)
		}
		if m.Round, err = core.ParseRounding(d.Round); err != nil {
			return p, fmt.Errorf("its dimension %s: %w", d.Key, err)
		}
		if m.Allowance, err = core.ParseAllowed(d.Allowance); err != nil {
			return p, fmt.Errorf("its dimension %s: %w", d.Key, err)
		}
		if _, err := usage.ParsePer(m.Per); err != nil {
			return p, fmt.Errorf("its dimension %s: %w", d.Key, err)
		}
		if m.Budget != "" {
			if _, err := threshold.ParseBudget(m.Budget); err != nil {
				return p, fmt.Errorf("its dimension %s: %w", d.Key, err)
			}
		}
		kinds := d.Kinds
		if len(kinds) == 0 {
			kinds = usualKinds(p.Pricing)
		}
		for _, k := range kinds {
			switch k {
			case metered:
				p.Dimensions = append(p.Dimensions, m)
			case entitled:
				p.Entitled = append(p.Entitled, m)
			default:
				return p, fmt.Errorf("its dimension %s is of the kind %q; it is %s or %s", d.Key, k, metered, entitled)
			}
		}
	}
	return p, nil
}

// checkSignUpURL wants https, because a handle travels there by which a subscription can be had; on this machine it is not
// asked for.
func checkSignUpURL(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || (u.Scheme != "https" && u.Scheme != "http") {
		return fmt.Errorf("its signUpUrl is %q; give one like https://app.example.com/welcome", address)
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && !ip.IsLoopback() {
		return fmt.Errorf("its signUpUrl is %q; browsers bring secrets there, so it must be https", address)
	}
	return nil
}

func checkAllocateBy(keys []string) error {
	if len(keys) > core.MaxAllocateBy {
		return fmt.Errorf("its usage is allocated by %d tags; AWS takes at most %d", len(keys), core.MaxAllocateBy)
	}
	for i, k := range keys {
		if len(k) > contract.MaxTagKey || !usage.Allocatable(k) {
			return fmt.Errorf("AWS takes no tag %q: a key has 1 to %d letters, digits, spaces and + - = . _ : / @", k, contract.MaxTagKey)
		}
		if slices.Contains(keys[:i], k) {
			return fmt.Errorf("its usage is allocated by the tag %s twice", k)
		}
	}
	return nil
}

// The kinds of dimension.
const (
	metered  = "metered"
	entitled = "entitled"
)

// usualKinds are the kinds of a dimension that says none.
func usualKinds(p core.Pricing) []string {
	switch p {
	case core.Contract:
		return []string{entitled}
	case core.ContractWithConsumption:
		return []string{entitled, metered}
	default:
		return []string{metered}
	}
}
