package journal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"souk.dev/souk/internal/fail"
)

// Version is the format's version. A journal of another one is refused.
const Version = 1

const (
	format   = "souk sandbox journal"
	fileName = "sandbox.journal"
	nextName = "sandbox.journal.next" // a snapshot that is being restored
)

// Header is a journal's first line: what the world was made from.
type Header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Seed    uint64 `json:"seed"`
	World   string `json:"world"` // the text of the world file
}

// entry is every other line.
type entry struct {
	Kind string          `json:"k"`
	Data json.RawMessage `json:"d"`
}

// Journal is an open journal. Append may be called concurrently.
type Journal struct {
	Header Header
	// Fresh says that the journal was begun by this Open.
	Fresh bool

	path string
	mu   sync.Mutex
	file *os.File
	end  int64 // where whole lines end; -1 until Replay has found it
}

// Open opens the journal in dir, or begins one with the seed and world given. Only one process can have it open.
//
// Errors: fail.Conflict when another process has it, or it is of another format or version.
func Open(dir string, seed uint64, world string) (*Journal, error) {
	j, err := create(dir, fileName, 0)
	if err != nil {
		return nil, err
	}
	if err := j.begin(seed, world); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

// create opens a file in dir for this process alone, with the flags given beside the usual ones.
func create(dir, name string, flags int) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	if err := lock(f); err != nil {
		_ = f.Close()
		return nil, fail.Wrap(fail.Conflict, err, "in_use", "Another sandbox is using the data folder %s; stop it, or choose another folder.", dir)
	}
	return &Journal{path: path, file: f}, nil
}

// parseHeader reads a first line; path is for errors.
func parseHeader(line []byte, path string) (h Header, err error) {
	if err := json.Unmarshal(line, &h); err != nil || h.Format != format {
		return h, fail.New(fail.Conflict, "journal", "%s is not a sandbox's journal; choose another.", path)
	}
	if h.Version != Version {
		return h, fail.New(fail.Conflict, "journal_version", "%s has the format version %d and this souk knows %d; run the souk that wrote it, or choose another.", path, h.Version, Version)
	}
	return h, nil
}

// begin reads the header, or writes one into a file that has no whole line.
func (j *Journal) begin(seed uint64, world string) error {
	line, err := bufio.NewReader(j.file).ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		j.Header, j.Fresh = Header{Format: format, Version: Version, Seed: seed, World: world}, true
		if err := j.cut(0); err != nil {
			return err
		}
		line, err := json.Marshal(j.Header)
		if err != nil {
			return fmt.Errorf("encode the journal's header: %w", err)
		}
		return j.write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("read the journal's header: %w", err)
	}
	if j.Header, err = parseHeader(line, j.path); err != nil {
		return err
	}
	j.end = -1
	return nil
}

// Replay gives every entry to do, in order, and makes the journal ready for [Journal.Append]. It must be called once
// after Open unless the journal is Fresh. An error of do, or a line that cannot be read, ends it, with the line's number.
func (j *Journal) Replay(do func(kind string, data []byte) error) error {
	if _, err := j.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	end, err := each(j.file, j.path, do)
	if err != nil {
		return err
	}
	return j.cut(end) // what is left, if anything, is torn
}

// each gives every entry of r to do, in order, and tells where the last whole line ends. path is for errors.
func each(from io.Reader, path string, do func(kind string, data []byte) error) (end int64, err error) {
	r := bufio.NewReaderSize(from, 1<<20)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		if err != nil {
			return end, fmt.Errorf("read the journal %s: %w", path, err)
		}
		end += int64(len(line))
		if n == 1 {
			continue
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return end, fmt.Errorf("line %d of the journal %s: %w", n, path, err)
		}
		if err := do(e.Kind, e.Data); err != nil {
			return end, fmt.Errorf("line %d of the journal %s: %w", n, path, err)
		}
	}
}

// cut makes the file end at end, where the next line goes.
func (j *Journal) cut(end int64) error {
	if err := j.file.Truncate(end); err != nil {
		return fmt.Errorf("cut the journal's torn end: %w", err)
	}
	j.end = end
	return nil
}

// Append writes one entry; kind is a plain word. When it returns nil, the entry survives the death of this process. When it fails, the file
// is as before, as far as the disk allows.
func (j *Journal) Append(kind string, data any) error {
	line, err := encode(kind, data)
	if err != nil {
		return err
	}
	return j.write(line)
}

func encode(kind string, data any) ([]byte, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("encode a journal entry: %w", err)
	}
	// Written out by hand: json.Marshal would read raw once more, which metering at full speed feels.
	line := make([]byte, 0, len(raw)+len(kind)+len(`{"k":"","d":}`)+1)
	line = append(append(line, `{"k":"`...), kind...)
	line = append(append(line, `","d":`...), raw...)
	return append(line, '}', '\n'), nil
}

// write puts one line, with its end, behind the others.
func (j *Journal) write(line []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.end < 0 {
		return errors.New("the journal was not replayed")
	}
	n, err := j.file.WriteAt(line, j.end)
	if err != nil {
		return errors.Join(fmt.Errorf("write the journal %s: %w", j.path, err), j.file.Truncate(j.end))
	}
	j.end += int64(n)
	return nil
}

// Close releases the journal.
func (j *Journal) Close() error { return j.file.Close() }
