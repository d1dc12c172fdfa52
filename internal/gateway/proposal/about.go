package proposal

import (
	"slices"
	"strings"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/core"
	"souk.dev/souk/internal/gateway/license"
)

// About is which agreement of l a request is about: the one that was asked for or, where none was, the newest.
//
// Errors: fail.Invalid where it has none, or not that one; fail.Conflict for a licence that is over.
func About(l license.License, asked core.AgreementID) (core.AgreementID, error) {
	switch {
	case l.Standing.State == license.Ended || l.Standing.State == license.WindingDown || l.Standing.State == license.Failed:
		return "", fail.New(fail.Conflict, "license_ended", "The license is %s: nothing can be asked of its buyer any more.", strings.ReplaceAll(string(l.Standing.State), "_", " "))
	case len(l.Agreements) == 0:
		return "", fail.New(fail.Invalid, "no_agreement", "AWS has not named an agreement of the license %s yet; souk resync asks for it.", l.ID)
	case asked == "":
		return l.Agreements[len(l.Agreements)-1], nil
	case !slices.Contains(l.Agreements, asked):
		return "", fail.New(fail.Invalid, "agreement", "The agreement %.80q is none of the license's, which are %v.", asked, l.Agreements)
	}
	return asked, nil
}
