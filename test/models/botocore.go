package models

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// library is one installed botocore.
type library struct{ version, data string }

// newest finds the newest botocore of Debian's and the one that python3 finds by itself.
func newest() (found library) {
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		out, err := exec.Command(python, "-c", "import botocore, os; print(botocore.__version__); print(os.path.join(os.path.dirname(botocore.__file__), 'data'))").Output()
		version, data, ok := strings.Cut(strings.TrimSpace(string(out)), "\n")
		if l := (library{version, data}); err == nil && ok && (found.data == "" || l.current()) {
			found = l
		}
	}
	return found
}

// current reports whether a library is new enough to be compared with: it knows the newest service of the flow. One of
// 2022 has limits that AWS has changed since.
func (l library) current() bool {
	_, err := os.Stat(filepath.Join(l.data, "marketplace-discovery"))
	return l.data != "" && err == nil
}

// model reads the newest model of a service that the library has.
func (l library) model(service string) (*Model, error) {
	versions, err := os.ReadDir(filepath.Join(l.data, service))
	if err != nil {
		return nil, err
	}
	file := filepath.Join(l.data, service, versions[len(versions)-1].Name(), "service-2.json")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = unzipped(file + ".gz")
	}
	if err != nil {
		return nil, fmt.Errorf("model of %s: %w", service, err)
	}
	m, err := parseBotocore(text)
	if err != nil {
		return nil, fmt.Errorf("model of %s: %w", service, err)
	}
	m.Sources = []string{"botocore " + l.version}
	return m, nil
}

func unzipped(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// reference is how a model names a shape.
type reference struct{ Shape string }

// parseBotocore reads a service-2.json.
func parseBotocore(text []byte) (*Model, error) {
	var file struct {
		Operations map[string]struct {
			HTTP   struct{ RequestURI string } `json:"http"`
			Input  reference
			Output reference
			Errors []reference
		}
		Shapes map[string]struct {
			Type     string
			Members  map[string]reference
			Required []string
			Member   reference
			Value    reference
			Min, Max *float64
			Pattern  string
			Enum     []string
			Error    struct {
				Code           string
				HTTPStatusCode int `json:"httpStatusCode"`
			}
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	m := &Model{Operations: map[string]*Operation{}, Shapes: map[string]*Shape{}}
	for name, s := range file.Shapes {
		shape := &Shape{Type: s.Type, Required: s.Required, Min: s.Min, Max: s.Max, Pattern: s.Pattern, Enum: s.Enum,
			Element: s.Member.Shape + s.Value.Shape, Code: s.Error.Code, Status: s.Error.HTTPStatusCode}
		if s.Type == "structure" {
			shape.Members = map[string]string{}
			for member, r := range s.Members {
				shape.Members[member] = r.Shape
			}
		}
		m.Shapes[name] = shape
	}
	for name, o := range file.Operations {
		op := &Operation{Name: name, Path: o.HTTP.RequestURI, Input: o.Input.Shape, Output: o.Output.Shape}
		for _, e := range o.Errors {
			op.Errors = append(op.Errors, e.Shape)
		}
		m.Operations[name] = op
	}
	return m, nil
}
