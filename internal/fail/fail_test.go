package fail

import (
	"errors"
	"testing"
)

// A cause is told behind the sentence, whose full stop would read as part of what it names last.
func TestErrorTellsTheCause(t *testing.T) {
	cause := errors.New("stat /backup/n: no such file")
	err := Wrap(Invalid, cause, "no_backup", "There is no backup at %s.", "/backup/n")
	if got := err.Error(); got != "There is no backup at /backup/n: stat /backup/n: no such file" || !errors.Is(err, cause) {
		t.Error(got)
	}
	if got := New(Invalid, "", "There is none.").Error(); got != "There is none." {
		t.Error(got)
	}
}
