package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"souk.dev/souk/internal/fail"
)

// Copy writes the journal as it is now to w: a copy that is a journal itself, with one more entry that says that it is
// whole. It does not hold Append up.
func (j *Journal) Copy(w io.Writer, kind string, last any) error {
	line, err := encode(kind, last)
	if err != nil {
		return err
	}
	j.mu.Lock()
	end := j.end
	j.mu.Unlock()
	if end < 0 {
		return errors.New("the journal was not replayed")
	}
	if _, err := io.Copy(w, io.NewSectionReader(j.file, 0, end)); err != nil { // lines before end never change
		return fmt.Errorf("copy the journal %s: %w", j.path, err)
	}
	if _, err := w.Write(line); err != nil {
		return fmt.Errorf("copy the journal %s: %w", j.path, err)
	}
	return nil
}

// Snapshot is a journal's copy, in memory.
type Snapshot struct {
	Header Header
	text   []byte
}

// ReadSnapshot reads what [Journal.Copy] has written; kind is that of its last entry.
//
// Errors: fail.Conflict when it is of another format or version; fail.Invalid when its end is missing.
func ReadSnapshot(text []byte, kind string) (*Snapshot, error) {
	head, _, _ := bytes.Cut(text, []byte("\n"))
	h, err := parseHeader(head, "The snapshot")
	if err != nil {
		return nil, err
	}
	body, ended := bytes.CutSuffix(text, []byte("\n"))
	last := body[bytes.LastIndexByte(body, '\n')+1:]
	if !ended || !bytes.HasPrefix(last, []byte(`{"k":"`+kind+`",`)) {
		return nil, fail.New(fail.Invalid, "snapshot", "The snapshot's end is missing; take it again.")
	}
	return &Snapshot{Header: h, text: text}, nil
}

// Replay gives every entry to do, in order, as [Journal.Replay] does.
func (s *Snapshot) Replay(do func(kind string, data []byte) error) error {
	_, err := each(bytes.NewReader(s.text), "of the snapshot", do)
	return err
}

// Unpack makes s the journal in dir, which must not have one, and opens it. It is to be replayed.
//
// Errors: fail.Conflict when there is one.
func (s *Snapshot) Unpack(dir string) (*Journal, error) {
	j, err := Open(dir, s.Header.Seed, s.Header.World)
	if err != nil {
		return nil, err
	}
	if !j.Fresh {
		err := fail.New(fail.Conflict, "data_in_use", "The data folder %s holds a sandbox already; choose another one for the snapshot.", dir)
		return nil, errors.Join(err, j.Close())
	}
	return s.into(j)
}

// Successor is Unpack for a dir whose journal is in use, by this very process: s becomes a journal beside it, which
// takes its place with [Journal.Succeed] and is nothing until then.
func (s *Snapshot) Successor(dir string) (*Journal, error) {
	j, err := create(dir, nextName, os.O_TRUNC)
	if err != nil {
		return nil, err
	}
	return s.into(j)
}

// into makes j, of which nothing is needed, a copy of s.
func (s *Snapshot) into(j *Journal) (*Journal, error) {
	j.Header = s.Header
	if err := j.cut(0); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	if err := j.write(s.text); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	j.Fresh, j.end = false, -1
	return j, nil
}

// Succeed makes j, a [Snapshot.Successor], the journal in its folder. The one before it is written to no more: what it
// still takes is lost with its process.
func (j *Journal) Succeed() error {
	path := filepath.Join(filepath.Dir(j.path), fileName)
	if err := os.Rename(j.path, path); err != nil {
		return fmt.Errorf("put the snapshot in the journal's place: %w", err)
	}
	j.path = path
	return nil
}
