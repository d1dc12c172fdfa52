package archtest

import (
	"fmt"
	"path"
	"strings"
)

// A rule says what the packages that From names must never import. Patterns are paths from the module's root, or
// whole import paths of others; "…/..." means the package and everything below it.
type rule struct {
	From   []string
	Except []string // of From
	Never  []string
	Allow  []string // of Never
	Tests  bool     // the rule holds for test files too
	Why    string
}

// features are the gateway's packages that know the purchase flow and nothing of the world outside.
var features = []string{
	"internal/gateway/core", "internal/gateway/license/...", "internal/gateway/account/...", "internal/gateway/register/...",
	"internal/gateway/intake/...", "internal/gateway/usage/...", "internal/gateway/metering/...", "internal/gateway/keys/...", "internal/gateway/privacy/...", "internal/gateway/seal/...", "internal/gateway/vault/...", "internal/gateway/entitlement/...", "internal/gateway/replica/...",
	"internal/gateway/agreement/...", "internal/gateway/search/...", "internal/gateway/threshold/...",
	"internal/gateway/credential/...", "internal/gateway/operator/...", "internal/gateway/audit/...",
	"internal/gateway/approval/...", "internal/gateway/proposal/...", "internal/gateway/correction/...", "internal/gateway/cancellation/...", "internal/gateway/payment/...", "internal/gateway/outbox/...", "internal/gateway/alert/...", "internal/gateway/chat/...", "internal/gateway/webhook/...", "internal/gateway/letter/...", "internal/gateway/signon/...",
}

// doors are the gateway's packages that do know something outside.
var doors = []string{
	"internal/gateway/awsapi/...", "internal/gateway/store/...", "internal/gateway/api/...", "internal/gateway/portal/...", "internal/gateway/console/...", "internal/gateway/push/...", "internal/gateway/courier/...", "internal/gateway/mailer/...", "internal/gateway/idp/...", "internal/gateway/provider/...", "internal/gateway/relay/...", "internal/gateway/passkey/...",
}

// common is what both products may use of our own.
var common = []string{
	"api", "contract", "internal/clock", "internal/job", "internal/lockstep", "internal/fail", "internal/httpx", "internal/webui/...", "internal/goldentest", "internal/pgtest",
	"test/chromium", // for tests that look at pages
}

var awsSDK = []string{"github.com/aws/aws-sdk-go-v2/...", "github.com/aws/smithy-go/..."}

var rules = []rule{
	{
		From: []string{"internal/gateway/..."}, Never: []string{module + "/..."}, Tests: true,
		Allow: append([]string{"internal/gateway/..."}, common...),
		Why:   "the gateway knows itself and the small tools; it meets the sandbox over HTTP only",
	}, {
		From: []string{"internal/sandbox/..."}, Never: []string{module + "/..."}, Tests: true,
		Allow: append([]string{"internal/sandbox/..."}, common...),
		Why:   "the sandbox knows itself and the small tools; it meets the gateway over HTTP only",
	}, {
		From: features, Never: append([]string{
			"net/http/...", "database/sql/...", "html/template", "text/template", "os/exec", "modernc.org/...", "github.com/pressly/...", "github.com/jackc/...",
			"github.com/prometheus/...", "internal/httpx", "internal/webui/...", "internal/lockstep",
		}, append(awsSDK, doors...)...),
		Why: "a feature knows no HTTP, SQL, template or AWS SDK: what it needs from outside is an interface that a door fulfils",
	}, {
		From: []string{"internal/sandbox/world/..."}, Never: []string{
			"net/http/...", "encoding/json/...", "encoding/xml", "encoding/gob", "database/sql/...", "os", "html/template", "log/slog", "internal/httpx", "internal/webui/...",
			"internal/sandbox/wire/...", "internal/sandbox/ops/...", "internal/sandbox/control/...", "internal/sandbox/storefront/...",
		},
		Why: "the world decides from its state and the time alone; the wire is translated elsewhere",
	}, {
		From: []string{"internal/..."}, Except: []string{"internal/gateway/awsapi/..."}, Never: awsSDK,
		Why: "the AWS SDK stands in internal/gateway/awsapi only",
	}, {
		From: []string{"..."}, Except: []string{"internal/gateway/store/...", "internal/pgtest"},
		Never: []string{"modernc.org/...", "github.com/pressly/...", "github.com/jackc/..."},
		Why:   "SQL engines stand in internal/gateway/store only",
	}, {
		From: []string{"..."}, Except: []string{"internal/gateway/idp/...", "internal/gateway/provider/...", "examples/bindery/..."},
		Never: []string{"github.com/coreos/go-oidc/...", "golang.org/x/oauth2/...", "github.com/zitadel/...", "github.com/go-jose/...", "github.com/rs/cors"},
		Why:   "OpenID Connect's libraries stand in internal/gateway/idp and provider only, and where an example shows how to be a client",
	}, {
		From: []string{"..."}, Except: []string{"internal/gateway/passkey/..."}, Never: []string{"github.com/go-webauthn/..."},
		Why: "WebAuthn's library stands in internal/gateway/passkey only: the rules know a credential, a public key and a count",
	}, {
		From: []string{"client/...", "examples/..."}, Never: []string{module + "/...", awsSDK[0]}, Allow: []string{"client/...", "examples/..."}, Tests: true,
		Why: "client/ and examples/ are for other people's programs: they see only what is public",
	}, {
		From: []string{"client/..."}, Never: []string{"examples/...", "github.com/...", "golang.org/x/...", "modernc.org/..."},
		Why: "the public client costs its user no dependency",
	}, {
		From: []string{"sandboxtest/..."}, Never: []string{module + "/..."}, Allow: []string{"sandboxtest/...", "internal/sandbox", "internal/sandbox/world"}, Tests: true,
		Why: "sandboxtest starts a sandbox and drives it over HTTP, as any program could",
	}, {
		From: []string{"sandboxtest/..."}, Never: []string{"github.com/...", "golang.org/x/...", "modernc.org/...", "pgregory.net/..."},
		Why: "sandboxtest has no third party in its face, and least of all one version of the AWS SDK",
	}, {
		From: []string{"contract", "internal/clock", "internal/fail"}, Never: []string{module + "/..."},
		Why: "these are at the bottom and know nobody",
	}, {
		From: []string{"internal/job", "internal/httpx", "internal/webui/...", "internal/lockstep", "internal/goldentest", "internal/pgtest"}, Never: []string{"internal/gateway/...", "internal/sandbox/...", "internal/cli/..."},
		Why: "the small tools know neither product",
	}, {
		From: []string{"..."}, Except: []string{"cmd/..."}, Never: []string{"internal/cli/..."}, Tests: false,
		Why: "the command line is the last to know: only cmd imports it",
	}, {
		From: []string{"test/..."}, Never: []string{module + "/..."}, Allow: []string{"test/...", "contract", "client/...", "examples/...", "internal/pgtest"}, Tests: true,
		Why: "outer tests know the program from outside only",
	}, {
		From: []string{"..."}, Never: []string{"internal/goldentest", "internal/pgtest", "internal/webui/webuitest", "internal/gateway/store/storetest", "internal/gateway/idp/idptest", "internal/gateway/passkey/passkeytest", "internal/gateway/proposal/proposaltest", "internal/archtest", "sandboxtest", "test/..."},
		Why: "a package that helps tests is not part of the program",
	}, {
		From: []string{"..."}, Except: []string{"sandboxtest/..."}, Never: []string{"github.com/chromedp/...", "pgregory.net/...", "testing/...", "net/http/httptest"},
		Why: "what only tests need is not part of the program",
	},
}

// matches reports whether the import path, or the package's path from the root, is in one of patterns.
func matches(patterns []string, pkg string) bool {
	if pkg == module {
		pkg = "."
	}
	local := strings.TrimPrefix(pkg, module+"/")
	for _, pat := range patterns {
		tree, whole := strings.CutSuffix(pat, "...")
		switch {
		case whole && (tree == "" || strings.HasPrefix(pkg+"/", tree) || strings.HasPrefix(local+"/", tree)):
			return true
		case !whole && (pat == pkg || pat == local):
			return true
		}
	}
	return false
}

// imports checks the rules of who may know whom.
func imports(r *Repo) (found []string) {
	for _, f := range r.Files {
		for _, rl := range rules {
			if f.Test && !rl.Tests || !matches(rl.From, f.Package()) || matches(rl.Except, f.Package()) {
				continue
			}
			for _, imp := range f.Imports {
				if matches(rl.Never, imp.Path) && !matches(rl.Allow, imp.Path) {
					found = append(found, fmt.Sprintf("%s:%d: %s imports %s: %s", f.Path, imp.Line, path.Dir(f.Path), imp.Path, rl.Why))
				}
			}
		}
	}
	return found
}
