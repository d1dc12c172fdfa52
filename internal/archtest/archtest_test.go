package archtest

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// TestHouseRules checks the repository itself.
func TestHouseRules(t *testing.T) {
	repo, err := Load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(repo.Files); n < 20 {
		t.Fatalf("only %d files were read", n)
	}
	for _, rule := range Rules {
		t.Run(rule.Name, func(t *testing.T) {
			for _, what := range rule.Check(repo) {
				t.Error(what)
			}
		})
	}
}

const page = "## Where things live\n\n```\nsandboxtest/   a market\ninternal/clock   time\ntest/     from outside\n\ninternal/gateway/   assembly\n  core    words\n```\n"

// sound is a repository that breaks no rule.
func sound() map[string]string {
	return map[string]string{
		"docs/architecture.md":            page,
		"sandboxtest/doc.go":              "// Package sandboxtest opens.\npackage sandboxtest\n\nimport _ \"net/http/httptest\"\n",
		"test/crash/doc.go":               "// Package crash kills.\npackage crash\n",
		"internal/clock/clock.go":         "// Package clock tells the time.\npackage clock\n\nimport \"time\"\n\nvar Now = time.Now\n",
		"internal/gateway/gateway.go":     "// Package gateway is the seller's side.\npackage gateway\n\nimport _ \"souk.dev/souk/internal/clock\"\n",
		"internal/gateway/core/core.go":   "// Package core holds words.\npackage core\n\nimport \"time\"\n\nvar Zero time.Time\n",
		"internal/gateway/core/a_test.go": "package core\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Skip(\"needs a moon\") }\n",
	}
}

func check(t *testing.T, files map[string]string) (broken map[string][]string) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	repo, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	broken = map[string][]string{}
	for _, rule := range Rules {
		if found := rule.Check(repo); len(found) > 0 {
			broken[rule.Name] = found
		}
	}
	return broken
}

func TestASoundRepositoryBreaksNothing(t *testing.T) {
	if broken := check(t, sound()); len(broken) > 0 {
		t.Error(broken)
	}
}

// TestEveryRuleCatches breaks each rule once, and sees that this rule and no other speaks.
func TestEveryRuleCatches(t *testing.T) {
	core := "// Package core holds words.\npackage core\n"
	for _, c := range []struct {
		rule, file, text, say string
	}{
		{"WhoMayKnowWhom", "internal/gateway/core/x.go", "package core\n\nimport _ \"souk.dev/souk/internal/sandbox/world\"\n", "over HTTP only"},
		{"WhoMayKnowWhom", "internal/gateway/core/x_test.go", "package core\n\nimport _ \"souk.dev/souk/internal/sandbox\"\n", "over HTTP only"},
		{"WhoMayKnowWhom", "internal/gateway/core/x.go", "package core\n\nimport _ \"net/http\"\n", "knows no HTTP"},
		{"WhoMayKnowWhom", "internal/gateway/core/x.go", "package core\n\nimport _ \"database/sql\"\n", "knows no HTTP"},
		{"WhoMayKnowWhom", "internal/gateway/gateway.go", "// Package gateway is.\npackage gateway\n\nimport _ \"github.com/aws/aws-sdk-go-v2/aws\"\n", "stands in internal/gateway/awsapi"},
		{"WhoMayKnowWhom", "internal/gateway/gateway.go", "// Package gateway is.\npackage gateway\n\nimport _ \"modernc.org/sqlite\"\n", "internal/gateway/store only"},
		{"WhoMayKnowWhom", "internal/clock/x.go", "package clock\n\nimport _ \"souk.dev/souk/contract\"\n", "know nobody"},
		{"WhoMayKnowWhom", "internal/gateway/gateway.go", "// Package gateway is.\npackage gateway\n\nimport _ \"net/http/httptest\"\n", "only tests need"},
		{"WhoMayKnowWhom", "sandboxtest/x.go", "package sandboxtest\n\nimport _ \"souk.dev/souk/internal/sandbox/world\"\nimport _ \"souk.dev/souk/internal/sandbox/queue\"\n", "over HTTP, as any"},
		{"WhoMayKnowWhom", "sandboxtest/x.go", "package sandboxtest\n\nimport _ \"github.com/aws/aws-sdk-go-v2/aws\"\n", "least of all"},
		{"WhoMayKnowWhom", "cmd/souk/main.go", "// Command souk is.\npackage main\n\nimport _ \"souk.dev/souk/sandboxtest\"\n", "helps tests"},
		{"WhoMayKnowWhom", "test/crash/a_test.go", "package crash\n\nimport _ \"souk.dev/souk/internal/job\"\n", "from outside only"},
		{"OneClock", "internal/gateway/core/core.go", core + "import \"time\"\nvar x = time.Now()\n", "time.Now"},
		{"OneClock", "internal/gateway/core/core.go", core + "import tm \"time\"\nfunc f() { tm.Sleep(1) }\n", "time.Sleep"},
		{"OnePackageComment", "internal/gateway/core/core.go", "package core\n", "no comment"},
		{"OnePackageComment", "internal/gateway/core/x.go", core, "2 comments"},
		{"OnePackageComment", "internal/gateway/core/core.go", "// Words.\npackage core\n", "does not start"},
		{"SkipsSayWhy", "internal/gateway/core/a_test.go", "package core\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Skip() }\n", "say why"},
		{"ShortFiles", "internal/gateway/core/core.go", core + strings.Repeat("\n", maxLines), "split it"},
		{"NothingLeftBehind", "docs/a.md", "one\nTO" + "DO: two\n", "docs/a.md:2"},
		{"NothingLeftBehind", "docs/a.md", "see /ro" + "ot/x\n", "somebody's machine"},
		{"NamedTestsAreThere", "docs/a.md", "See `TestA` and\n`TestB`.\n", "docs/a.md:2: there is no TestB"},
		{"EveryDependencyHasAReason", "go.mod", "module souk.dev/souk\n\nrequire (\n\tgithub.com/a/b v1.0.0\n\tgithub.com/c/d v1.0.0 // indirect\n)\n", "what github.com/a/b is for"},
		{"EveryPackageIsOnTheMap", "internal/gateway/usage/doc.go", "// Package usage counts.\npackage usage\n", "does not name internal/gateway/usage"},
		{"EveryPackageIsOnTheMap", "docs/architecture.md", strings.Replace(page, "core ", "core  \n  moon ", 1), "internal/gateway/moon, which is not there"},
	} {
		t.Run(c.rule+"/"+c.say, func(t *testing.T) {
			files := sound()
			files[c.file] = c.text
			broken := check(t, files)
			if len(broken) != 1 || len(broken[c.rule]) != 1 || !strings.Contains(broken[c.rule][0], c.say) {
				t.Errorf("got %v; want %s alone to say %q once", broken, c.rule, c.say)
			}
		})
	}
}

func TestUnreadableGoIsReported(t *testing.T) {
	if _, err := Load(fstest.MapFS{"a.go": &fstest.MapFile{Data: []byte("packag")}}); err == nil {
		t.Error("want an error")
	}
}
