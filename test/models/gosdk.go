package models

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"souk.dev/souk/test/harness"
)

// goModel reads the schemas of a module of the Go SDK, at the version that go.mod names. They have shapes and members,
// and neither limits nor which errors belong to which operation.
func goModel(module string) (*Model, error) {
	list := exec.Command("go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", module)
	list.Dir = harness.Root()
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", module, err)
	}
	version, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if dir == "" {
		return nil, fmt.Errorf("%s is not in the module cache", module)
	}
	g := &goReader{shapes: map[string]*Shape{}, names: map[string]string{}, m: &Model{
		Sources: []string{"Go SDK " + filepath.Base(module) + " " + version}, Operations: map[string]*Operation{}, Shapes: map[string]*Shape{}}}
	if err := g.each(filepath.Join(dir, "schemas", "*.go"), g.declared); err != nil {
		return nil, err
	}
	if err := g.each(filepath.Join(dir, "schemas", "*.go"), g.member); err != nil {
		return nil, err
	}
	if err := g.each(filepath.Join(dir, "api_op_*.go"), g.operation); err != nil {
		return nil, err
	}
	if len(g.m.Operations) == 0 {
		return nil, fmt.Errorf("%s %s has no schemas that this test can read", module, version)
	}
	for name, shape := range g.shapes {
		g.m.Shapes[g.names[name]] = shape
	}
	return g.m, nil
}

// goReader collects what the schemas' source says. Shapes go by their variables there.
type goReader struct {
	m      *Model
	shapes map[string]*Shape
	names  map[string]string // of a variable: the shape's name
}

// each gives every call in the files that match to visit, with the variable it is assigned to.
func (g *goReader) each(pattern string, visit func(variable string, call *ast.CallExpr)) error {
	files, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if len(n.Names) == 1 && len(n.Values) == 1 {
					if call, ok := n.Values[0].(*ast.CallExpr); ok {
						visit(n.Names[0].Name, call)
					}
				}
			case *ast.CallExpr:
				visit("", n)
			}
			return true
		})
	}
	return nil
}

// declared reads: var V = smithy.NewSchema(smithy.ShapeID{Namespace: …, Name: "N"}, smithy.ShapeTypeT, …).
func (g *goReader) declared(variable string, call *ast.CallExpr) {
	if variable == "" || calls(call) != "NewSchema" || len(call.Args) < 2 {
		return
	}
	kind := map[string]string{"Structure": "structure", "Union": "structure", "List": "list", "Map": "map", "String": "string", "Enum": "string",
		"Integer": "integer", "Long": "long", "Float": "double", "Double": "double", "Boolean": "boolean", "Timestamp": "timestamp", "Blob": "blob",
	}[strings.TrimPrefix(word(call.Args[1]), "ShapeType")]
	id, ok := call.Args[0].(*ast.CompositeLit)
	if kind == "" || !ok {
		return
	}
	for _, e := range id.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok && word(kv.Key) == "Name" {
			g.names[variable] = text(kv.Value)
			g.shapes[variable] = &Shape{Type: kind}
			if kind == "structure" {
				g.shapes[variable].Members = map[string]string{}
			}
		}
	}
}

// member reads: S.AddMember("name", T, …).
func (g *goReader) member(_ string, call *ast.CallExpr) {
	if calls(call) != "AddMember" || len(call.Args) < 2 {
		return
	}
	shape := g.shapes[word(call.Fun.(*ast.SelectorExpr).X)]
	if shape == nil {
		return
	}
	target := g.names[word(call.Args[1])]
	if target == "" { // one of Smithy's own, such as String
		target = word(call.Args[1])
		if g.shapes[target] == nil {
			g.shapes[target], g.names[target] = &Shape{Type: strings.ToLower(target)}, target
		}
	}
	switch name := text(call.Args[0]); {
	case shape.Type == "structure":
		shape.Members[name] = target
	case shape.Type == "list" || name == "value":
		shape.Element = target
	}
}

// operation reads: smithy.NewOperationSchema(schemas.Op, schemas.In, schemas.Out).
func (g *goReader) operation(_ string, call *ast.CallExpr) {
	if calls(call) != "NewOperationSchema" || len(call.Args) != 3 {
		return
	}
	name := word(call.Args[0])
	g.m.Operations[name] = &Operation{Name: name, Input: g.names[word(call.Args[1])], Output: g.names[word(call.Args[2])]}
}

// calls is the name of the method or function that is called.
func calls(c *ast.CallExpr) string {
	if s, ok := c.Fun.(*ast.SelectorExpr); ok {
		return s.Sel.Name
	}
	return ""
}

// word is the last identifier of an expression: C of a.b.C.
func word(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func text(e ast.Expr) string {
	if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
		s, _ := strconv.Unquote(l.Value) // the compiler has read it already
		return s
	}
	return ""
}
