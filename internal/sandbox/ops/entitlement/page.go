package entitlement

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"

	"souk.dev/souk/internal/sandbox/wire"
	"souk.dev/souk/internal/sandbox/world"
)

// result is the output of GetEntitlements. Where there is nothing, AWS leaves Entitlements out.
type result struct {
	Entitlements []entitlement `json:"Entitlements,omitempty"`
	NextToken    string        `json:"NextToken,omitempty"`
}

type entitlement struct {
	ProductCode          string    `json:"ProductCode"`
	Dimension            string    `json:"Dimension"`
	CustomerIdentifier   string    `json:"CustomerIdentifier,omitempty"`
	CustomerAWSAccountID string    `json:"CustomerAWSAccountId,omitempty"`
	LicenseARN           string    `json:"LicenseArn,omitempty"`
	Value                value     `json:"Value"`
	ExpirationDate       wire.Time `json:"ExpirationDate,omitzero"`
}

// value has exactly one member.
type value struct {
	Integer *int64   `json:"IntegerValue,omitempty"`
	Double  *float64 `json:"DoubleValue,omitempty"`
	Boolean *bool    `json:"BooleanValue,omitempty"`
	String  *string  `json:"StringValue,omitempty"`
}

// position is where an entitlement stands in the list: by licence, then dimension. It does not change when others
// come or go, so that no page repeats or leaves out what was there all the time.
type position struct{ license, dimension string }

func of(e world.Entitlement) position { return position{e.LicenseARN, e.Dimension} }

func (p position) compare(q position) int {
	return cmp.Or(strings.Compare(p.license, q.license), strings.Compare(p.dimension, q.dimension))
}

// page is the part of all that follows after, of at most size.
func page(all []world.Entitlement, after position, size int, question [8]byte) result {
	all = slices.SortedFunc(slices.Values(all), func(a, b world.Entitlement) int { return of(a).compare(of(b)) })
	first, _ := slices.BinarySearchFunc(all, after, func(e world.Entitlement, p position) int {
		return cmp.Or(of(e).compare(p), -1) // the one after it
	})
	rest := all[first:]
	more := len(rest) > size
	rest = rest[:min(size, len(rest))]
	var out result
	for _, e := range rest {
		out.Entitlements = append(out.Entitlements, entitlement{e.ProductCode, e.Dimension, e.CustomerIdentifier, e.CustomerAWSAccountID,
			e.LicenseARN, value(e.Value), wire.Time{Time: e.ExpirationDate}})
	}
	if more {
		out.NextToken = writeToken(of(rest[size-1]), question)
	}
	return out
}

// writeToken names the page after last of the answer to question. It holds all that it needs, and is opaque to clients.
func writeToken(last position, question [8]byte) string {
	return base64.RawURLEncoding.EncodeToString([]byte(string(question[:]) + last.license + "\x00" + last.dimension))
}

// readToken tells after which position to go on; the zero position without a token. A token of another question is
// refused: its position would mean nothing.
func readToken(token *string, question [8]byte) (position, error) {
	if token == nil {
		return position{}, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(*token)
	rest, ours := strings.CutPrefix(string(text), string(question[:]))
	license, dimension, whole := strings.Cut(rest, "\x00")
	if err != nil || !ours || !whole {
		return position{}, invalid("The NextToken is not one of an answer to this request.")
	}
	return position{license, dimension}, nil
}
