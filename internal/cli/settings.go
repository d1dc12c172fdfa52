package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// lookup reads one variable of the environment, as os.LookupEnv does.
type lookup func(name string) (value string, ok bool)

// setting is one thing that can be told by flag, by environment or in the configuration file. A flag wins over the
// environment, the environment over the file, the file over the default.
type setting struct {
	name   string // the flag, and the key in the file
	help   string
	env    string // the variable, where it is not SOUK_ and the name
	secret bool   // may be kept in a file of its own, named by the variable with _FILE, or the key with -file
}

// settings is the whole table. A command takes the ones it uses by name (see [options]); the configuration file may
// hold any of them, so that one file serves all the commands of an installation.
var settings = []setting{
	{name: "listen", help: "the address to listen on, host:port; port 0 takes a free one"},
	{name: "base-url", help: "the URL under which browsers reach this server (default: the address it listens on)"},
	{name: "database", help: "where the gateway keeps its books: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME", secret: true},
	{name: "secrets-key", help: "what the secrets in the database are sealed with, made with souk secrets key; older keys behind it, with blanks between, open what they sealed (default: they are not sealed)", secret: true},
	{name: "to", env: "SOUK_MOVE_TO", help: "the empty PostgreSQL database to which the books move: postgres://USER:PASSWORD@HOST/NAME", secret: true},
	{name: "queue", env: "SOUK_QUEUE_URL", help: "the URL of the SQS queue that receives AWS Marketplace's events"},
	{name: "sns-topics", help: "ARNs, with commas between, of SNS topics of your own whose messages /aws/sns takes; those of your products are taken anyway"},
	{name: "sns-trust", help: "the URL of a sandbox, whose certificates SNS's messages may be signed with"},
	{name: "events-secret", help: "what EventBridge's API destinations bring to /aws/events; two, with a blank between, while one replaces the other", secret: true},
	{name: "clock", help: "the URL of a sandbox whose clock is followed in lock-step (default: the system's clock)"},
	{name: "products", help: `the products sold: a JSON array, or a list in the file`},
	{name: "form-fields", help: `what buyers are asked on the sign-up form besides name, address and company: a JSON array, or a list in the file`},
	{name: "seller", help: "the seller's name, as buyers read it"},
	{name: "support-email", help: "the address that buyers write to for help"},
	{name: "support-url", help: "the page where buyers find help"},
	{name: "accent", help: "the colour of the buyers' pages, such as #2b4a6f"},
	{name: "logo", help: "a file for the top of the buyers' pages: SVG, PNG, JPEG or WebP (default: the seller's name and a mark)"},
	{name: "welcome", help: "a sentence on the page where buyers make their account"},
	{name: "page-templates", help: "a folder whose files stand over those of the buyers' pages of the same name, block by block"},
	{name: "smtp-url", secret: true, help: "the mail server, such as smtp://user:password@mail.example.com:587, or smtps://… (default: no mails are sent)"},
	{name: "mail-from", help: "whom mails come from, such as Inkwell <hello@inkwell.example> (default: support-email, or no-reply at base-url's host)"},
	{name: "mail-reply-to", help: "where answers to mails go (default: support-email)"},
	{name: "mail-templates", help: "a folder whose files stand in the place of our mail templates of the same name"},
	{name: "applications", help: "your applications at which customers sign in with their account here, by OpenID Connect: a JSON array, or a list in the file (default: none)"},
	{name: "oidc-issuer", help: "the identity provider at which the console's people sign in, by OpenID Connect: its URL (default: none)"},
	{name: "oidc-client-id", help: "as what the provider knows this gateway; its redirect URI is base-url and /console/signin/callback"},
	{name: "oidc-client-secret", secret: true, help: "what the provider gave this gateway (default: none, for a public client)"},
	{name: "oidc-scopes", help: "what the provider is asked for besides openid (default: profile email)"},
	{name: "oidc-role-claim", help: "the claim that says what somebody may do, such as groups or realm_access.roles (default: groups)"},
	{name: "oidc-roles", help: `who has which role: a JSON object, or a mapping in the file, such as {"admin":["ada@example.com"],"viewer":["staff"]} (default: values of the claim are roles)`},
	{name: "oidc-name", help: "what the sign-in page calls the provider (default: its host)"},
	{name: "console-passwords", help: "off leaves oidc-issuer as the only way into the console: on or off"},
	{name: "console-second-factor", help: "on has everybody who signs in to the console by a password add a second factor: on or off"},
	{name: "instance", help: "this process's own name among the nodes on one database, which none of them shares, and towards the clock (default: gateway)"},
	{name: "node-url", help: "the URL at which the other nodes on the same PostgreSQL reach this process (default: the address it listens on, if that is one)"},
	{name: "chats", secret: true, help: `where the seller's people are told what they should look at: Slack-compatible incoming webhooks, a JSON array such as [{"name":"ops","url":"https://hooks.slack.com/services/…"}], or a list in the file (default: none)`},
	{name: "webhook-networks", help: "networks that webhooks and chats may call though they are not the public internet's, such as 10.1.0.0/16,127.0.0.1 (default: none)"},
	{name: "entitlements-every", help: "how often AWS is asked what was bought in advance, though no notice came (default: 1h)"},
	{name: "resync-every", help: "how often licenses are compared with AWS's agreements, at least 15m (default: 24h)"},
	{name: "approve-own", help: "on lets whoever proposes a correction or a cancellation request approve it too: for a seller of one person"},
	{name: "reminders", help: "how many days before a contract or a free trial ends its owner is told, or none (default: 30,7)"},
	{name: "settle-time", help: "how long after an hour's end late usage is still taken into it"},
	{name: "final-margin", help: "how long before the last hour's end the last records go to AWS"},
	{name: "keep-events", help: "how long usage events stay for the audit, at least 62d (default: 400d, which is 13 months)"},
	{name: "keep-ids", help: "how long a repeated event is recognised, at least 35d (default: 35d); events older than a day less are refused"},
	{name: "ids-memory", help: "how much memory, such as 512MiB or 4GiB, is spent on recognising repeated events without reading the disk (default: a quarter of the machine's)"},
	{name: "log-level", help: "debug, info, warn or error"},
	{name: "log-format", help: "text or json"},

	{name: "world", help: "a file that describes the market: sellers, products, buyers (default: the built-in one)"},
	{name: "snapshot", help: "a file from GET /_sandbox/snapshot to go on from, in a new data folder or in none"},
	{name: "fulfillment-url", help: "where *Set up your account* posts the registration token"},
	{name: "smtp-listen", help: "where the mails of the seller's programs are caught, host:port; 0 catches none (default: 127.0.0.1:4725, or a free port where that is in use)"},
	{name: "sign-in-url", help: "where the users of the products sign in"},
	{name: "now", help: "the instant at which the sandbox's clock starts, RFC 3339 (default: the system's time)"},

	{name: "data", help: "the folder that keeps the state"},
	{name: "sandbox-listen", help: "the sandbox's address, host:port"},
	{name: "gateway-listen", help: "the gateway's address, host:port"},
	{name: "app-listen", help: "the example application's address, host:port"},

	{name: "gateway", help: "the URL of the running gateway"},
	{name: "api-key", help: "an API key of the gateway's, made with souk keys create", secret: true},
	{name: "sandbox", help: "the URL of the running sandbox"},
}

func (s setting) variable() string {
	if s.env != "" {
		return s.env
	}
	return "SOUK_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

func settingNamed(name string) (setting, bool) {
	i := slices.IndexFunc(settings, func(s setting) bool { return s.name == name })
	if i < 0 {
		return setting{}, false
	}
	return settings[i], true
}

// options binds settings to the variables of one command.
type options struct{ flags *pflag.FlagSet }

func optionsOf(cmd *cobra.Command) options { return options{cmd.Flags()} }

// text takes the setting called name, with default def.
func (o options) text(p *string, name, def string) { o.value((*textValue)(p), name, def) }

// value takes a setting of another type. Each value refuses, in Set, what makes no sense; an empty def sets nothing.
// A name that is not in the table is a mistake of the programmer.
func (o options) value(v pflag.Value, name, def string) {
	s, ok := settingNamed(name)
	if !ok {
		panic("cli: the table of settings has no " + name)
	}
	if def != "" {
		if err := v.Set(def); err != nil {
			panic(fmt.Sprintf("cli: the default of %s: %v", name, err))
		}
	}
	f := o.flags.VarPF(v, name, "", s.help+" ["+s.variable()+"]")
	f.DefValue = def
}

type textValue string

func (t *textValue) String() string     { return string(*t) }
func (t *textValue) Set(s string) error { *t = textValue(s); return nil }
func (t *textValue) Type() string       { return "text" }

// readSettings gives every setting of cmd that is not on the command line its value from the environment or the file.
func readSettings(cmd *cobra.Command, env lookup) error {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return nil // a command of cobra's own, which has no settings
	}
	if path == "" {
		path, _ = env("SOUK_CONFIG")
	}
	var file configFile
	if path != "" {
		if file, err = readConfigFile(path); err != nil {
			return err
		}
	}
	var failed error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		s, ok := settingNamed(f.Name)
		if !ok || failed != nil {
			return
		}
		if f.Changed {
			return
		}
		failed = fill(f, s, env, file)
	})
	return failed
}

// fill sets f from the environment, or else from the file.
func fill(f *pflag.Flag, s setting, env lookup, file configFile) error {
	name := s.variable()
	value, ok := env(name)
	from := "the variable " + name
	if s.secret {
		kept, inFile := env(name + "_FILE")
		switch {
		case ok && inFile:
			return fmt.Errorf("both %s and %s_FILE are set; set one of them", name, name)
		case inFile:
			secret, err := readSecret(kept)
			if err != nil {
				return fmt.Errorf("the variable %s_FILE: %w", name, err)
			}
			value, ok, from = secret, true, "the file "+kept
		}
	}
	if !ok {
		entry, has := file.entries[s.name]
		if !has {
			return nil
		}
		value, from = entry.value, fmt.Sprintf("%s:%d: %s", file.path, entry.line, s.name)
	}
	if err := f.Value.Set(value); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return nil
}

// readSecret reads a file that holds one secret; the newline that editors put at the end is not part of it.
func readSecret(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(data), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return secret, nil
}
