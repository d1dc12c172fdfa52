package archtest

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
)

// maxLines is how long a file of the program may be. Longer ones hold two ideas.
const maxLines = 400

// osTime are the functions of package time that ask the operating system, or wait on it.
var osTime = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"}

// foreign are the packages for other people's programs, which cannot see internal/clock and live on the system's time.
var foreign = []string{"client/...", "examples/..."}

// clocks checks that nothing but internal/clock asks the operating system for the time (law 8).
func clocks(r *Repo) (found []string) {
	for _, f := range r.Files {
		if f.Go == nil || f.Test || f.Package() == "internal/clock" || matches(foreign, f.Package()) {
			continue
		}
		name := ""
		for _, imp := range f.Imports {
			if imp.Path == "time" {
				name = imp.Name
			}
		}
		if name == "" {
			continue
		}
		ast.Inspect(f.Go, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == name && slices.Contains(osTime, sel.Sel.Name) {
				found = append(found, fmt.Sprintf("%s:%d: time.%s: only internal/clock asks the operating system; take a clock.Clock, or its helpers", f.Path, r.line(n.Pos()), sel.Sel.Name))
			}
			return true
		})
	}
	return found
}

// testName is a test that a page names: `TestPurchase`.
var testName = regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*)`")

// named checks that the tests which documentation names are there: it offers them as proof.
func named(r *Repo) (found []string) {
	have := map[string]bool{}
	for _, f := range r.Files {
		if f.Go == nil || !f.Test {
			continue
		}
		for _, d := range f.Go.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				have[fn.Name.Name] = true
			}
		}
	}
	for _, f := range r.Files {
		if !strings.HasPrefix(f.Path, "docs/") || path.Ext(f.Path) != ".md" {
			continue
		}
		for n, line := range strings.Split(f.Text, "\n") {
			for _, m := range testName.FindAllStringSubmatch(line, -1) {
				if !have[m[1]] {
					found = append(found, fmt.Sprintf("%s:%d: there is no %s", f.Path, n+1, m[1]))
				}
			}
		}
	}
	return found
}

// docs checks that every package says once what it is for.
func docs(r *Repo) (found []string) {
	have := map[string][]string{} // package → files with its comment
	seen := map[string]string{}   // package → its name
	for _, f := range r.Files {
		if f.Go == nil {
			continue
		}
		dir := f.Package()
		name := strings.TrimSuffix(f.Go.Name.Name, "_test")
		seen[dir] = name
		if f.Go.Doc == nil {
			continue
		}
		have[dir] = append(have[dir], f.Path)
		want := "Package " + name + " "
		if name == "main" {
			want = "Command " + path.Base(dir) + " "
		}
		if !strings.HasPrefix(f.Go.Doc.Text(), want) {
			found = append(found, fmt.Sprintf("%s: its package comment does not start with %q", f.Path, want))
		}
	}
	for dir, name := range seen {
		switch files := have[dir]; len(files) {
		case 0:
			found = append(found, fmt.Sprintf("%s: package %s has no comment that says what it is for", dir, name))
		case 1:
		default:
			found = append(found, fmt.Sprintf("%s: package %s has %d comments, in %s", dir, name, len(files), strings.Join(files, " and ")))
		}
	}
	slices.Sort(found)
	return found
}

// skips checks that a test that is skipped says why.
func skips(r *Repo) (found []string) {
	for _, f := range r.Files {
		if f.Go == nil || !f.Test {
			continue
		}
		ast.Inspect(f.Go, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if sel.Sel.Name == "SkipNow" || (sel.Sel.Name == "Skip" || sel.Sel.Name == "Skipf") && len(call.Args) == 0 {
				found = append(found, fmt.Sprintf("%s:%d: %s: say why, or do not skip", f.Path, r.line(n.Pos()), sel.Sel.Name))
			}
			return true
		})
	}
	return found
}

// sizes checks that the program's files stay short.
func sizes(r *Repo) (found []string) {
	for _, f := range r.Files {
		if f.Go == nil || f.Test {
			continue
		}
		if n := strings.Count(f.Text, "\n"); n > maxLines {
			found = append(found, fmt.Sprintf("%s: %d lines; split it below %d", f.Path, n, maxLines))
		}
	}
	return found
}

// forbidden are words that must not stand in the repository. They are put together from pieces, so that this file
// may be checked too.
var forbidden = []struct {
	pattern *regexp.Regexp
	why     string
}{
	{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`), "finish it, or open an issue"},
	{regexp.MustCompile(`/(wo` + `rk|fa` + `rm|ro` + `ot|home/[a-z]+)/`), "a path of somebody's machine"},
	{regexp.MustCompile(`panic\("(not imp` + `lemented|unimp` + `lemented)`), "finish it"},
}

// words checks that no unfinished business and no machine's path is left behind.
func words(r *Repo) (found []string) {
	for _, f := range r.Files {
		for i, line := range strings.Split(f.Text, "\n") {
			for _, w := range forbidden {
				if hit := w.pattern.FindString(line); hit != "" {
					found = append(found, fmt.Sprintf("%s:%d: %q: %s", f.Path, i+1, hit, w.why))
				}
			}
		}
	}
	return found
}

// places checks that docs/architecture.md names every package, so that a newcomer finds it from there, and that it
// names no package that is gone.
func places(r *Repo) (found []string) {
	const page = "docs/architecture.md"
	var text string
	dirs := map[string]bool{}
	for _, f := range r.Files {
		if f.Path == page {
			text = f.Text
		}
		if f.Go != nil {
			for d := f.Package(); d != "."; d = path.Dir(d) {
				dirs[d] = true
			}
		}
	}
	named, err := tree(text)
	if err != nil {
		return []string{page + ": " + err.Error()}
	}
	for d := range dirs {
		// Packages below a listed one with no line of their own are its business, but for the two products' parts.
		if !named[d] && (path.Dir(d) == "internal" || path.Dir(d) == "internal/gateway" || path.Dir(d) == "internal/sandbox" || path.Dir(d) == ".") && d != "cmd" && d != "internal" && d != "examples" {
			found = append(found, fmt.Sprintf("%s: \"Where things live\" does not name %s", page, d))
		}
	}
	for d := range named {
		if !dirs[d] && !slices.ContainsFunc(r.Files, func(f *File) bool { return strings.HasPrefix(f.Path, d+"/") }) {
			found = append(found, fmt.Sprintf("%s: \"Where things live\" names %s, which is not there", page, d))
		}
	}
	slices.Sort(found)
	return found
}

// tree reads the block under "Where things live": a path at the start of a line, and below one that ends in a slash
// the names of its parts, indented by two.
func tree(page string) (map[string]bool, error) {
	_, rest, ok := strings.Cut(page, "## Where things live\n")
	if !ok {
		return nil, fmt.Errorf("it has no \"Where things live\"")
	}
	_, rest, ok1 := strings.Cut(rest, "```\n")
	block, _, ok2 := strings.Cut(rest, "```")
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("\"Where things live\" has no block")
	}
	named := map[string]bool{}
	parent := ""
	for line := range strings.Lines(block) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case strings.HasPrefix(line, "  "):
			named[path.Join(parent, fields[0])] = true
		default:
			parent = path.Clean(fields[0])
			named[parent] = true
		}
	}
	return named, nil
}
