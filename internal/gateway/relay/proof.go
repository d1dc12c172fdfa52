package relay

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"time"
)

// ProofHeader is a header of a request that another node has brought: what that node says of it, and the proof that a node of
// this database says so (HMAC-SHA256, RFC 2104). A request from outside keeps none.
const ProofHeader = "Souk-Node-Proof"

// keyPurpose is what the key of proofs is for, among those that the nodes share.
const keyPurpose = "request between nodes"

// Limits of what a proof may say.
const (
	mostAge   = 30 * time.Second // of a request, by the database's clock; it is proven anew for each try
	mostAhead = 10 * time.Second // two nodes have heard the database's time up to so far apart
	mostProof = 16 << 10         // bytes; servers take 64 KiB of headers
)

// Keys are those that all nodes of one database have, and nobody else. Package seal fulfils it.
type Keys interface {
	NewestKey(purpose string) (id uint32, key []byte, err error)
	// KeyCalled is nil for an id that nobody has made.
	KeyCalled(ctx context.Context, purpose string, id uint32) ([]byte, error)
}

// claim is what a node says of a request that it brings.
type claim struct {
	Key    uint32 `json:"key"`           // under which it is proven
	Node   string `json:"node"`          // the name of the one that says so
	Sender string `json:"sender"`        // its process, which never comes again
	Number uint64 `json:"number"`        // of the request among those of the sender: no two have one
	At     int64  `json:"at"`            // when, by the database's clock, in microseconds
	Epoch  int64  `json:"epoch"`         // of the owner that it is for
	Client string `json:"client"`        // the address of whoever has asked; empty: it has none
	Host   string `json:"host"`          // which the browser has asked for
	Length int64  `json:"length"`        // of the body, in bytes; -1: as long as it comes
	Answer bool   `json:"answer"`        // whether its answer is to be proven
	Own    bool   `json:"own,omitempty"` // whether the node asks for itself, and was not asked by anybody

	// Headers are the names of those that came with the request, in order. No others reach the owner, so that who is in between
	// can add none.
	Headers []string `json:"headers"`
}

func (c claim) at() time.Time { return time.UnixMicro(c.At) }

// tag is the code over a request's head, and the beginning of the chain of those over its body.
type tag [sha256.Size]byte

var encoding = base64.RawURLEncoding.Strict()

// prove makes the proof of a request whose headers c names. head is the code in it, with which its body's begin.
func (c claim) prove(key []byte, method, uri string, header http.Header) (proof string, head tag) {
	said, err := json.Marshal(c)
	if err != nil {
		panic(err) // texts and numbers can be written
	}
	text := encoding.EncodeToString(said)
	head = overRequest(key, text, method, uri, header, c.Headers)
	return text + "." + encoding.EncodeToString(head[:]), head
}

var errProof = errors.New("it is no proof")

// readProof parts a proof into what it says, as text and read, and its code. Nothing of it is to be believed yet.
func readProof(proof string) (c claim, text string, head tag, err error) {
	text, said, head, err := readCoded(proof)
	if err != nil || json.Unmarshal(said, &c) != nil || c.Sender == "" || c.Length < -1 {
		return claim{}, "", tag{}, errProof
	}
	return c, text, head, nil
}

// readCoded parts a proof into its text, what that says (JSON), and its code.
func readCoded(proof string) (text string, said []byte, code tag, err error) {
	text, end, ok := strings.Cut(proof, ".")
	if !ok || len(proof) > mostProof {
		return "", nil, tag{}, errProof
	}
	raw, err := encoding.DecodeString(end)
	if err != nil || len(raw) != len(code) {
		return "", nil, tag{}, errProof
	}
	if said, err = encoding.DecodeString(text); err != nil {
		return "", nil, tag{}, errProof
	}
	return text, said, tag(raw), nil
}

func overRequest(key []byte, text, method, uri string, header http.Header, names []string) tag {
	return over(key, header, names, "souk head 1", text, method, uri)
}

// over is the code over the lines of a head, the first of which says what it is the head of, and the headers with these names.
// Each is on a line of its own, and none has a line's end in it, so that two heads never have the same text.
func over(key []byte, header http.Header, names []string, lines ...string) (t tag) {
	h := hmac.New(sha256.New, key)
	write := func(parts ...string) {
		for _, p := range parts {
			_, _ = io.WriteString(h, p) // a hash takes everything
		}
		_, _ = io.WriteString(h, "\n")
	}
	for _, line := range lines {
		write(line)
	}
	for _, name := range names {
		for _, value := range header.Values(name) {
			write(name, ":", textproto.TrimString(oneLine.Replace(value))) // as net/http sends it
		}
	}
	h.Sum(t[:0])
	return t
}

var oneLine = strings.NewReplacer("\n", " ", "\r", " ")

// hops are headers of one connection, of one body's way, or of what proxies say about them: they do not go on.
var hops = []string{"Connection", "Content-Length", "Expect", "Forwarded", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", ProofHeader, answerHeader}

// goesOn leaves in header only what goes on to the owner, and names it.
func goesOn(header http.Header) []string {
	for _, name := range hops {
		header.Del(name)
	}
	names := make([]string, 0, len(header))
	for name, values := range header {
		if strings.Join(values, "") != "" { // an empty one may be left out on its way
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// only is header with those that are named, and no others.
func only(header http.Header, names []string) http.Header {
	kept := make(http.Header, len(names))
	for _, name := range names {
		if values := header.Values(name); len(values) > 0 {
			kept[http.CanonicalHeaderKey(name)] = values
		}
	}
	return kept
}
