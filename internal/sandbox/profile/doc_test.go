package profile

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/sandbox/profiles.md")

const profilesFile = "../../../docs/sandbox/profiles.md"

// docs/sandbox/profiles.md is the table that the sandbox runs on, printed. Run with -update after changing it.
func TestProfilesAreDocumented(t *testing.T) {
	want := page(t)
	if *update {
		if err := os.WriteFile(profilesFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(profilesFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Error("docs/sandbox/profiles.md is not what the table says; run: go test ./internal/sandbox/profile -run ProfilesAreDocumented -update")
	}
}

// areas are what the questions are about, in the page's order.
var areas = []struct {
	title string
	names []Name
}{
	{"Calls of any API", []Name{ErrorType, Quota}},
	{"Registration", []Name{TokenLife, TokenReuse, TokenRenewal, ForeignToken, LegacyLicenseARN, ResolveQuota}},
	{"BatchMeterUsage", []Name{CheckOrder, BatchDuplicates, IdenticalResend, ResendRecordID, ResultOrder, WindowEdge, FutureTolerance, ActivationEdge,
		UnknownAccount, AccountDigits, CodeWithLicense, BuyerSideMetering}},
	{"The last hour", []Name{FinalHour, FinalTimestamps, DeprovisionDelay, SuccessorLookback}},
	{"GetEntitlements", []Name{EmptyEntitlements, EntitlementPage, PageTokenExpiry, EarlyEntitlements, ExpiredEntitlements}},
	{"Agreements and licenses", []Name{ActivationDelay, RenewalLicense, ReplacementLicense, PrivateEnd, QuoteLife}},
	{"Notices", []Name{NoticeDelivery, FailedPayment, PaygLicenseUpdated, AgreementNames, EndedOffer, LegacyContractEnd, TrialConversion}},
	{"Money", []Name{RecurringProration, RefundProration, RefundDays, RefundFrom, Holidays, AdjustmentTime}},
}

const head = `# Profiles: what AWS leaves open

Printed from ` + "`internal/sandbox/profile/table.go`" + ` by a test; do not edit. Each line is a question that AWS's documents do not settle,
or settle in two ways. The sandbox plays the value in **bold** unless it is told otherwise; how it is told, and how ` + "`--shuffle`" + ` draws all of
them by a seed, is in [awkward.md](awkward.md). What there is one answer to here, though AWS does not say, is in [../divergences.md](../divergences.md).
`

// open are the questions that have no switch, and why.
const open = `
## Without a switch

| question | why |
| --- | --- |
| The texts of errors' messages | AWS publishes few of them, and promises none: do not match them. They are ours. |
| The events Spend Threshold Reached, Vet Succeeded and Vet Failed | No body of theirs is published, and nothing is asked of a seller who gets one. A receiver has to take kinds off its queue that it does not know. |
| How long AWS tries again to deliver a notice | What is documented of SNS and EventBridge is played; a fault (` + "`delay`" + `, ` + "`lose-then-redeliver`" + `) plays any other. |
`

func page(t *testing.T) string {
	var b strings.Builder
	b.WriteString(head)
	rest := Behaviours()
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, area := range areas {
		fmt.Fprintf(&b, "\n## %s\n\n| question | profile | values | source |\n| --- | --- | --- | --- |\n", area.title)
		for _, name := range area.names {
			i := slices.IndexFunc(rest, func(x Behaviour) bool { return x.Name == name })
			if i < 0 {
				t.Fatalf("%s stands in two areas, or is no profile", name)
			}
			x := rest[i]
			rest = slices.Delete(rest, i, i+1)
			values := make([]string, len(x.Allowed))
			for i, v := range x.Allowed {
				if values[i] = "`" + v + "`"; v == x.Default {
					values[i] = "**" + values[i] + "**"
				}
			}
			fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", cell.Replace(x.About), x.Name, strings.Join(values, ", "), cell.Replace(x.Source))
		}
	}
	for _, x := range rest {
		t.Errorf("%s stands in no area of docs/sandbox/profiles.md", x.Name)
	}
	b.WriteString(open)
	return b.String()
}
