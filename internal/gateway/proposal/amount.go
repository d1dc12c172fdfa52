package proposal

import (
	"strings"

	"github.com/shopspring/decimal"

	"souk.dev/souk/contract"
	"souk.dev/souk/internal/fail"
)

// maxAmountDigits is how long an amount may be before the point; AWS does not say.
const maxAmountDigits = 15

// Amount reads an amount of money, which is more than nothing. Errors: fail.Invalid. Source: Agreement API,
// BatchCreateBillingAdjustmentRequestEntry, SendAgreementPaymentRequest.
func Amount(text string) (decimal.Decimal, error) {
	whole, fraction, dot := strings.Cut(text, ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	if !digits(whole) || len(whole) > maxAmountDigits || dot && !digits(fraction) || len(fraction) > contract.MaxAmountPlaces {
		return decimal.Decimal{}, fail.New(fail.Invalid, "amount", "The amount %.40q is none; write it like 12.50, with at most %d digits after the point.", text, contract.MaxAmountPlaces)
	}
	d, err := decimal.NewFromString(text)
	if err != nil || !d.IsPositive() {
		return decimal.Decimal{}, fail.New(fail.Invalid, "amount", "The amount is 0, and must be more.")
	}
	return d, nil
}
