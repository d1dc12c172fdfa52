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
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/httpx"
)

// defaultSandbox is where a sandbox is unless it was told otherwise.
const defaultSandbox = "http://127.0.0.1:4700"

// marketplace drives a running sandbox through its control API.
type marketplace struct {
	base string
	hc   *http.Client
}

// marketplaceAt is the sandbox at base. Moving its clock may take long, so only the caller's context bounds a call.
func marketplaceAt(base string) marketplace {
	return marketplace{strings.TrimRight(base, "/"), &http.Client{}}
}

// call makes one call; in and out may be nil. A refusal has the sandbox's own words.
func (m marketplace) call(ctx context.Context, method, path string, in, out any) error {
	var text []byte
	if in != nil {
		var err error
		if text, err = json.Marshal(in); err != nil {
			return err
		}
	}
	return m.take(ctx, method, path, "application/json", text, out)
}

// read brings the bytes of an answer that is not JSON.
func (m marketplace) read(ctx context.Context, path string) ([]byte, error) {
	return m.exchange(ctx, http.MethodGet, path, "", nil)
}

// send posts bytes that [marketplace.read] has brought.
func (m marketplace) send(ctx context.Context, path string, text []byte, out any) error {
	return m.take(ctx, http.MethodPost, path, "application/x-ndjson", text, out)
}

func (m marketplace) take(ctx context.Context, method, path, kind string, text []byte, out any) error {
	data, err := m.exchange(ctx, method, path, kind, text)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("read the sandbox's answer: %w", err)
	}
	return nil
}

// exchange makes one request, with a body unless text is nil.
func (m marketplace) exchange(ctx context.Context, method, path, kind string, text []byte) ([]byte, error) {
	var body io.Reader
	if text != nil {
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, m.base+"/_sandbox/"+path, body)
	if err != nil {
		return nil, asUsage(fmt.Errorf("--sandbox %s: %w", m.base, err))
	}
	if text != nil {
		req.Header.Set("Content-Type", kind)
	}
	res, err := m.hc.Do(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("no sandbox answers at %s: start one with `souk up` or `souk sandbox`, or name another with --sandbox", m.base)
	}
	if err != nil {
		return nil, fmt.Errorf("call the sandbox: %w", err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the sandbox's answer: %w", err)
	}
	if res.StatusCode > 299 {
		var p httpx.Problem
		if json.Unmarshal(data, &p) == nil && p.Detail != "" {
			return nil, errors.New(p.Detail)
		}
		return nil, fmt.Errorf("%s /_sandbox/%s: the sandbox answered %s", method, path, res.Status)
	}
	return data, nil
}

// list reads a whole list of the sandbox, every page of it.
func list[T any](ctx context.Context, m marketplace, path string, q url.Values) ([]T, error) {
	all := []T{}
	v := url.Values{}
	for name, values := range q {
		if len(values) > 0 && values[0] != "" {
			v[name] = values
		}
	}
	for {
		var page httpx.List[T]
		if err := m.call(ctx, http.MethodGet, path+"?"+v.Encode(), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all, nil
		}
		v.Set("cursor", page.Next)
	}
}

// verb makes a command that drives a sandbox.
func verb(cmd *cobra.Command, do func(ctx context.Context, m marketplace, out verbOutput, args []string) error) *cobra.Command {
	var base string
	var asJSON bool
	cmd.GroupID = groupDrive
	optionsOf(cmd).text(&base, "sandbox", defaultSandbox)
	jsonFlag(cmd, &asJSON)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return do(cmd.Context(), marketplaceAt(base), verbOutput{cmd.OutOrStdout(), asJSON}, args)
	}
	return cmd
}

// verbOutput prints what a verb brought.
type verbOutput struct {
	io.Writer
	json bool
}

// tell prints v as JSON, or else the sentence.
func (o verbOutput) tell(v any, format string, args ...any) error {
	if o.json {
		return printJSON(o, v)
	}
	_, err := fmt.Fprintf(o, format+"\n", args...)
	return err
}

// table prints items, one JSON document a line, or else as a table with a line by row for each.
func table[T any](o verbOutput, head string, items []T, row func(T) []any) error {
	if o.json {
		for _, it := range items {
			if err := printJSON(o, it); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(o, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, head)
	for _, it := range items {
		cells := row(it)
		fmt.Fprintf(w, strings.TrimSuffix(strings.Repeat("%v\t", len(cells)), "\t")+"\n", cells...)
	}
	return w.Flush()
}

// clockState is GET and POST /_sandbox/clock.
type clockState struct {
	Now    time.Time `json:"now"`
	Rate   float64   `json:"rate"`
	Frozen bool      `json:"frozen"`
	// Followers are the gateways that follow it; Silent those that did not answer while it was moved.
	Followers []string `json:"followers,omitempty"`
	Silent    []string `json:"silent,omitempty"`
}

func (c clockState) String() string {
	text := c.Now.Format(time.RFC3339)
	switch {
	case c.Frozen:
		text += ", standing still"
	case c.Rate != 1:
		text += fmt.Sprintf(", running %g times as fast as time", c.Rate)
	}
	for _, name := range c.Silent {
		text += "\n" + name + " did not answer and is followed no longer"
	}
	return text
}
