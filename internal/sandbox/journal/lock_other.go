//go:build !unix

package journal

import "os"

// lock does nothing: where there is no flock, keeping a second sandbox away from the folder is the user's part.
func lock(*os.File) error { return nil }
