package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/httpx"
	"souk.dev/souk/internal/sandbox/queue"
	"souk.dev/souk/internal/sandbox/world"
)

// Credentials that a program is given when the world's file lists no access key of its seller. Any key is that seller's
// then, and the signature is not verified.
const (
	anyKey    = "AKIDSOUKSANDBOX"
	anySecret = "no-secret-is-needed-here"
)

type variable struct{ name, value string }

// productEnv is a product as SOUK_PRODUCTS tells it to a gateway.
type productEnv struct {
	ProductCode string         `json:"productCode"`
	ProductID   string         `json:"productId"`
	Title       string         `json:"title"`
	Identity    world.Identity `json:"identity"`
	Pricing     world.Pricing  `json:"pricing"`
	SignInURL   string         `json:"signInUrl,omitempty"`
	Dimensions  []dimensionEnv `json:"dimensions"`
}

type dimensionEnv struct {
	Key   string                `json:"key"`
	Name  string                `json:"name"`
	Unit  string                `json:"unit,omitempty"`
	Kinds []world.DimensionKind `json:"kinds"`
}

// env is what points a program of the default seller at this sandbox.
func (c *Control) env() ([]variable, error) {
	base, seller := c.opt.Base(), c.opt.World.DefaultSeller()
	key, secret := c.sellerKey(seller)
	products, err := json.Marshal(c.productsOf(seller))
	if err != nil {
		return nil, fmt.Errorf("encode the products: %w", err)
	}
	vars := []variable{
		{"AWS_ACCESS_KEY_ID", key},
		{"AWS_SECRET_ACCESS_KEY", secret},
		{"AWS_REGION", queue.Region},
		{"AWS_DEFAULT_REGION", queue.Region}, // what the AWS CLI 1 and boto3 read
		{"AWS_ENDPOINT_URL", base},
		{"AWS_ENDPOINT_URL_MARKETPLACE_METERING", base},
		{"AWS_ENDPOINT_URL_MARKETPLACE_ENTITLEMENT_SERVICE", base},
		{"AWS_ENDPOINT_URL_MARKETPLACE_AGREEMENT", base},
		{"AWS_ENDPOINT_URL_MARKETPLACE_DISCOVERY", base},
		{"AWS_ENDPOINT_URL_SQS", base},
		{"AWS_ENDPOINT_URL_SNS", base},
		{"AWS_ENDPOINT_URL_EVENTBRIDGE", base},
		{"SOUK_CLOCK", base},
		{"SOUK_QUEUE_URL", c.queueURL()},
		{"SOUK_SNS_TRUST", base},
		{"SOUK_PRODUCTS", string(products)},
	}
	if c.opt.SMTP != "" {
		vars = append(vars, variable{"SOUK_SMTP_URL", c.opt.SMTP})
	}
	return vars, nil
}

func (c *Control) productsOf(seller string) []productEnv {
	all := []productEnv{}
	for _, p := range c.opt.World.Products() {
		if p.SellerAccount != seller {
			continue
		}
		e := productEnv{ProductCode: p.ProductCode, ProductID: p.ProductID, Title: p.Title, Identity: p.Identity, Pricing: p.Pricing, SignInURL: p.SignInURL}
		for _, d := range p.Dimensions {
			e.Dimensions = append(e.Dimensions, dimensionEnv{d.Key, d.Name, d.Unit, d.Kinds})
		}
		all = append(all, e)
	}
	return all
}

func (c *Control) getEnv(w http.ResponseWriter, r *http.Request) error {
	vars, err := c.env()
	if err != nil {
		return err
	}
	switch format := r.URL.Query().Get("format"); format {
	case "", "json":
		out := make(map[string]string, len(vars))
		for _, v := range vars {
			out[v.name] = v.value
		}
		return httpx.JSON(w, http.StatusOK, out)
	case "sh":
		w.Header().Set("Content-Type", "text/x-shellscript; charset=utf-8")
		for _, v := range vars {
			fmt.Fprintf(w, "export %s=%s\n", v.name, quoted(v.value))
		}
		return nil
	default:
		return fail.New(fail.Invalid, "format", "format must be json or sh; got %q.", format)
	}
}

// quoted is s as one word of a POSIX shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
