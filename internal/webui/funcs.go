package webui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"html/template"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// pageFuncs are what pages may call, beside theme, mark, logo and asset.
var pageFuncs = template.FuncMap{
	"at":       At,       // 1 Nov 2026, 10:15 UTC
	"day":      Day,      // 1 Nov 2026
	"micros":   micros,   // like at, of UTC microseconds
	"relative": Relative, // {{relative .Now .When}}: in 5 minutes
	"money":    Money,    // {{money "USD" .Amount}}: $1,234.50
	"quantity": Quantity, // 1,234,567
	"badge":    badge,    // {{badge "winding_down"}}
	"badgeAs":  badgeAs,  // {{badgeAs "warn" "Cancellation in progress"}}
	"words":    Words,    // winding_down → Winding down
	"plural":   plural,   // {{plural .N "subscription" "subscriptions"}}
	"initials": initials, // for a tile: Inkwell Press → IP
	"tint":     tint,     // one of the tiles' eight colours, always the same for the same name
	"pretty":   pretty,   // JSON, indented
	"link":     NewLink,  // {{template "ui-link" link "/bill" "Bill" .Path}}
}

// At writes t to the minute, in UTC, as a <time> element; a dash when t is zero.
func At(t time.Time) template.HTML { return timeElement(t, "2 Jan 2006, 15:04 UTC") }

func micros(us int64) template.HTML { return At(time.UnixMicro(us)) }

// Day writes the day of t in UTC, as a <time> element; a dash when t is zero.
func Day(t time.Time) template.HTML { return timeElement(t, "2 Jan 2006") }

func timeElement(t time.Time, layout string) template.HTML {
	if t.IsZero() {
		return `<span class="nothing">–</span>`
	}
	t = t.UTC()
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, // digits and month names: nothing to escape
		t.Format(time.RFC3339), t.Format("Monday, 2 January 2006, 15:04:05 UTC"), t.Format(layout)))
}

// Relative writes how far t is from now, as a <time> element: "5 minutes ago", "in 3 hours", "now". Both are business
// time: on a page of a sandbox whose clock stands still, nothing ages.
func Relative(now, t time.Time) template.HTML {
	if t.IsZero() {
		return timeElement(t, "")
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`,
		t.UTC().Format(time.RFC3339), t.UTC().Format("2 January 2006, 15:04:05 UTC"), distance(t.Sub(now))))
}

// distance is d in words, in its largest unit, rounded down.
func distance(d time.Duration) string {
	ahead := d >= 0
	d = d.Abs()
	if d < time.Second {
		return "now"
	}
	units := []struct {
		size time.Duration
		name string
	}{{365 * 24 * time.Hour, "year"}, {30 * 24 * time.Hour, "month"}, {24 * time.Hour, "day"},
		{time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}}
	for _, u := range units {
		n := int(d / u.size)
		if n == 0 {
			continue
		}
		text := fmt.Sprintf("%d %s", n, plural(n, u.name, u.name+"s"))
		if ahead {
			return "in " + text
		}
		return text + " ago"
	}
	return "now"
}

var currencySigns = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}

// Money writes a decimal amount with its currency's sign, thousands apart, and two decimals or as many as it has: AWS
// prices go down to fractions of a cent. What is no decimal number is written as it is.
func Money(currency, amount string) string {
	sign, known := currencySigns[currency]
	if !known {
		sign = currency + " "
	}
	minus := ""
	rest, negative := strings.CutPrefix(amount, "-")
	if negative {
		minus = "−"
	}
	whole, fraction, _ := strings.Cut(rest, ".")
	if whole == "" || !digits(whole) || !digits(fraction) {
		return amount + " " + currency
	}
	fraction = strings.TrimRight(fraction, "0")
	for len(fraction) < 2 {
		fraction += "0"
	}
	return minus + sign + thousands(whole) + "." + fraction
}

// Quantity writes a whole number, or a decimal one in a string, with its thousands apart.
func Quantity(n any) string {
	s := fmt.Sprint(n)
	rest, negative := strings.CutPrefix(s, "-")
	whole, fraction, decimal := strings.Cut(rest, ".")
	if whole == "" || !digits(whole) || !digits(fraction) {
		return s
	}
	out := thousands(whole)
	if decimal {
		out += "." + fraction
	}
	if negative {
		out = "−" + out
	}
	return out
}

func digits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

func thousands(whole string) string {
	var b strings.Builder
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Words makes a sentence's beginning of a name in a program's spelling: winding_down, WINDING_DOWN → Winding down.
func Words(name any) string {
	s := strings.ToLower(strings.NewReplacer("_", " ", "-", " ").Replace(fmt.Sprint(name)))
	if s == "" {
		return ""
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// initials are the first letters of the first two words, for a tile that stands in for a picture.
func initials(name string) string {
	var out []rune
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if r, _ := utf8.DecodeRuneInString(w); len(out) < 2 {
			out = append(out, unicode.ToUpper(r))
		}
	}
	return string(out)
}

func tint(name string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return int(h.Sum32() % 8)
}

// pretty is a JSON document with indentation, or v as it stands when it is none.
func pretty(v any) string {
	var raw []byte
	switch v := v.(type) {
	case string:
		raw = []byte(v)
	case []byte:
		raw = v
	case json.RawMessage:
		raw = v
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		raw = b
	}
	var out bytes.Buffer
	if json.Indent(&out, raw, "", "  ") != nil {
		return string(raw)
	}
	return out.String()
}
