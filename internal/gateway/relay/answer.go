package relay

import (
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// answerHeader is a header of the owner's answer: what it says of it, and the proof that a node of this database has made it for
// this one request. Its code is over that of the request, which no other request has, so that no answer fits another.
const answerHeader = "Souk-Node-Answer"

// Speaks is how much of what nodes say to each other this program understands; each node tells the others with its name. From 1 on
// it proves its answers to whoever asks for that; from 2 on it takes bundles of events; from 3 on, as the owner, it writes down which
// licences it changes.
const Speaks = NotesChanges

const (
	provesAnswers = 1
	takesBundles  = 2
	NotesChanges  = 3
)

// reply is what an owner says of its answer.
type reply struct {
	Length  int64    `json:"length"`  // of the body, in bytes; -1: as long as it comes
	Headers []string `json:"headers"` // the names of the answer's own, in order; no others count
}

// prove makes the proof of an answer whose headers r names. code is the one in it, with which its body's begin.
func (r reply) prove(key []byte, asked tag, status int, header http.Header) (proof string, code tag) {
	said, err := json.Marshal(r)
	if err != nil {
		panic(err) // texts and numbers can be written
	}
	text := encoding.EncodeToString(said)
	code = overAnswer(key, asked, text, status, header, r.Headers)
	return text + "." + encoding.EncodeToString(code[:]), code
}

func overAnswer(key []byte, asked tag, text string, status int, header http.Header, names []string) tag {
	return over(key, header, names, "souk answer 1", encoding.EncodeToString(asked[:]), text, strconv.Itoa(status))
}

// readReply parts an answer's proof into what it says, as text and read, and its code. Nothing of it is to be believed yet.
func readReply(proof string) (r reply, text string, code tag, err error) {
	text, said, code, err := readCoded(proof)
	if err != nil || json.Unmarshal(said, &r) != nil || r.Length < -1 {
		return reply{}, "", tag{}, errProof
	}
	return r, text, code, nil
}

// answerer is the owner's way to answer a request that was brought: it proves what is answered. Call finish when the handler has
// returned; an answer that was given up before is seen to be cut off.
//
// The head waits for the first full piece of the body, or its end, so that a short answer says how long it is.
type answerer struct {
	http.ResponseWriter
	method string
	asked  tag
	chain  chain

	status int    // 0: none yet
	begun  bool   // the head is written
	length int64  // of the body, as the head says; -1: it does not
	came   int64  // of the body, so far
	piece  []byte // under way, after room for its length
	ended  bool   // the last piece is written
}

func newAnswerer(w http.ResponseWriter, method string, key []byte, asked tag) *answerer {
	return &answerer{ResponseWriter: w, method: method, asked: asked, chain: chain{key: key}, piece: make([]byte, lengthSize)}
}

// WriteHeader implements [http.ResponseWriter].
func (a *answerer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK { // what comes before an answer is of one connection
		a.status = status
	}
}

// Write implements [http.ResponseWriter].
//
// Errors: the connection's; http.ErrContentLength for more than the head says.
func (a *answerer) Write(b []byte) (n int, err error) {
	a.WriteHeader(http.StatusOK)
	for len(b) > 0 && err == nil {
		if a.begun && a.length >= 0 && a.came+int64(len(b)) > a.length {
			return n, http.ErrContentLength
		}
		m := min(len(b), lengthSize+pieceSize-len(a.piece))
		a.piece = append(a.piece, b[:m]...)
		a.came += int64(m)
		n, b = n+m, b[m:]
		if len(a.piece) == lengthSize+pieceSize {
			err = a.send(false)
		}
	}
	if err == nil && a.came > 0 && a.came == a.declared() { // whole, before finish
		err = a.send(true)
	}
	return n, err
}

// declared is how long the handler says that the body is; -1: it does not.
func (a *answerer) declared() int64 {
	if a.begun {
		return a.length
	}
	if n, err := strconv.ParseInt(a.Header().Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		return n
	}
	return -1
}

// FlushError sends what is whole: pieces, and an answer of which all has come that its head says. See [http.ResponseController].
func (a *answerer) FlushError() error {
	if !a.begun {
		return nil
	}
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// Unwrap shows the connection to [http.ResponseController].
func (a *answerer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// finish ends the answer.
func (a *answerer) finish() {
	a.WriteHeader(http.StatusOK)
	_ = a.send(true) // whose connection has broken needs no answer
}

// send writes the piece under way; last says that nothing comes after it.
func (a *answerer) send(last bool) error {
	if a.ended {
		return nil
	}
	a.ended = last
	if !a.begun {
		a.begin(last)
	}
	if !hasBody(a.method, a.status) {
		a.piece = a.piece[:lengthSize]
		return nil
	}
	a.piece = a.chain.sealed(a.piece)
	_, err := a.ResponseWriter.Write(a.piece)
	a.piece = a.piece[:lengthSize]
	return err
}

// begin writes the head. whole says that all of the body is in the piece under way.
func (a *answerer) begin(whole bool) {
	header := a.Header()
	content := a.piece[lengthSize:]
	if _, said := header["Content-Type"]; !said && len(content) > 0 && header.Get("Content-Encoding") == "" { // as net/http does
		header.Set("Content-Type", http.DetectContentType(content))
	}
	r := reply{Length: a.declared()}
	if r.Length < 0 && whole && (a.method != http.MethodHead || len(content) > 0) {
		r.Length = int64(len(content))
	}
	if a.status == http.StatusNotModified {
		header.Del("Content-Type") // net/http leaves it out
	}
	r.Headers = goesOn(header)
	a.begun, a.length = true, r.Length
	var proof string
	proof, a.chain.last = r.prove(a.chain.key, a.asked, a.status, header)
	header.Set(answerHeader, proof)
	if r.Length >= 0 && hasBody(a.method, a.status) {
		header.Set("Content-Length", strconv.FormatInt(packedLength(r.Length), 10))
	}
	a.ResponseWriter.WriteHeader(a.status)
}

// hasBody reports whether an answer has a body (RFC 9110, section 6.4.1).
func hasBody(method string, status int) bool {
	return method != http.MethodHead && status != http.StatusNoContent && status != http.StatusNotModified
}

// Why an answer is not believed.
var (
	errNoProof = errors.New("relay: the answer has no proof, or what is none")
	errAnother = errors.New("relay: the answer is not the one that the owner has made for this request")
)

// opened is the answer res to the request with the code asked as its owner has made it. altered is told if its body was.
//
// Errors: the answer is not to be believed.
func opened(res *http.Response, key []byte, asked tag, altered func()) (*http.Response, error) {
	said, text, code, err := readReply(res.Header.Get(answerHeader))
	if err != nil {
		return nil, fmt.Errorf("%w: %d", errNoProof, res.StatusCode)
	}
	if want := overAnswer(key, asked, text, res.StatusCode, res.Header, said.Headers); !hmac.Equal(want[:], code[:]) {
		return nil, errAnother
	}
	own := *res // the connection adds to res what comes after the body
	own.Header, own.Trailer = only(res.Header, said.Headers), nil
	own.ContentLength = said.Length
	if said.Length > 0 || said.Length == 0 && hasBody(http.MethodGet, res.StatusCode) {
		own.Header.Set("Content-Length", strconv.FormatInt(said.Length, 10))
	}
	if hasBody(res.Request.Method, res.StatusCode) {
		own.Body = newUnpacker(res.Body, key, code, altered)
	}
	return &own, nil
}

// proven sends requests, and returns only what the owner has answered.
type proven struct {
	next   http.RoundTripper
	refuse func(e *errand, reason string)
}

// RoundTrip implements [http.RoundTripper].
func (p proven) RoundTrip(req *http.Request) (*http.Response, error) {
	e := errandOf(req.Context())
	res, err := p.next.RoundTrip(req.WithContext(e.ctx)) // without ReverseProxy's ear for what comes before the answer, which nobody proves
	if err != nil || !e.claim.Answer {
		return res, err
	}
	own, err := opened(res, e.key, e.head, func() { p.refuse(e, altered) })
	switch {
	case err == nil:
		return own, nil
	case !errors.Is(err, errNoProof):
		p.refuse(e, forged.reason)
	default:
		p.refuse(e, formless.reason)
		switch res.Header.Get(notDone) {
		case forged.reason, formless.reason, unknown.reason: // who does not know a request's code cannot prove the answer to it
			err = errNotBelieved
		}
	}
	return nil, errors.Join(err, res.Body.Close())
}
