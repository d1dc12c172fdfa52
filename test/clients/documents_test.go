package clients

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

// recipe is a block of code in a document.
type recipe struct {
	language string
	file     string // the name that the document gives it in the line before; empty: it gives none
	text     string
}

var recipePattern = regexp.MustCompile("(?ms)^(?:`([a-z_.]+)`:\n\n)?```([a-z]+)\n(.*?)^```$")

// recipesOf are the blocks of code of a document, in its order.
func recipesOf(t *testing.T, document string) (all []recipe) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), "docs", document))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range recipePattern.FindAllStringSubmatch(string(text), -1) {
		all = append(all, recipe{m[2], m[1], m[3]})
	}
	return all
}

// kitchen is a folder with the files of a document's recipes, and an environment in which souk is on the PATH.
type kitchen struct {
	dir string
	env []string
}

func newKitchen(t *testing.T, recipes []recipe, env ...string) kitchen {
	t.Helper()
	k := kitchen{dir: t.TempDir()}
	for _, r := range recipes {
		if r.file != "" {
			k.write(t, r.file, r.text, 0o600)
		}
	}
	bin := filepath.Join(k.dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(harness.Binary(t), filepath.Join(bin, "souk")); err != nil {
		t.Fatal(err)
	}
	for _, kv := range os.Environ() { // nothing that would point a program at another marketplace
		if name, _, _ := strings.Cut(kv, "="); !strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "SOUK_") && name != "PATH" {
			k.env = append(k.env, kv)
		}
	}
	k.env = append(append(k.env, "PATH="+bin+":"+os.Getenv("PATH")), env...)
	return k
}

func (k kitchen) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(k.dir, name), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// cook runs a program in the kitchen to its end, with all that it starts, and returns what it printed.
func (k kitchen) cook(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = k.dir, k.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out.String(), log.String())
	}
	return out.String()
}

const otherLanguages = "sandbox/other-languages.md"

// knowsLicenses ends well where boto3 knows license ARNs; each boto3 that does finds its endpoints in the environment.
const knowsLicenses = `import boto3
metering = boto3.client("meteringmarketplace", region_name="us-east-1").meta.service_model
assert "LicenseArn" in metering.operation_model("ResolveCustomer").output_shape.members`

// python finds a Python with such a boto3, and with pytest: its own, or else Debian's, which needs nothing compiled.
func python(t *testing.T, k *kitchen) string {
	t.Helper()
	name := harness.Tool(t, "python3")
	if exec.Command(name, "-c", knowsLicenses).Run() != nil {
		t.Skip("python3 has no boto3 that knows license ARNs, and Debian's is older than they are")
	}
	if exec.Command(name, "-c", "import pytest").Run() == nil {
		return name
	}
	lent := t.TempDir()
	for _, module := range []string{"pytest", "_pytest", "py.py", "pluggy", "iniconfig", "packaging", "attr", "attrs"} {
		if path := filepath.Join("/usr/lib/python3/dist-packages", module); exists(path) {
			if err := os.Symlink(path, filepath.Join(lent, module)); err != nil {
				t.Fatal(err)
			}
		}
	}
	k.env = append(k.env, "PYTHONPATH="+lent)
	probe := exec.Command(name, "-c", "import pytest")
	if probe.Env = k.env; probe.Run() != nil {
		harness.Missing(t, "pytest")
	}
	return name
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// The Python recipe is a test suite that passes as it stands in the document.
func TestRecipeInPython(t *testing.T) {
	k := newKitchen(t, recipesOf(t, otherLanguages))
	name := python(t, &k)
	if said := k.cook(t, name, "-m", "pytest", "-q", "-p", "no:cacheprovider"); !strings.Contains(said, "1 passed") {
		t.Errorf("pytest says %s", said)
	}
}

// So is the one in JavaScript.
func TestRecipeInJavaScript(t *testing.T) {
	node := harness.Tool(t, ".tools/bin/node", "node")
	modules := filepath.Join(harness.Root(), ".tools", "js", "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "@aws-sdk")); err != nil {
		harness.Missing(t, "the JavaScript SDK")
	}
	k := newKitchen(t, recipesOf(t, otherLanguages))
	if err := os.Symlink(modules, filepath.Join(k.dir, "node_modules")); err != nil { // import reads no NODE_PATH
		t.Fatal(err)
	}
	if said := k.cook(t, node, "--test", "--test-reporter=tap", "purchase.test.mjs"); !strings.Contains(said, "# pass 1\n") {
		t.Errorf("node says %s", said)
	}
}

// shellRecipes are the two of the document: the shell around the tests, and the snapshot.
func shellRecipes(t *testing.T) (around, snapshot string) {
	t.Helper()
	var shell []string
	for _, r := range recipesOf(t, otherLanguages) {
		if r.language == "sh" {
			shell = append(shell, r.text)
		}
	}
	if len(shell) != 2 || !strings.Contains(shell[0], "your-tests") || !strings.Contains(shell[1], "/_sandbox/snapshot") {
		t.Fatalf("the document has other shell recipes than this test knows: %q", shell)
	}
	return shell[0], shell[1]
}

// The shell's recipe runs in a POSIX shell; what stands there for the reader's tests looks for its marketplace.
func TestRecipeInShell(t *testing.T) {
	shell := harness.Tool(t, "/bin/sh")
	harness.Tool(t, "curl")
	around, _ := shellRecipes(t)
	k := newKitchen(t, nil)
	k.write(t, "bin/your-tests", "#!/bin/sh\nset -eu\n[ \"$AWS_ENDPOINT_URL\" = \"$SOUK_SANDBOX\" ]\ncurl -sf \"$AWS_ENDPOINT_URL/_sandbox/clock\"\n", 0o700)
	k.write(t, "recipe.sh", around, 0o600)
	said := k.cook(t, shell, "recipe.sh")
	for _, want := range []string{`"frozen":true`, `"agreementId":"agmt-`, "2026-11-02T09:10:00Z"} {
		if !strings.Contains(said, want) {
			t.Errorf("the recipe does not say %s:\n%s", want, said)
		}
	}
}

// The snapshot's recipe begins a second sandbox where the first one stands.
func TestRecipeOfASnapshot(t *testing.T) {
	shell := harness.Tool(t, "/bin/sh")
	harness.Tool(t, "curl")
	_, snapshot := shellRecipes(t)
	year := harness.StartSandbox(t, "", "--data", t.TempDir())
	bought := year.Buy(year.Buyers()[0], year.Product("license"))
	year.Advance(24 * time.Hour)

	k := newKitchen(t, nil, "SOUK_SANDBOX="+year.URL)
	begin, run, ok := strings.Cut(snapshot, "souk sandbox")
	if !ok {
		t.Fatalf("the recipe starts no sandbox: %s", snapshot)
	}
	// The sandbox that it ends with is stopped when it has been looked at.
	k.write(t, "recipe.sh", fmt.Sprintf(`set -eu
%s
souk sandbox %s >told & sandbox=$!
trap 'kill $sandbox' EXIT
until [ -s told ]; do sleep 0.1; done
read -r line <told
curl -sf "${line##* }/_sandbox/clock"
curl -sf "${line##* }/_sandbox/agreements"
`, begin, strings.TrimSpace(run)), 0o600)
	said := k.cook(t, shell, "recipe.sh")
	for _, want := range []string{year.Now().Format("2006-01-02T15:04:05"), bought.AgreementID} {
		if !strings.Contains(said, want) {
			t.Errorf("the second sandbox does not know %s:\n%s", want, said)
		}
	}
}

// The quickstart's shell lines for a program of one's own, from its key to AWS's record, work as they stand: but for the
// ports, which are free ones here, and the license, for which the document leaves a blank.
func TestQuickstart(t *testing.T) {
	shell := harness.Tool(t, "/bin/sh")
	harness.Tool(t, "curl")
	data := filepath.Join(t.TempDir(), ".souk")
	up := harness.StartUp(t, "--data", data)
	p := up.Sandbox.Product("license")
	bought := up.Sandbox.Buy(up.Sandbox.Buyers()[0], p)
	up.Sandbox.Advance(2 * time.Minute)
	license := up.LicenseIn(bought.LicenseARN, "active")

	lines := "set -eu\n"
	for _, r := range recipesOf(t, "quickstart.md") {
		if r.language == "sh" && (strings.Contains(r.text, "$KEY") || strings.Contains(r.text, "/v1/")) {
			lines += r.text
		}
	}
	if !strings.Contains(lines, "souk clock --advance") || !strings.Contains(lines, "/v1/events") {
		t.Fatalf("the document has other recipes than this test knows: %s", lines)
	}
	k := newKitchen(t, nil, "SOUK_SANDBOX="+up.Sandbox.URL)
	if err := os.Symlink(data, filepath.Join(k.dir, ".souk")); err != nil {
		t.Fatal(err)
	}
	k.write(t, "recipe.sh", strings.NewReplacer("http://127.0.0.1:4710", up.Gateway.URL, "lic_…", license.ID, "curl -s ", "curl -sf ").Replace(lines), 0o600)
	said := k.cook(t, shell, "recipe.sh")
	if !strings.Contains(said, license.ID) || !strings.Contains(said, `"accepted":1`) || !strings.Contains(said, `"state":"honoured"`) {
		t.Errorf("the quickstart says %s", said)
	}
	records := harness.All[harness.Record](&up.Sandbox.API, "/_sandbox/records")
	if !slices.ContainsFunc(records, func(r harness.Record) bool {
		return r.LicenseARN == bought.LicenseARN && r.Dimension == "pages" && r.Quantity == 3 // the half page is carried on
	}) {
		t.Errorf("AWS has %+v", records)
	}
}
