package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/httpx"
)

// delivery is a notice of the marketplace's on its way to a seller.
type delivery struct {
	ID          string    `json:"id"`
	Channel     string    `json:"channel"`
	Kind        string    `json:"kind"`
	Source      string    `json:"source"`
	AgreementID string    `json:"agreementId"`
	LicenseARN  string    `json:"licenseArn,omitempty"`
	ProductCode string    `json:"productCode"`
	HappenedAt  time.Time `json:"happenedAt"`
	Outcome     string    `json:"outcome"`
	Fault       string    `json:"fault,omitempty"`
	Body        string    `json:"body"`
}

const eventsHead = "HAPPENED\tEVENT\tAGREEMENT\tBY\tOUTCOME"

func (d delivery) row() []any {
	return []any{d.HappenedAt.Format("2006-01-02 15:04:05"), d.Kind, d.AgreementID, d.Channel, d.Outcome}
}

func eventsCommand() *cobra.Command {
	var agreement, channel, kind, outcome string
	var follow bool
	cmd := verb(&cobra.Command{
		Use:   "events",
		Short: "List the events that the marketplace has sent to sellers",
		Long: `List the events that the marketplace has sent to sellers. With --follow, go on with those that come, and tell of an
event again when its outcome has changed; Ctrl-C ends it.`,
		Example: "  souk events\n  souk events --follow\n  souk events --json | jq -r .body | jq .",
		Args:    cobra.NoArgs,
	}, func(ctx context.Context, m marketplace, out verbOutput, _ []string) error {
		q := url.Values{"agreementId": {agreement}, "channel": {channel}, "kind": {kind}, "outcome": {outcome}}
		if follow {
			return followEvents(ctx, m, out, q)
		}
		all, err := list[delivery](ctx, m, "deliveries", q)
		if err != nil {
			return err
		}
		return table(out, eventsHead, all, delivery.row)
	})
	cmd.Flags().StringVar(&agreement, "agreement", "", "only of this agreement")
	cmd.Flags().StringVar(&channel, "channel", "", "only by this channel: eventbridge or sns")
	cmd.Flags().StringVar(&kind, "kind", "", "only of this kind, such as subscribe-success")
	cmd.Flags().StringVar(&outcome, "outcome", "", "only with this outcome: waiting, delivered, lost or failed")
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with those that come")
	completeFlags(cmd, map[string]namer{"agreement": agreements})
	return cmd
}

// followPause is how long, in real time, a follower waits before it asks again.
const followPause = 300 * time.Millisecond

// followEvents prints each event when it is first seen, and again with each new outcome, until ctx ends.
func followEvents(ctx context.Context, m marketplace, out verbOutput, q url.Values) error {
	if !out.json {
		fmt.Fprintf(out, "%-19s  %-42s  %-30s  %-11s  %s\n", "HAPPENED", "EVENT", "AGREEMENT", "BY", "OUTCOME")
	}
	told := map[string]string{} // outcome by id
	from := ""
	for {
		var err error
		from, err = eachEvent(ctx, m, q, from, func(d delivery) error {
			if told[d.ID] == d.Outcome {
				return nil
			}
			told[d.ID] = d.Outcome
			if out.json {
				return printJSON(out, d)
			}
			_, err := fmt.Fprintf(out, "%-19s  %-42s  %-30s  %-11s  %s\n", d.row()...)
			return err
		})
		if ctx.Err() != nil {
			return nil // Ctrl-C is how one leaves
		}
		if err != nil {
			return err
		}
		_ = clock.Sleep(ctx, followPause) // the next round finds that ctx has ended
	}
}

// eachEvent gives the events from the cursor from on to do, and returns the cursor of the page where it must begin next
// time: the first that has an event on its way, or else the last.
func eachEvent(ctx context.Context, m marketplace, filter url.Values, from string, do func(delivery) error) (next string, err error) {
	q := url.Values{}
	for name, values := range filter {
		if values[0] != "" {
			q[name] = values
		}
	}
	onTheWay := false
	for cursor := from; ; {
		var page httpx.List[delivery]
		q.Set("cursor", cursor)
		if err := m.call(ctx, http.MethodGet, "deliveries?"+q.Encode(), nil, &page); err != nil {
			return from, err
		}
		if len(page.Items) == 0 && cursor != "" {
			return "", nil // the sandbox was reset: everything begins again
		}
		if !onTheWay {
			next = cursor
		}
		for _, d := range page.Items {
			onTheWay = onTheWay || d.Outcome == "waiting"
			if err := do(d); err != nil {
				return from, err
			}
		}
		if page.Next == "" {
			return next, nil
		}
		cursor = page.Next
	}
}
