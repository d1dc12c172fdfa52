package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// configFile is a configuration file, read and checked: every key is a setting, once.
type configFile struct {
	path    string
	entries map[string]entry
}

// entry is one setting in a file. A list or mapping is given as JSON, which is what the flag of the same name takes.
type entry struct {
	value string
	line  int
}

// readConfigFile reads path. Errors name the file and the line.
func readConfigFile(path string) (configFile, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return configFile{}, fmt.Errorf("read the configuration file: %w", err)
	}
	return parseConfig(path, data)
}

func parseConfig(path string, data []byte) (configFile, error) {
	c := configFile{path: path, entries: map[string]entry{}}
	doc, err := parser.ParseBytes(data, 0)
	if err != nil {
		return c, fmt.Errorf("%s is not YAML: %s", path, yaml.FormatError(err, false, true))
	}
	if len(doc.Docs) > 1 && doc.Docs[1].Body != nil {
		return c, fmt.Errorf("%s:%d: a second document begins; a configuration file has one", path, doc.Docs[1].Body.GetToken().Position.Line)
	}
	if len(doc.Docs) == 0 || doc.Docs[0].Body == nil || doc.Docs[0].Body.Type() == ast.CommentType {
		return c, nil // empty: everything keeps its default
	}
	top, ok := doc.Docs[0].Body.(*ast.MappingNode)
	if !ok {
		return c, fmt.Errorf("%s:%d: a configuration file is a mapping of settings, such as `database: sqlite:books.db`", path, doc.Docs[0].Body.GetToken().Position.Line)
	}
	for _, v := range top.Values {
		if err := c.add(v); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c configFile) add(v *ast.MappingValueNode) error {
	line := v.Key.GetToken().Position.Line
	name := v.Key.GetToken().Value
	s, known := settingNamed(name)
	kept := false
	if base, isFile := strings.CutSuffix(name, "-file"); !known && isFile {
		if s, known = settingNamed(base); known && !s.secret {
			known = false
		}
		kept = known
	}
	if !known {
		return fmt.Errorf("%s:%d: there is no setting %q%s", c.path, line, name, suggestion(name))
	}
	if before, twice := c.entries[s.name]; twice {
		return fmt.Errorf("%s:%d: %s is set a second time, after line %d", c.path, line, s.name, before.line)
	}
	value, err := plain(v.Value)
	if err != nil {
		return fmt.Errorf("%s:%d: %s: %w", c.path, line, name, err)
	}
	if kept {
		if !filepath.IsAbs(value) { // beside the configuration file, wherever souk was started
			value = filepath.Join(filepath.Dir(c.path), value)
		}
		if value, err = readSecret(value); err != nil {
			return fmt.Errorf("%s:%d: %s: %w", c.path, line, name, err)
		}
	}
	c.entries[s.name] = entry{value, line}
	return nil
}

// plain is a node as the text that a flag takes.
func plain(n ast.Node) (string, error) {
	var v any
	if err := yaml.NodeToValue(n, &v); err != nil {
		return "", err
	}
	switch v := v.(type) {
	case nil:
		return "", fmt.Errorf("it has no value")
	case string:
		return v, nil
	case []any, map[string]any:
		out, err := json.Marshal(v)
		return string(out), err
	default: // a number, a boolean, a time: as written
		return n.GetToken().Value, nil
	}
}

// suggestion names the setting that was probably meant.
func suggestion(name string) string {
	best, least := "", 3
	for _, s := range settings {
		if d := distance(name, s.name); d < least {
			best, least = s.name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance counts the letters to insert, delete or replace to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
