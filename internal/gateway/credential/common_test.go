package credential

import (
	"bytes"
	"strings"
	"testing"
)

func TestWhatEverybodyTriesIsNoPassword(t *testing.T) {
	for _, p := range []string{"123qweasdzxc", "1qaz2wsx3edc", "Q1W2E3R4T5Y6", "1q2w3e4r5t6y"} {
		if !common(p) || CheckPassword(p, "ada@example.com") == "" {
			t.Errorf("%s is taken", p)
		}
	}
	for _, p := range []string{"correct horse battery", "engines of difference", "1qaz2wsx3edc and more", "пароль длинный"} {
		if say := CheckPassword(p, "ada@example.com"); say != "" {
			t.Errorf("%s: %s", p, say)
		}
	}
}

// The bounds are in characters, whatever they are made of.
func TestAPasswordsLength(t *testing.T) {
	for n, want := range map[int]bool{MinPassword - 1: false, MinPassword: true, 64: true, MaxPassword: true, MaxPassword + 1: false} {
		p := strings.Repeat("äb", n)
		p = string([]rune(p)[:n])
		if say := CheckPassword(p, ""); (say == "") != want {
			t.Errorf("%d characters: %q", n, say)
		}
	}
}

func TestTheListIsInOrder(t *testing.T) {
	if len(commonPasswords)%commonBytes != 0 || len(commonPasswords)/commonBytes < 9_990 {
		t.Fatalf("%d bytes", len(commonPasswords))
	}
	for i := commonBytes; i < len(commonPasswords); i += commonBytes {
		if bytes.Compare(commonPasswords[i-commonBytes:i], commonPasswords[i:i+commonBytes]) >= 0 {
			t.Fatalf("entry %d is out of order", i/commonBytes)
		}
	}
}
