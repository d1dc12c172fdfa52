package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/gateway/api"
	"souk.dev/souk/internal/gateway/approval"
	"souk.dev/souk/internal/gateway/console"
	"souk.dev/souk/internal/gateway/operator"
	"souk.dev/souk/internal/gateway/store"
)

// openConsole makes the console of the features that desk holds already.
func (g *Gateway) openConsole(c Config, health api.Health, desk console.Config) (*console.Console, error) {
	desk.BaseURL, desk.Name, desk.Accent, desk.Products, desk.Settings = c.BaseURL, c.Seller.Name, c.Seller.Accent, c.Products, slices.Concat(c.shown(), c.shownWays())
	desk.Approval = approval.Rule{Own: c.ApproveOwn}
	desk.Operators = operator.New(g.db.Operators(), desk.Audit, clock.System{}, c.Log)
	if err := c.openWays(&desk); err != nil {
		return nil, err
	}
	desk.Records, desk.Keys, desk.Clock, desk.Log = store.NewMetering(g.db).RecordsByState, g.db.Keys(), g.clk, c.Log
	desk.Health = func(ctx context.Context) (all []console.Checked) {
		for _, k := range health.Look(ctx) {
			all = append(all, console.Checked{Name: k.Name, OK: k.OK, Says: k.Reason})
		}
		return all
	}
	return console.New(desk)
}

// shown is what c says, in the words of the command line, without its secrets.
func (c Config) shown() []console.Setting {
	secret := func(given bool) string {
		if given {
			return "set, and not shown"
		}
		return ""
	}
	span := func(d time.Duration) string {
		if d == 0 {
			return "the default"
		}
		return fmt.Sprint(d)
	}
	memory := func(bytes int64) string {
		if bytes == 0 {
			return "the default"
		}
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	var fieldNames []string
	for _, f := range c.FormFields {
		fieldNames = append(fieldNames, f.Name)
	}
	var applications []string
	for _, a := range c.Applications {
		applications = append(applications, a.ID)
	}
	var rooms []string
	for _, r := range c.Chats {
		rooms = append(rooms, r.Name)
	}
	yes := func(on bool) string {
		if on {
			return "yes: whoever proposes may approve"
		}
		return "no: another person approves"
	}
	return []console.Setting{
		{Name: "base-url", Value: c.BaseURL}, {Name: "database", Value: console.WithoutPassword(c.DatabaseURL)}, {Name: "queue", Value: c.QueueURL},
		{Name: "sns-topics", Value: strings.Join(c.SNSTopics, ", ")}, {Name: "sns-trust", Value: c.SNSTrust}, {Name: "events-secret", Value: secret(len(c.EventsSecrets) > 0)},
		{Name: "instance", Value: c.InstanceName}, {Name: "node-url", Value: c.NodeURL}, {Name: "clock", Value: c.ClockURL}, {Name: "AWS endpoint", Value: c.Endpoint}, {Name: "AWS region", Value: c.Region},
		{Name: "form-fields", Value: strings.Join(fieldNames, ", ")}, {Name: "seller", Value: c.Seller.Name}, {Name: "support-email", Value: c.Seller.SupportEmail}, {Name: "support-url", Value: c.Seller.SupportURL},
		{Name: "applications", Value: strings.Join(applications, ", ")},
		{Name: "chats", Value: strings.Join(rooms, ", ")},
		{Name: "approve-own", Value: yes(c.ApproveOwn)},
		{Name: "entitlements-every", Value: span(c.EntitlementsEvery)}, {Name: "settle-time", Value: span(c.SettleTime)}, {Name: "final-margin", Value: span(c.FinalMargin)},
		{Name: "keep-events", Value: span(c.KeepEvents)}, {Name: "keep-ids", Value: span(c.KeepIDs)}, {Name: "ids-memory", Value: memory(c.IDsMemory)},
	}
}
