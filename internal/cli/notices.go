package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

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
		all, err := listOf[heardNotice](ctx, o, "/v1/notifications", url.Values{"outcome": {outcome}, "kind": {kind}, "license": {license}})
		if err != nil {
			return err
		}
		return table(out, "RECEIVED\tKIND\tVIA\tOUTCOME\tID", all, heardNotice.row)
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
			if err := o.call(ctx, method, "/v1/notifications/"+url.PathEscape(args[0])+path, nil, &n); err != nil {
				return err
			}
			text := fmt.Sprintf("%s, by %s: %s. %s", cmp.Or(n.Kind, n.ID), n.Via, n.Outcome, n.Why)
			return out.tell(n, "%s", strings.TrimSpace(text+"\n"+n.Body))
		})
}
