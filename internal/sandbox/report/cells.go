package report

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/sandbox/world"
)

const day = 24 * time.Hour

const guide = contract.SellerGuide

// midnight is the last one that is not after t, in UTC.
func midnight(t time.Time) time.Time { return t.UTC().Truncate(day) }

// nextMidnight is the first one after t.
func nextMidnight(t time.Time) time.Time { return midnight(t).Add(day) }

// lastDay is the day before now's.
func lastDay(now time.Time) (from, to time.Time) { return midnight(now).Add(-day), midnight(now) }

func monthStart(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// ever is all time up to now.
func ever(now time.Time) (from, to time.Time) { return time.Time{}, now.Add(time.Nanosecond) }

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func visibility(o world.Offer) string {
	if o.Public {
		return "Public"
	}
	return "Private"
}

// domain is the part of a mail address after the @.
func domain(b world.Buyer) string {
	_, after, _ := strings.Cut(b.Email, "@")
	return after
}

// guid names an account in feeds, where AWS account numbers do not stand: 42 letters and digits, as in AWS's samples.
func guid(account string) string {
	sum := sha256.Sum256([]byte("feed account " + account))
	text := new(big.Int).SetBytes(sum[:]).Text(62)
	return strings.Repeat("0", max(0, 42-len(text))) + text[:min(len(text), 42)]
}

// reference names something by 40 letters and digits.
func reference(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:20])
}

// customerReference names a buyer in reports: unique, and not the account number.
func customerReference(account string) string {
	sum := sha256.Sum256([]byte("customer reference " + account))
	return strconv.FormatUint(binary.BigEndian.Uint64(sum[:])>>1, 10)
}

// listingFee is the part of the price that AWS keeps of a public SaaS offer. Source: seller guide, listing fees. Those
// of private offers depend on their value; they are not played.
var listingFee = decimal.New(3, -2)

// fee is AWS's part of an amount, in cents.
func fee(amount decimal.Decimal) decimal.Decimal { return amount.Mul(listingFee).Round(2) }
