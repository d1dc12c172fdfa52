package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// built is the program's folder and path, made when the first test asks.
var built = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("SOUK_BINARY"); given != "" {
		return given, nil
	}
	dir, err := os.MkdirTemp("", "souk-test-")
	if err != nil {
		return "", err
	}
	builtIn = dir
	path := filepath.Join(dir, "souk")
	build := exec.Command("go", "build", "-o", path, "./cmd/souk")
	build.Dir = Root()
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build souk: %w\n%s", err, out)
	}
	return path, nil
})

var builtIn string

// Main runs a package's tests and removes what was built for them. Every package of outer tests calls it from its
// TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if builtIn != "" {
		_ = os.RemoveAll(builtIn)
	}
	os.Exit(code)
}

// Binary is the path of the souk program under test: SOUK_BINARY's value, or one built from this tree.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Root is the repository's folder.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Tool is the path of an outside program: the first of paths (absolute, or below .tools, or a name to look for) that
// is there. When none is, the test is skipped; under ./check, which has installed them all, it fails.
func Tool(t testing.TB, paths ...string) string {
	t.Helper()
	for _, p := range paths {
		if !filepath.IsAbs(p) && filepath.Base(p) != p {
			p = filepath.Join(Root(), p)
		}
		if found, err := exec.LookPath(p); err == nil {
			return found
		}
	}
	Missing(t, paths[0])
	return ""
}

// Missing skips the test for want of what; under ./check it fails it.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("SOUK_TOOLS") == "required" {
		t.Fatalf("%s is missing, and ./check should have installed it", what)
	}
	t.Skipf("%s is not on this machine; ./check setup installs it", what)
}
