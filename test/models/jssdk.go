package models

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"souk.dev/souk/test/harness"
)

// throws is how the JavaScript SDK documents an error of an operation.
var throws = regexp.MustCompile(`@throws \{@link (\w+)\} \((?:client|server) fault\)`)

// jsErrors adds to m the errors that the JavaScript SDK's client declares for each operation, which the Go SDK's schemas
// leave out. Where it is not installed, nothing is added.
func (m *Model) jsErrors(client string) error {
	dir := filepath.Join(harness.Root(), ".tools", "js", "node_modules", "@aws-sdk", client)
	files, err := filepath.Glob(filepath.Join(dir, "dist-types", "commands", "*Command.d.ts"))
	if err != nil || len(files) == 0 {
		return err
	}
	m.Sources = append(m.Sources, "JavaScript SDK "+client)
	for _, file := range files {
		op := m.Operations[strings.TrimSuffix(filepath.Base(file), "Command.d.ts")]
		if op == nil {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, found := range throws.FindAllSubmatch(text, -1) {
			if name := string(found[1]); !slices.Contains(op.Errors, name) && m.Shapes[name] != nil {
				op.Errors = append(op.Errors, name)
			}
		}
	}
	return nil
}
