package chat

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"souk.dev/souk/internal/gateway/alert"
	"souk.dev/souk/internal/gateway/outbox"
)

// escape makes text of what others have written. Source: Slack, "Formatting text for app surfaces", "Escaping text"
// (https://docs.slack.dev/messaging/formatting-message-text): & < and > are all that has a meaning of its own.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// maxSay bounds what is told of one happening, in characters: a room is no log.
const maxSay = 500

func text(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if r := []rune(s); len(r) > maxSay {
		s = string(r[:maxSay]) + "…"
	}
	return escape.Replace(s)
}

// link leads to a page of the console.
func link(address, label string) string { return "<" + escape.Replace(address) + "|" + label + ">" }

// payload is what an incoming webhook takes. Source: Slack, "Sending messages using incoming webhooks"
// (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
type payload struct {
	Text string `json:"text"`
}

// words are what is told of e; console is the address of the console.
func words(e outbox.Event, console string) string {
	if e.Kind == Test {
		return "*This is a test of " + link(console, "souk") + "*\nNothing has happened."
	}
	lines := []string{"*" + title(e.Kind) + "*"}
	var about []string
	more := link(console+"/licenses/"+url.PathEscape(string(e.License)), "Look at the licence")
	if e.License == "" {
		more = link(console, "Look at the console")
	}
	var told alert.Told
	if e.Kind.Group() == "alert" && json.Unmarshal(e.Data, &told) == nil {
		a := told.Alert
		switch a.State {
		case alert.Still:
			lines[0] = "*Still: " + title(e.Kind) + "*"
		case alert.Over:
			lines[0] = "*Resolved: " + title(e.Kind) + "*"
		}
		lines = append(lines, text(a.Say))
		if a.Do != "" {
			lines = append(lines, "What to do: "+text(a.Do))
		}
		about = append(about, fmt.Sprintf("%s since %s", times(a.Times), a.Since.UTC().Format("2006-01-02 15:04 MST")))
		more = link(console+"/alerts/"+url.PathEscape(string(a.ID)), "Look at it in the console")
	} else {
		about = append(about, e.At.UTC().Format(time.RFC3339))
	}
	if e.License != "" {
		about = append(about, "licence "+text(string(e.License)))
	}
	return strings.Join(append(lines, strings.Join(append(about, string(e.ID), more), " · ")), "\n")
}

func title(k outbox.Kind) string {
	means := k.Means()
	if means == "" {
		return string(k)
	}
	return strings.ToUpper(means[:1]) + escape.Replace(means[1:])
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
