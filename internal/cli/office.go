package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/httpx"
)

// defaultGateway is where a gateway is unless it was told otherwise.
const defaultGateway = "http://127.0.0.1:4710"

// office is a running gateway, as the seller's programs call it.
type office struct{ base, key string }

// call makes one call, with in as its body unless it is nil, and reads its answer into out. A refusal has the gateway's own
// words.
func (o office) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("write the call: %w", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, o.base+path, body)
	if err != nil {
		return asUsage(fmt.Errorf("--gateway %s: %w", o.base, err))
	}
	req.Header.Set("Authorization", "Bearer "+o.key)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("call the gateway, which --gateway names: %w", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("read the gateway's answer: %w", err)
	}
	if res.StatusCode > 299 {
		var p httpx.Problem
		if json.Unmarshal(text, &p) == nil && p.Detail != "" {
			return errors.New(p.Detail)
		}
		return fmt.Errorf("%s %s: the gateway answered %s", method, path, res.Status)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("read the gateway's answer: %w", err)
	}
	return nil
}

// listOf reads a whole list of the gateway's, every page of it. Parameters that are empty are left out.
func listOf[T any](ctx context.Context, o office, path string, q url.Values) (all []T, err error) {
	v := url.Values{}
	for name := range q {
		if value := q.Get(name); value != "" {
			v.Set(name, value)
		}
	}
	for {
		var page httpx.List[T]
		if err := o.call(ctx, http.MethodGet, path+"?"+v.Encode(), nil, &page); err != nil {
			return nil, err
		}
		if all = append(all, page.Items...); page.Next == "" {
			return all, nil
		}
		v.Set("cursor", page.Next)
	}
}

// officeCommand makes cmd one that calls a running gateway.
func officeCommand(cmd *cobra.Command, do func(ctx context.Context, o office, out verbOutput, args []string) error) *cobra.Command {
	var base urlValue
	var key string
	var asJSON bool
	optionsOf(cmd).value(&base, "gateway", defaultGateway)
	optionsOf(cmd).text(&key, "api-key", "")
	jsonFlag(cmd, &asJSON)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if key == "" {
			return usagef("--api-key: an API key is needed; make one with `souk keys create` and set SOUK_API_KEY")
		}
		return do(cmd.Context(), office{string(base), key}, verbOutput{cmd.OutOrStdout(), asJSON}, args)
	}
	return cmd
}
