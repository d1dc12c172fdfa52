package bus

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"souk.dev/souk/internal/sandbox/pattern"
)

// step is one step of a path: into an object's member, or into a list's element.
type step struct {
	name  string
	index int // with name empty
}

// pathOf reads a path such as $.detail.agreement.id or $.resources[0].
func pathOf(s string) ([]step, error) {
	rest, ok := strings.CutPrefix(s, "$")
	if !ok {
		return nil, errors.New("a path begins with $")
	}
	var steps []step
	for rest != "" {
		switch rest[0] {
		case '.':
			end := strings.IndexAny(rest[1:], ".[") + 1
			if end == 0 {
				end = len(rest)
			}
			if end == 1 {
				return nil, errors.New("a path names a member after each dot")
			}
			steps = append(steps, step{name: rest[1:end]})
			rest = rest[end:]
		case '[':
			inside, after, ok := strings.Cut(rest[1:], "]")
			n, err := strconv.Atoi(inside)
			if !ok || err != nil || n < 0 {
				return nil, errors.New("a path has numbers in its brackets")
			}
			steps, rest = append(steps, step{index: n}), after
		default:
			return nil, errors.New("a path has a dot or a bracket after each step")
		}
	}
	return steps, nil
}

// follow goes along steps; ok is false where they lead nowhere.
func follow(v any, steps []step) (_ any, ok bool) {
	for _, s := range steps {
		if s.name != "" {
			m, _ := v.(map[string]any)
			if v, ok = m[s.name]; !ok {
				return nil, false
			}
			continue
		}
		list, _ := v.([]any)
		if s.index >= len(list) {
			return nil, false
		}
		v = list[s.index]
	}
	return v, true
}

// input is what t gets of e: the event, or what its Input, InputPath or InputTransformer make of it.
func (t Target) input(r *rule, e Event) (string, error) {
	switch {
	case t.Input != "":
		return t.Input, nil
	case t.InputPath == "" && t.Transformer == nil:
		return e.Text, nil
	}
	doc, err := pattern.Decode(e.Text)
	if err != nil {
		return "", refuse(Validation, "The event is not JSON.")
	}
	if t.InputPath != "" {
		steps, err := pathOf(t.InputPath)
		if err != nil {
			return "", refuse(Validation, "%v.", err)
		}
		part, ok := follow(doc, steps)
		if !ok {
			return "", refuse(Validation, "The event has no %s.", t.InputPath)
		}
		return written(part), nil
	}
	vars := map[string]any{"aws.events.rule-arn": r.arn(), "aws.events.rule-name": r.name, "aws.events.event.ingestion-time": e.At.UTC().Format("2006-01-02T15:04:05Z"),
		"aws.events.event.json": doc, "aws.events.event": withoutDetail(doc)}
	for name, p := range t.Transformer.Paths {
		steps, err := pathOf(p)
		if err != nil {
			return "", refuse(Validation, "%v.", err)
		}
		if v, ok := follow(doc, steps); ok {
			vars[name] = v
		}
	}
	return fill(t.Transformer.Template, vars), nil
}

func withoutDetail(doc any) any {
	all, _ := doc.(map[string]any)
	out := map[string]any{}
	for k, v := range all {
		if k != "detail" {
			out[k] = v
		}
	}
	return out
}

// fill puts variables into a template: within a JSON string as text, elsewhere as JSON. One that has no value leaves
// nothing within a string, and null elsewhere.
func fill(template string, vars map[string]any) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(template); i++ {
		c := template[i]
		switch {
		case quoted && c == '\\' && i+1 < len(template):
			b.WriteString(template[i : i+2])
			i++
			continue
		case c == '"':
			quoted = !quoted
		case c == '<':
			if end := strings.IndexByte(template[i:], '>'); end > 1 && variable(template[i+1:i+end]) {
				v, ok := vars[template[i+1:i+end]]
				b.WriteString(value(v, ok, quoted))
				i += end
				continue
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

// variable reports whether name can be a variable's: letters, digits, and what the built-in ones have.
func variable(name string) bool {
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == ""
}

func value(v any, there, quoted bool) string {
	if !quoted {
		return written(v)
	}
	if !there {
		return ""
	}
	text, ok := v.(string)
	if !ok {
		text = written(v)
	}
	text = written(text)
	return text[1 : len(text)-1] // without its quotes
}

// written is v as JSON, without the escapes that are meant for HTML.
func written(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // it was decoded from JSON
	return strings.TrimSuffix(b.String(), "\n")
}
