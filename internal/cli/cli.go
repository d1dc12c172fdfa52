// Package cli is the command line: a file per command, and the wiring of both products.
//
// It owns: flags, environment, configuration file, exit codes (0 done, 1 what it checked failed, 2 wrong usage) and
// what is printed. It does not own anything that a command does.
package cli

import "io"

// Main runs souk with args and returns its exit code.
func Main(args []string, stdout, stderr io.Writer) int { return 2 }
