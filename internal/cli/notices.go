package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/httpx"
)

// defaultGateway is where a gateway is unless it was told otherwise.
const defaultGateway = "http://127.0.0.1:4710"

// office is a running gateway, as the seller's programs call it.
type office struct{ base, key string }

// call makes one call and reads its answer into out. A refusal has the gateway's own words.
func (o office) call(ctx context.Context, method, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, o.base+path, nil)
	if err != nil {
		return asUsage(fmt.Errorf("--gateway %s: %w", o.base, err))
	}
	req.Header.Set("Authorization", "Bearer "+o.key)
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

// heardNotice is a notice of AWS's as the gateway keeps it.
type heardNotice struct {
	ID          string    `json:"id"`
	Via         string    `json:"via"`
	Channel     string    `json:"channel"`
	Kind        string    `json:"kind"`
	ProductCode string    `json:"productCode,omitempty"`
	License     string    `json:"license,omitempty"`
	Outcome     string    `json:"outcome"`
	Why         string    `json:"why"`
	Time        time.Time `json:"time"`
	ReceivedAt  time.Time `json:"receivedAt"`
	Deliveries  int       `json:"deliveries"`
	Body        string    `json:"body,omitempty"`
}

func (n heardNotice) row() []any {
	return []any{when(n.ReceivedAt), cmp.Or(n.Kind, "-"), n.Via, n.Outcome, n.ID}
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

func noticesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "notices",
		GroupID: groupLook,
		Short:   "List what AWS told a running gateway, look at one, and replay what had no effect",
		Example: "  souk notices list --outcome unreadable\n  souk notices show sns:22b80b92-…\n  souk notices replay sns:22b80b92-…",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var outcome, kind, license string
	list := officeCommand(&cobra.Command{
		Use:     "list",
		Short:   "List what AWS told, newest first",
		Example: "  souk notices list --outcome unreadable\n  souk notices list --license lic_4t9… --json",
		Args:    cobra.NoArgs,
	}, func(ctx context.Context, o office, out verbOutput, _ []string) error {
		q := url.Values{"outcome": {outcome}, "kind": {kind}, "license": {license}}
		var all []heardNotice
		for {
			var page httpx.List[heardNotice]
			if err := o.call(ctx, http.MethodGet, "/v1/notifications?"+q.Encode(), &page); err != nil {
				return err
			}
			if all = append(all, page.Items...); page.Next == "" {
				return table(out, "RECEIVED\tKIND\tVIA\tOUTCOME\tID", all, heardNotice.row)
			}
			q.Set("cursor", page.Next)
		}
	})
	list.Flags().StringVar(&outcome, "outcome", "", "only with this outcome, such as unreadable, unknown_kind or held")
	list.Flags().StringVar(&kind, "kind", "", "only of this kind, such as License Updated")
	list.Flags().StringVar(&license, "license", "", "only about this license, by the gateway's id")
	cmd.AddCommand(list, oneNotice("show", "Show one notice, as it came", http.MethodGet, ""),
		oneNotice("replay", "Read a notice that had no effect again, and apply it", http.MethodPost, "/replay"))
	return cmd
}

// oneNotice is a command about one notice.
func oneNotice(name, short, method, path string) *cobra.Command {
	return officeCommand(&cobra.Command{Use: name + " ID", Short: short, Example: "  souk notices " + name + " sns:22b80b92-…", Args: cobra.ExactArgs(1)},
		func(ctx context.Context, o office, out verbOutput, args []string) error {
			var n heardNotice
			if err := o.call(ctx, method, "/v1/notifications/"+url.PathEscape(args[0])+path, &n); err != nil {
				return err
			}
			text := fmt.Sprintf("%s, by %s: %s. %s", cmp.Or(n.Kind, n.ID), n.Via, n.Outcome, n.Why)
			return out.tell(n, "%s", strings.TrimSpace(text+"\n"+n.Body))
		})
}
