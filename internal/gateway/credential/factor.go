package credential

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"souk.dev/souk/internal/clock"
	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/gateway/outbox"
)

// Factor is a second factor, as it is stored: a secret that a program on its owner's telephone knows, too, and makes a code from
// every 30 seconds. Who can read the store can make codes, as who can read a telephone can.
type Factor struct {
	Owner   string // the id of the account, or of the operator
	Secret  string // 160 random bits in base32, as programs take them
	Step    int64  // the newest step whose code was used: none that is not newer is good any more
	AddedAt time.Time
}

// FactorStore keeps second factors and the hashes of recovery codes.
type FactorStore interface {
	// KeepFactor keeps a factor, the hashes of its recovery codes, and what is to be told of it. fail.Conflict where its owner has
	// one.
	KeepFactor(ctx context.Context, f Factor, recovery []string, tell ...outbox.Event) error
	// Factor finds an owner's; fail.NotFound.
	Factor(ctx context.Context, owner string) (Factor, error)
	// UseStep notes that the code of a step was used. It reports false, and changes nothing, where it was used before or a
	// newer one was: of two callers one is told true.
	UseStep(ctx context.Context, owner string, step int64) (bool, error)
	// UseRecovery takes the hash of a recovery code out of the store, and tells how many are left. It reports false where it is
	// not there: of two callers one is told true.
	UseRecovery(ctx context.Context, owner, hash string) (used bool, left int, err error)
	// ForgetFactor forgets a factor and its recovery codes, and keeps what is to be told of it; one that is not there is no error,
	// and nothing is told.
	ForgetFactor(ctx context.Context, owner string, tell ...outbox.Event) error
}

// What programs that make codes take without asking. Source: RFC 6238, section 4 and 5.2 (a step of 30 seconds, one of skew).
var codes = totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

const (
	step          = 30 // seconds
	skew          = 1  // steps that a telephone's clock may be off, each way
	secretBytes   = 20 // RFC 4226, section 4, R6
	recoveryCodes = 10
	recoveryChars = 16 // 80 random bits
)

// Factors adds second factors, proves them and takes them away. Its clock is the system's: telephones know no other.
type Factors struct {
	Store FactorStore
	Clock clock.Clock
}

// NewFactorSecret makes the secret of a factor that is not added yet.
func NewFactorSecret() string {
	var b [secretBytes]byte
	rand.Read(b[:])
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])
}

// Add adds a factor whose owner has shown, by a code, that their program knows secret, and returns its recovery codes, which are
// not kept as they are. tell is kept with it.
//
// Errors: fail.Invalid for a code that is none of secret's; fail.Conflict where there is one already.
func (s Factors) Add(ctx context.Context, owner, secret, code string, tell ...outbox.Event) (recovery []string, err error) {
	at, ok, err := s.stepOf(secret, code)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fail.New(fail.Invalid, "wrong_code", "This is not the code that your program shows now. Look at its clock, and enter the next code.")
	}
	var hashes []string
	for range recoveryCodes {
		text := strings.ToLower(rand.Text()[:recoveryChars])
		hashes = append(hashes, recoveryHash(owner, text))
		recovery = append(recovery, text[:4]+"-"+text[4:8]+"-"+text[8:12]+"-"+text[12:])
	}
	if err := s.Store.KeepFactor(ctx, Factor{Owner: owner, Secret: secret, Step: at, AddedAt: s.Clock.Now()}, hashes, tell...); err != nil {
		return nil, fmt.Errorf("keep a second factor: %w", err)
	}
	return recovery, nil
}

// Has reports whether owner has a factor.
func (s Factors) Has(ctx context.Context, owner string) (bool, error) {
	_, err := s.Store.Factor(ctx, owner)
	if fail.Is(err, fail.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// Proven is how a factor was proven.
type Proven struct {
	ByRecovery bool // by a recovery code
	Left       int  // of them, then
}

// Prove checks a code that owner's program shows, or one of their recovery codes. Each is good once.
//
// Errors: fail.Denied for one that is wrong or was used.
func (s Factors) Prove(ctx context.Context, owner, code string) (Proven, error) {
	f, err := s.Store.Factor(ctx, owner)
	if err != nil {
		return Proven{}, err
	}
	var p Proven
	good := false
	if text := tidy(code); len(text) == recoveryChars {
		good, p.Left, err = s.Store.UseRecovery(ctx, owner, recoveryHash(owner, text))
		p.ByRecovery = true
	} else {
		var at int64
		if at, good, err = s.stepOf(f.Secret, text); err == nil && good {
			good, err = s.Store.UseStep(ctx, owner, at)
		}
	}
	if err != nil {
		return Proven{}, fmt.Errorf("prove a second factor: %w", err)
	}
	if !good {
		return Proven{}, fail.New(fail.Denied, "wrong_code", "This code is not right, or was used before. Enter the one that your program shows now.")
	}
	return p, nil
}

// stepOf finds the step, among those that are near enough to now, whose code it is.
func (s Factors) stepOf(secret, code string) (at int64, ok bool, err error) {
	now := s.Clock.Now()
	for _, off := range []int64{0, -skew, skew} {
		then := now.Add(time.Duration(off*step) * time.Second)
		want, err := totp.GenerateCodeCustom(secret, then, codes)
		if err != nil {
			return 0, false, fail.New(fail.Internal, "", "a stored second factor is not base32") // never quote it
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(tidy(code))) == 1 {
			at, ok = then.Unix()/step, true
		}
	}
	return at, ok, nil
}

// tidy is a code as it is compared: people write it in groups, and large.
func tidy(code string) string {
	if len(code) > 4*recoveryChars {
		return ""
	}
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "\t", "").Replace(code))
}

func recoveryHash(owner, code string) string { return HashOf("recovery " + owner + " " + code) }
