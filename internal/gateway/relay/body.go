package relay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A body travels between nodes in pieces: its length (4 bytes, big-endian), its bytes, and a code over the code before it and
// both. The first follows the code over the request's head. A piece that is not full is the last, so that nothing can be cut
// off; and nothing of a piece is believed before all of it has come.
const (
	pieceSize  = 8 << 10 // bytes of a full piece's content
	lengthSize = 4
	extraSize  = lengthSize + sha256.Size
)

// packedLength is how long a body of n bytes is on its way.
func packedLength(n int64) int64 { return n + (n/pieceSize+1)*extraSize }

// altered is why a body is not believed, in logs and metrics.
const altered = "altered"

// chain makes the codes of one body's pieces.
type chain struct {
	key  []byte
	last tag
}

func (c *chain) next(piece []byte) tag {
	h := hmac.New(sha256.New, c.key)
	for _, part := range [][]byte{[]byte("souk piece 1\n"), c.last[:], piece} {
		_, _ = h.Write(part) // a hash takes everything
	}
	h.Sum(c.last[:0])
	return c.last
}

// sealed completes a piece: its content is there, after room for its length.
func (c *chain) sealed(piece []byte) []byte {
	binary.BigEndian.PutUint32(piece, uint32(len(piece)-lengthSize))
	code := c.next(piece)
	return append(piece, code[:]...)
}

// packer is a body in pieces.
type packer struct {
	body  io.ReadCloser
	chain chain
	buf   []byte // of one piece
	rest  []byte // of buf, to be read
	ended bool   // body has
	done  bool   // the last piece is made
}

func newPacker(body io.ReadCloser, key []byte, head tag) *packer {
	return &packer{body: body, chain: chain{key, head}}
}

// Read implements [io.Reader].
func (p *packer) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.done {
			return 0, io.EOF
		}
		if err := p.pack(); err != nil {
			return 0, err
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// pack makes the next piece.
func (p *packer) pack() error {
	if p.buf == nil {
		p.buf = make([]byte, pieceSize+extraSize)
	}
	n := 0
	for n < pieceSize && !p.ended {
		m, err := p.body.Read(p.buf[lengthSize+n : lengthSize+pieceSize])
		n += m
		if p.ended = errors.Is(err, io.EOF); err != nil && !p.ended {
			return err // one that broke off (io.ErrUnexpectedEOF), too: it must not look like a whole one
		}
	}
	p.rest, p.done = p.chain.sealed(p.buf[:lengthSize+n]), n < pieceSize
	return nil
}

// Close implements [io.Closer].
func (p *packer) Close() error { return p.body.Close() }

// errAltered is of a body that is not the one that was sent.
var errAltered = errors.New("relay: the body was altered or cut off on its way between nodes")

// unpacker is the body that came in pieces.
type unpacker struct {
	body  io.ReadCloser
	chain chain
	tell  func() // is called once, if the body was altered
	buf   []byte
	rest  []byte
	err   error // of all that is read after rest
}

func newUnpacker(body io.ReadCloser, key []byte, head tag, tell func()) *unpacker {
	return &unpacker{body: body, chain: chain{key, head}, tell: tell}
}

// Read implements [io.Reader].
//
// Errors: those of the connection, or one that says that the body was altered.
func (u *unpacker) Read(b []byte) (int, error) {
	for len(u.rest) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		u.err = u.unpack()
	}
	n := copy(b, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}

// unpack reads a piece. It returns io.EOF with the last one.
func (u *unpacker) unpack() error {
	if u.buf == nil {
		u.buf = make([]byte, pieceSize+extraSize)
	}
	if err := u.read(u.buf[:lengthSize]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(u.buf)
	if n > pieceSize {
		return u.bad()
	}
	piece := u.buf[:lengthSize+n]
	code := u.buf[len(piece) : len(piece)+sha256.Size]
	if err := u.read(u.buf[lengthSize : len(piece)+sha256.Size]); err != nil {
		return err
	}
	if want := u.chain.next(piece); !hmac.Equal(want[:], code) {
		return u.bad()
	}
	u.rest = piece[lengthSize:]
	if n == pieceSize {
		return nil
	}
	if m, err := io.ReadFull(u.body, make([]byte, 1)); m > 0 || !errors.Is(err, io.EOF) { // also that the connection sees the end
		return u.bad()
	}
	return io.EOF
}

func (u *unpacker) read(b []byte) error {
	_, err := io.ReadFull(u.body, b)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return u.bad()
	}
	return fmt.Errorf("read a body from another node: %w", err)
}

func (u *unpacker) bad() error {
	u.tell()
	return errAltered
}

// Close implements [io.Closer].
func (u *unpacker) Close() error { return u.body.Close() }
