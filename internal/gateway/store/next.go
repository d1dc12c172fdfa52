//go:build souk_next

package store

import "embed"

// A program with this tag is one of a version that is yet to come, whose schema has a step more: test/crash replaces running
// nodes by it.
//
//go:embed testdata/next/*.sql
var nextMigrations embed.FS

func init() { folders = append(folders, folder{nextMigrations, "testdata/next"}) }
