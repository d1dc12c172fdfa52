package webui

import (
	"fmt"
	"html/template"
	"strings"
)

// Tone is how a badge or a notice feels. It never stands alone: the words say the same.
type Tone string

// The tones.
const (
	Neutral Tone = "neutral"
	Info    Tone = "info"
	Success Tone = "success"
	Warn    Tone = "warn"
	Error   Tone = "error"
)

// tones of the states that both products have words for; any other is neutral.
var tones = map[string]Tone{
	"active": Success, "success": Success, "honoured": Success, "sent": Success, "delivered": Success, "ok": Success, "completed": Success, "complete": Success, "running": Success,
	"pending": Info, "open": Info, "being set up": Info, "waiting": Info, "sealed": Info, "new": Info, "free trial": Info, "retrying": Info,
	"winding down": Warn, "setting up": Warn, "cancellation in progress": Warn, "carried": Warn, "frozen": Warn, "expiring": Warn, "parked": Warn,
	"raised": Warn, "resolved": Success, "failed": Error, "refused": Error, "unbillable": Error, "error": Error, "lost": Error, "dead": Error, "terminated": Error,
	"applied": Success, "held": Info, "received": Info, "unreadable": Error, "no meaning": Warn, "unknown product": Warn, "unknown kind": Warn, "unmatched": Warn,
	"proposed": Warn, "approved": Info, "agreed": Info, "withdrawing": Info, "validating": Info, "accepted": Success, "denied": Neutral, "withdrawn": Neutral, "sending": Info, "works": Success, "not done": Error, "claimed": Success, "revoked": Neutral,
	"ended": Neutral, "cancelled": Neutral, "expired": Neutral, "replaced": Neutral, "renewed": Neutral, "archived": Neutral,
}

// ToneOf is the tone of a state's name, in any spelling.
func ToneOf(state string) Tone {
	if t, ok := tones[strings.ToLower(Words(state))]; ok {
		return t
	}
	return Neutral
}

func badge(state any) template.HTML {
	name := fmt.Sprint(state)
	return badgeAs(ToneOf(name), Words(name))
}

func badgeAs(tone Tone, label string) template.HTML {
	return template.HTML(fmt.Sprintf(`<span class="badge badge-%s">%s</span>`,
		template.HTMLEscapeString(string(tone)), template.HTMLEscapeString(label)))
}
