package audit

import (
	"context"
	"fmt"
)

// Report is what a check of the log found.
type Report struct {
	Entries  int64
	Head     string   // hash of the newest entry; empty where there is none
	Breaches []string // where the chain is broken
}

// maxBreaches is how many breaches are told; what is changed early breaks all that follows.
const maxBreaches = 20

// Check goes through the log and says where its chain is broken. witness, if not empty, is a hash that was the newest
// once: a log in which it is no more was cut off or written anew.
func Check(ctx context.Context, store Store, witness string) (Report, error) {
	var r Report
	breach := func(format string, args ...any) {
		if len(r.Breaches) < maxBreaches {
			r.Breaches = append(r.Breaches, "The audit log: "+fmt.Sprintf(format, args...))
		}
	}
	seen := witness == ""
	err := store.EachEntry(ctx, func(e Entry) error {
		r.Entries++
		if e.Seq != r.Entries {
			breach("entry %d stands where %d should.", e.Seq, r.Entries)
			r.Entries = e.Seq
		}
		if e.Before != r.Head {
			breach("entry %d does not follow the one before it: one of the two was changed, or one between them is gone.", e.Seq)
		}
		if e.Hash != e.hash() {
			breach("entry %d was changed after it was written.", e.Seq)
		}
		r.Head = e.Hash
		seen = seen || e.Hash == witness
		return nil
	})
	if err != nil {
		return r, fmt.Errorf("read the audit log: %w", err)
	}
	if !seen {
		breach("the entry %s is not in it: its end was cut off, or it was written anew.", witness)
	}
	return r, nil
}
