package store

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
)

// A step of the schema is one text for both engines, NNNN_name.sql; what must differ stands in NNNN_name.sqlite.sql and
// NNNN_name.postgres.sql, one of which may be missing.
//
//go:embed migrations/*.sql
var migrations embed.FS

// A step that programs of the versions before it go on working with says so, in a line of its own:
//
//	-- souk:works-from 210
//
// Whoever knows the schema up to step 210 works on the schema that this one makes. Such a step only adds (docs/nodes.md says
// what), and a later one takes away what nobody uses any more. A step that says nothing works with itself and what comes later.
var worksFrom = regexp.MustCompile(`(?m)^-- souk:works-from (\d+)$`)

// folders are where the schema's steps are.
var folders = []folder{{migrations, "migrations"}}

type folder struct {
	fs.FS
	name string
}

// step is a text of one step.
type step struct {
	version int64
	file    string
	text    []byte
	from    int64 // the oldest schema whose programs work on the one that the step makes
}

// stepsIn reads the texts in folders, in order.
func stepsIn(folders []folder) (all []step, err error) {
	for _, in := range folders {
		files, err := fs.ReadDir(in, in.name)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			text, err := fs.ReadFile(in, path.Join(in.name, f.Name()))
			if err != nil {
				return nil, err
			}
			s, err := readStep(f.Name(), text)
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b step) int { return int(a.version - b.version) })
	return all, nil
}

func readStep(file string, text []byte) (s step, err error) {
	s = step{file: file, text: text}
	if _, err := fmt.Sscanf(file, "%d_", &s.version); err != nil {
		return s, fmt.Errorf("the step %s has no number: %w", file, err)
	}
	s.from = s.version
	if said := worksFrom.FindSubmatch(text); said != nil {
		if s.from, err = strconv.ParseInt(string(said[1]), 10, 64); err != nil || s.from > s.version {
			return s, fmt.Errorf("the step %s says that it works from %s on, which cannot be", file, said[1])
		}
	}
	return s, nil
}
