package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// probe reads settings as a command would, and tells what they came to.
func probe(t *testing.T, args []string, env map[string]string, file string) (database, listen string, err error) {
	t.Helper()
	cmd := &cobra.Command{Use: "probe", SilenceErrors: true, SilenceUsage: true, RunE: func(*cobra.Command, []string) error { return nil }}
	cmd.Flags().String("config", "", "")
	optionsOf(cmd).text(&database, "database", "sqlite:default.db")
	optionsOf(cmd).text(&listen, "listen", "127.0.0.1:1")
	if file != "" {
		path := filepath.Join(t.TempDir(), "souk.yaml")
		write(t, path, file)
		args = append(args, "--config", path)
	}
	dress(cmd, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	cmd.SetArgs(args)
	err = cmd.Execute()
	return database, listen, err
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFlagsWinOverEnvironmentOverFile(t *testing.T) {
	const file = "database: sqlite:file.db\nlisten: 127.0.0.1:2\n"
	env := map[string]string{"SOUK_DATABASE": "sqlite:env.db"}
	for name, c := range map[string]struct {
		args             []string
		env              map[string]string
		file             string
		database, listen string
	}{
		"default":     {nil, nil, "", "sqlite:default.db", "127.0.0.1:1"},
		"file":        {nil, nil, file, "sqlite:file.db", "127.0.0.1:2"},
		"environment": {nil, env, file, "sqlite:env.db", "127.0.0.1:2"},
		"flag":        {[]string{"--database", "sqlite:flag.db"}, env, file, "sqlite:flag.db", "127.0.0.1:2"},
		"empty flag":  {[]string{"--listen", ""}, env, file, "sqlite:env.db", ""},
		"comments":    {nil, nil, "# nothing\n", "sqlite:default.db", "127.0.0.1:1"},
		"other keys":  {nil, nil, "queue: https://sqs.example/q\nseller: Ada\n", "sqlite:default.db", "127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			database, listen, err := probe(t, c.args, c.env, c.file)
			if err != nil || database != c.database || listen != c.listen {
				t.Errorf("%s, %s, %v; want %s, %s", database, listen, err, c.database, c.listen)
			}
		})
	}
}

func TestSecretsCanBeFiles(t *testing.T) {
	kept := filepath.Join(t.TempDir(), "database")
	write(t, kept, "postgres://user:secret@db/souk\n")
	env := map[string]string{"SOUK_DATABASE_FILE": kept}
	if database, _, err := probe(t, nil, env, "database: sqlite:file.db"); err != nil || database != "postgres://user:secret@db/souk" {
		t.Errorf("from a file: %q, %v", database, err)
	}
	if database, _, err := probe(t, nil, nil, "database-file: "+kept); err != nil || database != "postgres://user:secret@db/souk" {
		t.Errorf("from a file named in the configuration: %q, %v", database, err)
	}
	env["SOUK_DATABASE"] = "sqlite:env.db"
	if _, _, err := probe(t, nil, env, ""); err == nil || !isUsage(err) {
		t.Errorf("both forms at once: %v; want wrong usage", err)
	}
	if _, _, err := probe(t, nil, map[string]string{"SOUK_DATABASE_FILE": kept + ".not"}, ""); err == nil || !strings.Contains(err.Error(), "SOUK_DATABASE_FILE") {
		t.Errorf("a missing file: %v; want the variable's name", err)
	}
}

func TestConfigurationErrorsNameFileAndLine(t *testing.T) {
	for text, want := range map[string]string{
		"listen: 127.0.0.1:1\ndatabse: sqlite:x\n":   `souk.yaml:2: there is no setting "databse"; did you mean "database"?`,
		"\n\nfrobnicate: yes\n":                      `souk.yaml:3: there is no setting "frobnicate"`,
		"database: a\ndatabase: b\n":                 `database`,
		"database:\n":                                `souk.yaml:1: database: it has no value`,
		"- a\n- b\n":                                 `souk.yaml:1: a configuration file is a mapping`,
		"database: [a\n":                             `is not YAML`,
		"queue-file: /tmp/x\n":                       `souk.yaml:1: there is no setting "queue-file"`,
		"database: sqlite:a\n---\nlisten: 1.1.1.1:1": `souk.yaml:3: a second document begins`,
		"database: sqlite:a\ndatabase-file: b\n":     `souk.yaml:2: database is set a second time, after line 1`,
	} {
		_, _, err := probe(t, nil, nil, text)
		if err == nil || !isUsage(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
	if _, _, err := probe(t, []string{"--config", "/no/such/file.yaml"}, nil, ""); err == nil || !isUsage(err) {
		t.Errorf("a missing file: %v; want wrong usage", err)
	}
}

func TestTheTableOfSettings(t *testing.T) {
	seen := map[string]string{}
	for _, s := range settings {
		if s.help == "" {
			t.Errorf("%s has no help", s.name)
		}
		if other, twice := seen[s.variable()]; twice {
			t.Errorf("%s and %s share the variable %s", other, s.name, s.variable())
		}
		seen[s.variable()] = s.name
	}
}

func TestDurationsMayBeDays(t *testing.T) {
	for text, want := range map[string]time.Duration{"400d": 400 * 24 * time.Hour, "36h": 36 * time.Hour, "1d": 24 * time.Hour, "90s": 90 * time.Second} {
		var d durationValue
		if err := d.Set(text); err != nil || time.Duration(d) != want {
			t.Errorf("%s: %s, %v", text, time.Duration(d), err)
		}
	}
	for _, text := range []string{"", "d", "0d", "-3d", "1.5d", "1d12h", "4000000d", "99999999999999999999d", "3", "-1h"} {
		var d durationValue
		if err := d.Set(text); err == nil {
			t.Errorf("%q was taken as %s", text, time.Duration(d))
		}
	}
}

func TestWhatIsKeptForTooShortIsRefused(t *testing.T) {
	for flag, want := range map[string]string{"--keep-events=61d": "62 days", "--keep-ids=34d": "35 days"} {
		code, _, stderr := souk(t, "gateway", "--listen", "127.0.0.1:0", "--database", "sqlite:"+filepath.Join(t.TempDir(), "g.db"), flag)
		if code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %q", flag, code, stderr)
		}
	}
}
