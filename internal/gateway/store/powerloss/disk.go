// Package powerloss is a disk whose power can be cut, beneath SQLite: what was written and not synced is then kept, lost
// or torn, each write by itself. For tests only.
//
// It owns: files that remember their unsynced writes. It does not own what a database promises; package metering's tests
// hold the laws against it. SQLite itself is another build of the same C code than the one that souk ships with, because
// that one has no way to put files beneath it; what is tested is when souk asks for a sync, and of what.
package powerloss

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/driver" // the driver "sqlite3"
	_ "github.com/ncruces/go-sqlite3/embed"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"

	"souk.dev/souk/internal/gateway/store"
)

// Disk is a disk under power. Make it with [New]; it is safe for concurrent use.
type Disk struct {
	vfs.VFS
	name string

	mu     sync.Mutex
	rand   *rand.Rand
	off    bool
	until  int                // writes that still happen; negative: all
	writes map[string][]write // that are not synced, by path, in order
}

// write is one change of a file. The bytes before tell how to take it back.
type write struct {
	at     int64
	before []byte
	size   int64 // of the file before
	after  []byte
	cut    bool // a truncation to at; after is empty then
}

var disks atomic.Int64

// New is a disk that decides by seed what a cut leaves. It stays registered with SQLite as long as the process lives.
func New(seed uint64) *Disk {
	d := &Disk{VFS: vfs.Find(""), name: fmt.Sprint("powerloss", disks.Add(1)), rand: rand.New(rand.NewPCG(seed, 0)), until: -1, writes: map[string][]write{}}
	vfs.Register(d.name, d)
	return d
}

// Driver opens databases on the disk.
func (d *Disk) Driver() store.Driver {
	return store.Driver{Name: "sqlite3", Params: map[string]string{"vfs": d.name}}
}

// CutAfter cuts the power at the n-th write from now, before it happens; 0 is the next one.
func (d *Disk) CutAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.until = n
}

// Cut cuts the power: from now on every access fails and nothing changes.
func (d *Disk) Cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = true
}

// Off reports whether the power is cut.
func (d *Disk) Off() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.off
}

// Restore gives power again, and decides what is left of the writes that were not synced. All databases on the disk must
// be closed.
func (d *Disk) Restore() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for path, ws := range d.writes {
		if err := d.settle(path, ws); err != nil {
			return fmt.Errorf("give power again: %w", err)
		}
		if err := os.Remove(path + "-shm"); err != nil && !errors.Is(err, os.ErrNotExist) { // it was memory
			return fmt.Errorf("give power again: %w", err)
		}
	}
	clear(d.writes)
	d.off, d.until = false, -1
	return nil
}

func (d *Disk) settle(path string, ws []write) error {
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // it was deleted
	}
	if err != nil {
		return err
	}
	for i := len(ws) - 1; i >= 0; i-- {
		content = put(content, ws[i].at, ws[i].before)[:ws[i].size]
	}
	const sector = 512 // what a disk writes whole
	for _, w := range ws {
		n := len(w.after)
		switch d.rand.IntN(3) {
		case 0: // lost
			continue
		case 1: // torn
			n = d.rand.IntN(n/sector+1) * sector
		}
		if w.cut {
			content = content[:min(int64(len(content)), w.at)]
			continue
		}
		content = put(content, w.at, w.after[:n])
	}
	return os.WriteFile(path, content, 0o600)
}

// put is b with p at an offset, which may lie behind its end.
func put(b []byte, at int64, p []byte) []byte {
	if end := at + int64(len(p)); int64(len(b)) < end {
		b = append(b, make([]byte, end-int64(len(b)))...)
	}
	copy(b[at:], p)
	return b
}

// Open implements [vfs.VFS]. SQLite calls OpenFilename instead.
func (d *Disk) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := d.VFS.Open(name, flags)
	return f, flags, err
}

// OpenFilename implements [vfs.VFSFilename].
func (d *Disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if d.Off() {
		return nil, flags, sqlite3.CANTOPEN
	}
	f, flags, err := vfsutil.WrapOpenFilename(d.VFS, name, flags)
	if err != nil || name == nil { // a temporary file, which nobody needs after a cut
		return f, flags, err
	}
	return &file{File: f, disk: d, path: name.String()}, flags, nil
}

// file is one open file.
type file struct {
	vfs.File
	disk *Disk
	path string
}

var (
	_ vfs.FileSharedMemory = (*file)(nil)
	_ vfs.FileUnwrap       = (*file)(nil)
)

// SharedMemory implements [vfs.FileSharedMemory].
func (f *file) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }

// Unwrap implements [vfs.FileUnwrap].
func (f *file) Unwrap() vfs.File { return f.File }

// ReadAt implements [vfs.File].
func (f *file) ReadAt(p []byte, at int64) (int, error) {
	if f.disk.Off() {
		return 0, sqlite3.IOERR_READ
	}
	return f.File.ReadAt(p, at)
}

// change does one write, and remembers how to take it back.
func (f *file) change(w write, n int64, do func() error) error {
	d := f.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.until == 0 {
		d.off = true
	}
	if d.off {
		return sqlite3.IOERR_WRITE
	}
	if d.until > 0 {
		d.until--
	}
	size, err := f.File.Size()
	if err != nil {
		return err
	}
	w.size = size
	if n = min(n, size-w.at); n > 0 {
		w.before = make([]byte, n)
		if _, err := f.File.ReadAt(w.before, w.at); err != nil && err != io.EOF {
			return err
		}
	}
	if err := do(); err != nil {
		return err
	}
	d.writes[f.path] = append(d.writes[f.path], w)
	return nil
}

// WriteAt implements [vfs.File].
func (f *file) WriteAt(p []byte, at int64) (n int, err error) {
	after := append([]byte(nil), p...)
	err = f.change(write{at: at, after: after}, int64(len(p)), func() error {
		n, err = f.File.WriteAt(after, at)
		return err
	})
	return n, err
}

// Truncate implements [vfs.File].
func (f *file) Truncate(size int64) error {
	return f.change(write{at: size, cut: true}, 1<<62, func() error { return f.File.Truncate(size) })
}

// Sync implements [vfs.File]: what was written until now stays.
func (f *file) Sync(flags vfs.SyncFlag) error {
	d := f.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return sqlite3.IOERR_FSYNC
	}
	if err := f.File.Sync(flags); err != nil {
		return err
	}
	delete(d.writes, f.path)
	return nil
}
