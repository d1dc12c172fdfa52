package entitlement

import (
	"strconv"
	"strings"
	"time"

	"souk.dev/souk/internal/sandbox/profile"
)

// A token that expires has the instant at which it was given before it, in microseconds, and a point between the two, which
// no other token has in it.
const tokenPoint = "."

// stamped is token with the instant at which it is given, where the profile page-token-expiry lets it expire.
func stamped(token *string, now time.Time, p profile.Set) *string {
	if token == nil || p.Is(profile.PageTokenExpiry, profile.ForEver) {
		return token
	}
	return new(strconv.FormatInt(now.UnixMicro(), 36) + tokenPoint + *token)
}

// unstamped is token without its instant; alive is false for one that is too old, or of which that cannot be told.
func unstamped(token *string, now time.Time, p profile.Set) (bare *string, alive bool) {
	if token == nil || p.Is(profile.PageTokenExpiry, profile.ForEver) {
		return token, true
	}
	given, rest, ok := strings.Cut(*token, tokenPoint)
	us, err := strconv.ParseInt(given, 36, 64)
	if !ok || err != nil {
		return token, false
	}
	return &rest, now.Before(time.UnixMicro(us).Add(p.Duration(profile.PageTokenExpiry)))
}
