package archtest

import (
	"fmt"
	"strings"
)

// reasons checks that docs/dependencies.md says of every module that go.mod requires directly what it is for. A row may
// speak of several: "github.com/aws/aws-sdk-go-v2/...".
func reasons(r *Repo) (found []string) {
	const page = "docs/dependencies.md"
	var mod, text string
	for _, f := range r.Files {
		switch f.Path {
		case "go.mod":
			mod = f.Text
		case page:
			text = f.Text
		}
	}
	for line := range strings.Lines(mod) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) != 2 || !strings.HasPrefix(fields[1], "v") { // an indirect one has a comment
			continue
		}
		if !explained(text, fields[0]) {
			found = append(found, fmt.Sprintf("%s: it does not say what %s is for", page, fields[0]))
		}
	}
	return found
}

// explained reports whether text names module, or a tree that it is in.
func explained(text, module string) bool {
	if strings.Contains(text, "`"+module+"`") {
		return true
	}
	for tree := module; strings.Contains(tree, "/"); tree = tree[:strings.LastIndex(tree, "/")] {
		if strings.Contains(text, "`"+tree+"/...`") {
			return true
		}
	}
	return false
}
