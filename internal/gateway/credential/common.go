package credential

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"sort"
	"strings"
)

// commonPasswords are the 10,000 passwords of [MinPassword] characters or more that leaks have most often, each as the first
// commonBytes of the SHA-256 of its lower case, in order: the words themselves need not stand here, and one in a hundred
// million other passwords is taken for one of them.
//
// Source: SecLists, Passwords/Common-Credentials, 10-million-password-list-top-1000000 (from Mark Burnett's ten million,
// which he gave into the public domain).
//
//go:embed common.bin
var commonPasswords []byte

const commonBytes = 5

// common reports whether a password is one that everybody tries, whatever the case of its letters.
func common(p string) bool {
	sum := sha256.Sum256([]byte(strings.ToLower(p)))
	want := sum[:commonBytes]
	at := func(i int) []byte { return commonPasswords[i*commonBytes : (i+1)*commonBytes] }
	n := len(commonPasswords) / commonBytes
	i := sort.Search(n, func(i int) bool { return bytes.Compare(at(i), want) >= 0 })
	return i < n && bytes.Equal(at(i), want)
}
