package world

import (
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"souk.dev/souk/internal/fail"
)

// untagged refuses YAML's tags, such as !!int: nothing in a world file needs one, and the library that reads YAML panics
// over a tag that nothing follows. A text that is no YAML is left to the decoder, which says why.
func untagged(text []byte) error {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil
	}
	var t tags
	for _, doc := range file.Docs {
		if doc.Body != nil {
			ast.Walk(&t, doc.Body)
		}
	}
	if t.first == nil {
		return nil
	}
	at := t.first.GetToken()
	return fail.New(fail.Invalid, "world_file", "line %d: the tag %s: a world file has no tags; leave it out.", at.Position.Line, at.Value)
}

// tags remembers the first tag that it comes by.
type tags struct{ first *ast.TagNode }

// Visit implements ast.Visitor. It does not look behind a tag, where there may be nothing.
func (t *tags) Visit(n ast.Node) ast.Visitor {
	if t.first != nil {
		return nil
	}
	if tag, ok := n.(*ast.TagNode); ok {
		t.first = tag
		return nil
	}
	return t
}
