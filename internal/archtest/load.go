package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// module is the import path that go.mod declares.
const module = "souk.dev/souk"

// File is one file of the repository.
type File struct {
	Path string // from the repository's root, with slashes
	Text string

	// Of Go files only.
	Go      *ast.File
	Imports []Import
	Test    bool // it is not part of the program: _test.go, a package that helps tests (webuitest), all below test/
}

// Import is one import of a Go file.
type Import struct {
	Path string
	Name string // the name it goes by in the file; "_" when imported for its effects alone
	Line int
}

// Package is the folder that f lies in, from the root: "internal/gateway/metering"; "." for the root itself.
func (f *File) Package() string { return path.Dir(f.Path) }

// Repo is what the rules look at.
type Repo struct {
	Files []*File
	fset  *token.FileSet
}

// line is the line of pos in its file.
func (r *Repo) line(pos token.Pos) int { return r.fset.Position(pos).Line }

// textual are the kinds of file that people write; others (pictures, databases) are left alone.
var textual = []string{".go", ".md", ".sql", ".html", ".css", ".js", ".cjs", ".mjs", ".py", ".sh", ".yaml", ".yml", ".json", ".mod", ".txt", ""}

// Load reads the repository at root. Folders whose name starts with a dot are skipped except .ci, and so are bin,
// testdata and node_modules: what they hold is made, or is not ours.
func Load(root fs.FS) (*Repo, error) {
	r := &Repo{fset: token.NewFileSet()}
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			hidden := strings.HasPrefix(name, ".") && p != "." && name != ".ci"
			if hidden || p == "bin" || name == "testdata" || name == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		if !slices.Contains(textual, path.Ext(name)) || strings.HasPrefix(name, ".") || !d.Type().IsRegular() {
			return nil
		}
		return r.add(root, p)
	})
	if err != nil {
		return nil, fmt.Errorf("read the repository: %w", err)
	}
	return r, nil
}

func (r *Repo) add(root fs.FS, p string) error {
	text, err := fs.ReadFile(root, p)
	if err != nil {
		return err
	}
	f := &File{Path: p, Text: string(text)}
	r.Files = append(r.Files, f)
	if path.Ext(p) != ".go" {
		return nil
	}
	// sandboxtest helps other people's tests: to us it is a part of the product like any other.
	helper := strings.HasSuffix(path.Dir(p), "test") && path.Dir(p) != "sandboxtest"
	f.Test = strings.HasSuffix(p, "_test.go") || helper || strings.HasPrefix(p, "test/")
	if f.Go, err = parser.ParseFile(r.fset, p, text, parser.ParseComments|parser.SkipObjectResolution); err != nil {
		return fmt.Errorf("parse %s: %w", p, err)
	}
	for _, spec := range f.Go.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("%s: import %s: %w", p, spec.Path.Value, err)
		}
		imp := Import{Path: to, Name: path.Base(to), Line: r.line(spec.Pos())}
		if spec.Name != nil {
			imp.Name = spec.Name.Name
		}
		f.Imports = append(f.Imports, imp)
	}
	return nil
}
