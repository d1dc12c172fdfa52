package cli

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/courier"
	"souk.dev/souk/internal/gateway/signon"
)

func gatewayCommand() *cobra.Command {
	var addr, database string
	var baseURL, clockURL, nodeURL, trust urlValue
	var seller core.Brand
	var mail gateway.Mail
	var queue, instance, topics, secrets, pageTemplates string
	var products productsValue
	var form formFieldsValue
	var applications applicationsValue
	var settle, margin, entitlements, resync, keepEvents, keepIDs durationValue
	var idsMemory memoryValue
	var networks networksValue
	var chats chatsValue
	var reminders daysValue
	var way consoleWay
	var approveOwn switchValue
	var sealing vaultValue
	var logs logging
	cmd := &cobra.Command{
		Use:     "gateway",
		GroupID: groupRun,
		Short:   "Run the seller's side: registration, accounts, subscriptions, metering",
		Long: `Run the seller's side of AWS Marketplace: the page on which buyers land, their accounts, the life of every subscription,
and the metering of usage.

Credentials, region and endpoints are the AWS SDK's own (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL_MARKETPLACE_METERING, …).
With a sandbox, only the endpoint variables differ from production: ask it for them at /_sandbox/env?format=sh.`,
		Example: `  # in production
  souk gateway --base-url https://buy.example.com --database sqlite:/var/lib/souk/gateway.db \
    --queue https://sqs.us-east-1.amazonaws.com/444455556666/marketplace-events

  # against a sandbox on this machine
  eval "$(curl -s 'http://127.0.0.1:4700/_sandbox/env?format=sh')"
  souk gateway`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			log := logs.to(cmd.ErrOrStderr())
			if cmd.ErrOrStderr() == os.Stderr { // the process is this command
				slog.SetDefault(log) // zitadel/oidc writes to that one
			}
			ln, err := listen(ctx, addr, "listen")
			if err != nil {
				return err
			}
			defer ln.Close()
			gateway.Tune(log)
			base := string(baseURL)
			if base == "" {
				base = addressOf(ln)
			}
			g, err := gateway.OpenNode(ctx, gateway.Config{
				DatabaseURL: database, Vault: sealing.Vault, BaseURL: base, NodeURL: nodeURLOf(string(nodeURL), ln), QueueURL: queue, ClockURL: string(clockURL), InstanceName: instance,
				Products: core.Catalogue(products), FormFields: form, PageTemplates: pageTemplates, Seller: seller, Mail: mail,
				SNSTopics: splitList(topics), SNSTrust: string(trust), EventsSecrets: strings.Fields(secrets),
				SettleTime: time.Duration(settle), FinalMargin: time.Duration(margin), EntitlementsEvery: time.Duration(entitlements), ResyncEvery: time.Duration(resync), Reminders: reminders,
				KeepEvents: time.Duration(keepEvents), KeepIDs: time.Duration(keepIDs), IDsMemory: int64(idsMemory),
				Applications: signon.Applications(applications), SignIn: way.provider(), NoConsolePasswords: !bool(way.passwords), SecondFactors: bool(way.factors),
				ApproveOwn: bool(approveOwn), Chats: chats, WebhookNetworks: courier.Networks(networks), Log: log,
			})
			if err != nil {
				return configError(err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "The gateway is open at %s\n", base)
			return gatewayServer.run(ctx, ln, g, log)
		},
	}
	o := optionsOf(cmd)
	o.text(&addr, "listen", "127.0.0.1:4710")
	o.value(&baseURL, "base-url", "")
	o.text(&database, "database", defaultDatabase)
	o.value(&sealing, "secrets-key", "")
	o.text(&queue, "queue", "")
	o.text(&topics, "sns-topics", "")
	o.value(&trust, "sns-trust", "")
	o.text(&secrets, "events-secret", "")
	o.value(&clockURL, "clock", "")
	o.text(&instance, "instance", "")
	o.value(&nodeURL, "node-url", "")
	o.value(&products, "products", "")
	o.value(&form, "form-fields", "")
	o.value(&applications, "applications", "")
	takeSeller(o, &seller)
	o.text(&pageTemplates, "page-templates", "")
	takeMail(o, &mail)
	way.take(o)
	o.value(&networks, "webhook-networks", "")
	o.value(&chats, "chats", "")
	o.value(&entitlements, "entitlements-every", "")
	o.value(&resync, "resync-every", "")
	o.value(&approveOwn, "approve-own", "off")
	o.value(&reminders, "reminders", "")
	o.value(&settle, "settle-time", "")
	o.value(&margin, "final-margin", "")
	o.value(&keepEvents, "keep-events", "")
	o.value(&keepIDs, "keep-ids", "")
	o.value(&idsMemory, "ids-memory", "")
	logs.take(o)
	return cmd
}

// nodeURLOf is where other nodes reach this process: what was said, or the one address that ln listens on. Of one that listens
// on all addresses of its machine nobody knows which the others can reach.
func nodeURLOf(said string, ln net.Listener) string {
	if a, ok := ln.Addr().(*net.TCPAddr); said == "" && ok && !a.IP.IsUnspecified() {
		return addressOf(ln)
	}
	return said
}

// takeSeller takes the settings of how the seller shows itself.
func takeSeller(o options, s *core.Brand) {
	o.text(&s.Name, "seller", "")
	o.text(&s.SupportEmail, "support-email", "")
	o.text(&s.SupportURL, "support-url", "")
	o.text(&s.Accent, "accent", "")
	o.text(&s.Logo, "logo", "")
	o.text(&s.Welcome, "welcome", "")
}

// takeMail takes the settings of how mails are sent.
func takeMail(o options, m *gateway.Mail) {
	o.text(&m.Server, "smtp-url", "")
	o.text(&m.From, "mail-from", "")
	o.text(&m.ReplyTo, "mail-reply-to", "")
	o.text(&m.Templates, "mail-templates", "")
}

// splitList parts a list with commas; blanks around its members are no part of them.
func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
}

// configError is err as the command line tells it: a setting that cannot be is wrong usage.
func configError(err error) error {
	if fail.Is(err, fail.Invalid) {
		return asUsage(err)
	}
	return err
}
