package clients

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"souk.dev/souk/test/harness"
)

// souk's own client for JavaScript passes its tests, among them the one against a gateway that runs.
func TestSoukForJavaScript(t *testing.T) {
	node := harness.Tool(t, ".tools/bin/node", "node")
	up := harness.StartUp(t, "--ephemeral")
	a := up.Sandbox.Buy(up.Sandbox.Buyers()[0], up.Sandbox.Product("license"))
	up.Sandbox.Advance(5 * time.Minute)
	license := up.LicenseIn(a.LicenseARN, "active")

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, node, "--test")
	run.Dir = filepath.Join(harness.Root(), "clients", "js")
	run.Env = append(os.Environ(), "SOUK_GATEWAY="+up.Gateway.URL, "SOUK_API_KEY="+up.Gateway.Key, "SOUK_LICENSE="+license.ID)
	if out, err := run.CombinedOutput(); err != nil {
		t.Errorf("node --test: %v\n%s", err, out)
	}
}
