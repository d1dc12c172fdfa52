package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// spool is a file of events, one a line, to which those that are added are appended. It may hold events that were delivered
// already: their IDs make them count nothing when they are delivered again.
type spool struct {
	path string
	f    *os.File
	size int64 // of what is whole
}

// spoolSlack is how large, in bytes, a spool grows before what was delivered is taken out of it, while something waits.
const spoolSlack = 16 << 20

// openSpool opens or makes the file, and reads the events in it. Half a line at its end is what a power cut left of an
// event whose adding was never answered; it is cut off.
func openSpool(path string) (*spool, []Event, error) {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("souk: read the spool: %w", err)
	}
	events, whole, err := readSpool(data)
	if err != nil {
		return nil, nil, fmt.Errorf("souk: the spool %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("souk: open the spool: %w", err)
	}
	s := &spool{path: path, f: f, size: whole}
	if err := errors.Join(f.Truncate(whole), f.Sync(), syncFolder(path)); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("souk: make the spool ready: %w", err), f.Close())
	}
	return s, events, nil
}

// readSpool reads the lines of a spool that are whole, and tells how many bytes they are.
func readSpool(data []byte) (events []Event, whole int64, err error) {
	for line := range bytes.Lines(data) {
		if line[len(line)-1] != '\n' {
			break
		}
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, 0, fmt.Errorf("the line after byte %d is no event: %w", whole, err)
		}
		events, whole = append(events, e), whole+int64(len(line))
	}
	return events, whole, nil
}

// add appends events and returns when they are on disk. After an error none of them is in the spool.
func (s *spool) add(events []Event) error {
	text, err := linesOf(events)
	if err != nil {
		return err
	}
	_, err = s.f.WriteAt(text, s.size)
	if err == nil {
		err = s.f.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("souk: write the spool: %w", err), s.f.Truncate(s.size))
	}
	s.size += int64(len(text))
	return nil
}

// keep lets the spool hold events alone, sooner or later.
func (s *spool) keep(events []Event) error {
	switch {
	case len(events) == 0:
		if err := s.f.Truncate(0); err != nil {
			return fmt.Errorf("souk: empty the spool: %w", err)
		}
		s.size = 0
		return nil
	case s.size < spoolSlack:
		return nil
	}
	text, err := linesOf(events)
	if err != nil || int64(len(text)) > s.size/2 {
		return err
	}
	return s.replace(text)
}

// replace puts a new file in the spool's place: at every moment one of the two is whole.
func (s *spool) replace(text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(s.path), ".spool-*")
	if err != nil {
		return fmt.Errorf("souk: make a new spool: %w", err)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(f.Name(), s.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("souk: make a new spool: %w", err), f.Close(), os.Remove(f.Name()))
	}
	old := s.f
	s.f, s.size = f, int64(len(text))
	return errors.Join(syncFolder(s.path), old.Close())
}

func (s *spool) close() error { return s.f.Close() }

func linesOf(events []Event) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for _, e := range events {
		if err := enc.Encode(e); err != nil {
			return nil, fmt.Errorf("souk: encode event %s: %w", e.ID, err)
		}
	}
	return b.Bytes(), nil
}

// syncFolder makes the name of path survive a power cut.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
