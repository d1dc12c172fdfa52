package client

import (
	"crypto/rand"
	"fmt"
	"time"
)

// NewID makes an identifier that no other has and that grows with time: a UUID of version 7 (RFC 9562).
func NewID() string { return newID(time.Now()) }

func newID(now time.Time) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: the program ends first
	ms := now.UnixMilli()
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
