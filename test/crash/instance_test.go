package crash

import (
	"fmt"
	"strings"
	"testing"

	"souk.dev/souk/internal/pgtest"
	"souk.dev/souk/test/harness"
)

// TestANameIsOneNodes starts a second node under the name of the first. While that lives it is refused; while it hangs it takes
// its place when the lease has run out, and the first one ends when it wakes up; and one that was killed has its name back at once.
func TestANameIsOneNodes(t *testing.T) {
	t.Parallel()
	market, database := harness.StartSandbox(t, ""), pgtest.Database(t)
	first := harness.StartGateway(t, market, "", database, "--instance", "a")
	first.Proc.Kill()
	first.Again()

	second := harness.Start(t, market.Env(), "gateway", "--listen", harness.FreeAddress(t), "--database", database, "--instance", "a")
	if code := second.Wait(); code == 0 || !strings.Contains(second.Log(), "--instance") || !strings.Contains(second.Log(), first.URL) {
		t.Errorf("it ends with %d and says %s", code, second.Log())
	}

	first.Proc.Pause()
	next := harness.StartGateway(t, market, "", database, "--instance", "a")
	first.Proc.Resume()
	if code := first.Proc.Wait(); code == 0 || !strings.Contains(first.Proc.Log(), next.URL) {
		t.Errorf("the one that woke up ends with %d and says %s", code, first.Proc.Log())
	}
	harness.Eventually(t, "the next one works", func() error {
		if err := next.Do("POST", "/v1/webhooks", map[string]string{"url": "https://example.com/hook"}, nil); err != nil {
			return fmt.Errorf("make a webhook: %w", err)
		}
		return nil
	})
}
