package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// programs are those of this tree that tests have asked for, each built once.
var programs struct {
	sync.Mutex
	dir   string
	built map[string]func() (path string, err error)
}

// Main runs a package's tests and removes what was built for them. Every package of outer tests calls it from its
// TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if programs.dir != "" {
		_ = os.RemoveAll(programs.dir)
	}
	os.Exit(code)
}

// Binary is the path of the souk program under test: SOUK_BINARY's value, or one built from this tree.
func Binary(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("SOUK_BINARY"); given != "" {
		return given
	}
	return Program(t, "./cmd/souk")
}

// Program is the path of a program built from the package of this tree, which is named from its root, such as ./cmd/souk.
func Program(t testing.TB, pkg string) string {
	t.Helper()
	path, err := builder(pkg)()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Tagged is the path of souk, built from this tree with a tag.
func Tagged(t testing.TB, tag string) string {
	t.Helper()
	path, err := builder("./cmd/souk", "-tags", tag)()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// builder builds pkg when it is first called.
func builder(pkg string, flags ...string) func() (string, error) {
	programs.Lock()
	defer programs.Unlock()
	if programs.built == nil {
		programs.built = map[string]func() (string, error){}
	}
	key := strings.Join(append(flags, pkg), " ")
	if programs.built[key] == nil {
		programs.built[key] = sync.OnceValues(func() (string, error) { return build(pkg, flags...) })
	}
	return programs.built[key]
}

func build(pkg string, flags ...string) (path string, err error) {
	dir, err := folder()
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, strings.Join(append([]string{filepath.Base(pkg)}, flags...), ""))
	cmd := exec.Command("go", append(append([]string{"build", "-o", path}, flags...), pkg)...)
	cmd.Dir = Root()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return path, nil
}

// folder is where what is built goes.
func folder() (dir string, err error) {
	programs.Lock()
	defer programs.Unlock()
	if programs.dir == "" {
		programs.dir, err = os.MkdirTemp("", "souk-test-")
	}
	return programs.dir, err
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
