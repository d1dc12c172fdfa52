package world

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// ids makes every identifier of a world. What it draws depends on its seed, on the number of the act that it draws
// for, and on how often it was asked during that act: so an act that was refused leaves no trace in what follows, and
// a journal need not keep it.
type ids struct {
	seed   uint64
	act    uint64
	src    *rand.ChaCha8 // nil until the act draws something
	record cipher.Block
}

func newIDs(seed uint64) *ids {
	key := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("souk records "), seed))
	block, err := aes.NewCipher(key[:16])
	if err != nil {
		panic(err) // 16 bytes are a key
	}
	return &ids{seed: seed, record: block}
}

// turn begins to draw for act number n.
func (g *ids) turn(n uint64) { g.act, g.src = n, nil }

const (
	lowerAlnum = "abcdefghijklmnopqrstuvwxyz0123456789"
	mixedAlnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

func (g *ids) bytes(n int) []byte {
	if g.src == nil {
		text := binary.BigEndian.AppendUint64([]byte("souk world "), g.seed)
		g.src = rand.NewChaCha8(sha256.Sum256(binary.BigEndian.AppendUint64(text, g.act)))
	}
	b := make([]byte, n)
	_, _ = g.src.Read(b) // never fails
	return b
}

// text draws n characters of alphabet.
func (g *ids) text(n int, alphabet string) string {
	return spell(g.bytes(n*2), n, alphabet)
}

// spell writes two bytes of noise as one character.
func spell(noise []byte, n int, alphabet string) string {
	var b strings.Builder
	for i := range n {
		b.WriteByte(alphabet[int(binary.BigEndian.Uint16(noise[i*2:]))%len(alphabet)])
	}
	return b.String()
}

func (g *ids) productID() string   { return "prod-" + g.text(13, lowerAlnum) }
func (g *ids) productCode() string { return g.text(25, lowerAlnum) }
func (g *ids) agreementID() string { return "agmt-" + g.text(25, lowerAlnum) }
func (g *ids) offerID() string     { return "offer-" + g.text(13, lowerAlnum) }
func (g *ids) resaleAuthorization() string {
	return "resaleauthz-" + g.text(13, lowerAlnum)
}

// Identifiers of requests are as long as an agreement's: AWS publishes their patterns only.
func (g *ids) cancellationID() string { return "acr-" + g.text(25, lowerAlnum) }
func (g *ids) requestID() string      { return "ar-" + g.text(25, lowerAlnum) }

func (g *ids) paymentID() string    { return "pr-" + g.text(25, lowerAlnum) }
func (g *ids) adjustmentID() string { return "ba-" + g.text(25, lowerAlnum) }

// caseID is a support case's name, as AWS Support writes it.
func (g *ids) caseID(account string, at time.Time) string {
	return fmt.Sprintf("case-%s-muen-%d-%s", account, at.UTC().Year(), hex.EncodeToString(g.bytes(8)))
}

func (g *ids) invoiceID() string { return spell(g.bytes(2), 1, "123456789") + g.text(9, "0123456789") }

func (g *ids) accountID() string {
	return spell(g.bytes(2), 1, "123456789") + g.text(11, "0123456789")
}

// licenseARN is a new licence's name. The account in it is AWS Marketplace's own, as observed.
func (g *ids) licenseARN() string {
	return "arn:aws:license-manager::294406891311:license:l-" + hex.EncodeToString(g.bytes(16))
}

// token is a registration token's text: opaque, and with all the characters that a form has to encode (+ / =), so
// that a seller who decodes once too often, or not at all, learns it here.
func (g *ids) token() string {
	for {
		if t := base64.StdEncoding.EncodeToString(g.bytes(185)); strings.Contains(t, "+") && strings.Contains(t, "/") {
			return t
		}
	}
}

func (g *ids) uuid() string { return formatUUID([16]byte(g.bytes(16))) }

// recordID is the name of the ledger's record number n in its epoch (the ledger begins a new one at every reset). It
// is computed rather than drawn, so that the ledger needs not keep it.
func (g *ids) recordID(epoch uint64, n uint32) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], epoch)
	binary.BigEndian.PutUint64(b[8:], uint64(n))
	g.record.Encrypt(b[:], b[:])
	return formatUUID(b)
}

func formatUUID(b [16]byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var t [36]byte
	hex.Encode(t[:8], b[:4])
	hex.Encode(t[9:13], b[4:6])
	hex.Encode(t[14:18], b[6:8])
	hex.Encode(t[19:23], b[8:10])
	hex.Encode(t[24:], b[10:])
	t[8], t[13], t[18], t[23] = '-', '-', '-', '-'
	return string(t[:])
}

// customerIdentifier names a buyer to a seller: opaque, and the same for all of the seller's products.
func customerIdentifier(seller, buyer string) string {
	sum := sha256.Sum256([]byte("customer " + seller + " " + buyer))
	return spell(sum[:], 11, mixedAlnum)
}

// publicOfferID names a product's public offer, always in the same way, so that it needs not be written down.
func publicOfferID(productID string) string {
	sum := sha256.Sum256([]byte("public offer " + productID))
	return "offer-" + spell(sum[:], 13, lowerAlnum)
}

// proposalID names a revision of an offer's terms.
func proposalID(offerID string, revision int) string {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("proposal "+offerID+" "), uint64(revision)))
	return "at-" + spell(sum[:], 16, lowerAlnum)
}
