package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// style writes for a terminal, or plainly for anything else.
type style struct{ on bool }

// styleOf looks at what is written to: colours are for terminals, and for nobody who has asked for none (no-color.org).
func styleOf(w io.Writer) style {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return style{}
	}
	info, err := f.Stat()
	return style{err == nil && info.Mode()&os.ModeCharDevice != 0}
}

func (s style) as(code, text string) string {
	if !s.on {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) bold(text string) string  { return s.as("1", text) }
func (s style) faint(text string) string { return s.as("2", text) }
func (s style) good(text string) string  { return s.as("32", text) }
func (s style) bad(text string) string   { return s.as("1;31", text) }
func (s style) fair(text string) string  { return s.as("33", text) }
func (s style) link(text string) string  { return s.as("36", text) }

// program is how this program is called from where its user stands.
func program() string {
	self, err := os.Executable()
	if err == nil && strings.Contains(self, "go-build") {
		return "go run ./cmd/souk"
	}
	return "souk"
}

// firstScreen says what to open and what to try, and no more.
func firstScreen(b *bazaar, o upOptions, logFile string, s style) string {
	var t strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&t, "  "+format+"\n", args...) }
	call := func(rest string) string {
		text := program() + " " + rest
		if b.Sandbox != defaultSandbox {
			text += " --sandbox " + b.Sandbox
		}
		return s.bold(text)
	}
	t.WriteString("\n")
	line("%s", s.bold("The bazaar is open."))
	t.WriteString("\n")
	line("Marketplace   %s   %s", s.link(b.Sandbox), s.faint("AWS Marketplace's side: buy and cancel here"))
	line("Gateway       %s   %s", s.link(b.Gateway), s.faint("the seller's side: accounts, subscriptions, metering"))
	line("Inbox         %s   %s", s.link(b.Sandbox+"/inbox"), s.faint("mails of the seller's side are caught here"))
	line("Console       %s   %s", s.link(b.Gateway+"/console"), s.faint("for the seller's people; sign in as below"))
	line("Inkwell       %s   %s", s.link(b.App), s.faint("the product that is sold"))
	t.WriteString("\n")
	line("%s", s.bold("Try this"))
	line("1. Open the marketplace, choose Acme, subscribe to Inkwell, press Set up your account.")
	line("2. Create the account, open Inkwell, publish a note: its pages are counted.")
	line("3. Let an hour pass:     %s", call("clock --advance 1h"))
	line("4. See what AWS bills:   %s", call("records"))
	t.WriteString("\n")
	line("API key       %s", b.APIKey)
	if b.Console.Password != "" {
		line("Console       %s   %s", b.Console.User, b.Console.Password)
	} else {
		line("Console       %s   %s", b.Console.User, s.faint("with the password that you chose"))
	}
	if o.ephemeral {
		line("%s", s.faint("Nothing is kept. Ctrl-C stops everything."))
	} else {
		line("%s", s.faint(fmt.Sprintf("State is kept in %s, the log in %s. Ctrl-C stops everything.", o.data, logFile)))
	}
	t.WriteString("\n")
	return t.String()
}
