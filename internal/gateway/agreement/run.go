package agreement

import (
	"crypto/rand"
	"strings"
	"time"

	"souk.dev/souk/internal/gateway/core"
)

// RunID names a run ("rsy_…").
type RunID string

// Trigger is why a run began.
type Trigger string

// The triggers.
const (
	Scheduled Trigger = "scheduled"
	Asked     Trigger = "asked"  // by the API
	Doubt     Trigger = "doubt"  // about one licence; kept only if it found something
	Heard     Trigger = "notice" // of what changed, soon after a notice; kept only if it found something
)

// Run is one re-sync.
type Run struct {
	ID         RunID
	Trigger    Trigger
	By         string         // the API key that asked for it; empty otherwise
	License    core.LicenseID // the one that it is about; empty: all
	DryRun     bool           // it tells what it would do, and does nothing
	Since      time.Time      // agreements that changed later were asked for; zero: all
	StartedAt  time.Time
	EndedAt    time.Time // zero: it goes on
	Failure    string    // why it ended before it was done; empty when it was
	Agreements int       // that AWS gave
	Repairs    int       // findings by their outcome
	Links      int
	Unsettled  int
}

// Outcome is what was done about a finding.
type Outcome string

// The outcomes.
const (
	Repaired  Outcome = "repaired"  // the licence was told a fact
	Linked    Outcome = "linked"    // the licence knows its agreement now; notices of the older generation name none
	Proposed  Outcome = "proposed"  // a dry run: nothing
	Unsettled Outcome = "unsettled" // nothing: somebody has to look at it
)

// Finding is one difference between AWS's word and ours, and what was done.
type Finding struct {
	Seq       int // from 1
	Agreement core.AgreementID
	License   core.LicenseID // empty while none is known
	ARN       core.LicenseARN
	Outcome   Outcome
	Fact      string    // what the licence was, or would be, told; empty: who is who, or nothing
	FactAt    time.Time // when that happened, by AWS's word; zero where Fact is empty
	What      string    // in words
	At        time.Time
}

func newRun(t Trigger, now time.Time) Run {
	return Run{ID: RunID("rsy_" + strings.ToLower(rand.Text())), Trigger: t, StartedAt: now}
}

// count adds a finding to the run's sums.
func (r *Run) count(o Outcome) {
	switch o {
	case Repaired:
		r.Repairs++
	case Linked:
		r.Links++
	case Unsettled, Proposed:
		r.Unsettled++
	}
}

// progress is a run under way. It dies with its process, and the next one begins anew: nothing is lost, because facts that
// were told are kept, and telling them again changes nothing.
type progress struct {
	Run
	about    core.AWSAccountID // whose agreements are asked for; empty: all
	products map[string]core.ProductCode
	nextAt   time.Time // when its next step is due
	token    string    // of AWS's next page
	calls    int
	read     bool // all pages are
	seen     []core.AgreementID
	listed   map[core.LicenseARN]bool // that some agreement leads to
	found    []Finding                // not yet kept
	seq      int
}

// AWS publishes no quota for these calls: burst of them are made at once, then there is a pause. That is well below the quotas
// of its other calls.
const (
	burst = 10
	pause = 2 * time.Second
)

// called notes a call of AWS, after which there may have to be a pause.
func (p *progress) called(now time.Time) {
	p.calls++
	p.nextAt = now
	if p.calls%burst == 0 {
		p.nextAt = now.Add(pause)
	}
}
