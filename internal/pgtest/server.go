package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"souk.dev/souk/internal/clock"
)

// patience is how long PostgreSQL may take to start or to stop, on a busy machine.
const patience = 2 * time.Minute

// Server is a PostgreSQL.
type Server struct {
	dir  string // its folder: the socket, and below it the data
	bin  string // where its programs are
	args []string

	attr   syscall.SysProcAttr
	proc   *os.Process
	exited chan struct{}
	log    bytes.Buffer // read after exited is closed

	made sync.Mutex // one database is made at a time: the template must not be in use
	n    int
}

// errMissing is what is wrong on a machine without PostgreSQL.
var errMissing = errors.New("PostgreSQL is not installed; ./check setup does that")

// programs finds the folder of PostgreSQL's programs, the newest version's.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // Debian's places: not in the PATH
	if err != nil {
		return "", err
	}
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if len(found) > 0 {
		return filepath.Dir(found[0]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errMissing
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

// version is the version in the path of a program; 0: none is.
func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// newServer makes a cluster and starts it. PostgreSQL refuses to run as root, so that root runs it as somebody else.
func newServer(args ...string) (s *Server, err error) {
	s = &Server{args: args}
	if s.bin, err = programs(); err != nil {
		return nil, err
	}
	s.attr = syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT, Setpgid: true}
	if os.Getuid() == 0 {
		if s.attr.Credential, err = somebody(); err != nil {
			return nil, err
		}
	}
	if s.dir, err = folder(&s.attr); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(s.dir))
		}
	}()
	make := exec.Command(filepath.Join(s.bin, "initdb"), "--pgdata", s.data(), "--username=souk", "--auth=trust", "--no-sync", "--no-instructions",
		"--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en")
	make.Dir, make.SysProcAttr = s.dir, &s.attr
	if out, err := make.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	return s, s.start()
}

// folder makes a server's folder, which belongs to whoever runs it.
func folder(attr *syscall.SysProcAttr) (dir string, err error) {
	if dir, err = os.MkdirTemp("/tmp", "souk-pg-"); err != nil || attr.Credential == nil { // a socket's path must be short
		return dir, err
	}
	if err := os.Chown(dir, int(attr.Credential.Uid), int(attr.Credential.Gid)); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, nil
}

// somebody is who runs PostgreSQL for root.
func somebody() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// start starts the server. Sessions of one that was killed end within moments, and keep a new one from starting until then.
func (s *Server) start() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		err := s.try(ctx)
		if !errors.Is(err, errEnded) || clock.Sleep(ctx, 50*time.Millisecond) != nil {
			return err
		}
	}
}

var errEnded = errors.New("PostgreSQL ended at once")

// try starts the server and waits until it answers. It ends with the thread that started it, and so with this process,
// however that ends.
func (s *Server) try(ctx context.Context) error {
	s.log.Reset()
	args := append([]string{"-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "max_connections=200", "-c", "shared_buffers=32MB", "-c", "max_wal_size=256MB"}, s.args...)
	cmd := exec.Command(filepath.Join(s.bin, "postgres"), args...)
	cmd.Dir, cmd.SysProcAttr, cmd.Stdout, cmd.Stderr = s.dir, &s.attr, &s.log, &s.log
	started := make(chan error)
	exited := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in the log
		}
		close(exited)
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	s.proc, s.exited = cmd.Process, exited
	for {
		err := s.exec(ctx, "select 1")
		if err == nil {
			return nil
		}
		select {
		case <-exited:
			return fmt.Errorf("%w: %s", errEnded, s.log.String())
		default:
		}
		if clock.Sleep(ctx, 20*time.Millisecond) != nil {
			s.end(syscall.SIGKILL)
			return fmt.Errorf("PostgreSQL does not answer: %w: %s", err, s.log.String())
		}
	}
}

// end sends the server a signal and waits until it is gone.
func (s *Server) end(sig syscall.Signal) {
	_ = s.proc.Signal(sig) // an error means that it is gone already
	<-s.exited
}

// remove ends the server and deletes all it had.
func (s *Server) remove() error {
	s.end(syscall.SIGQUIT)
	return os.RemoveAll(s.dir)
}

// exec runs a statement in the database that every cluster has.
func (s *Server) exec(ctx context.Context, query string) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // the statement is done
	_, err = conn.Exec(ctx, query)
	return err
}

// URL is the address of one of its databases.
func (s *Server) URL(database string) string {
	return "postgres://souk@/" + database + "?host=" + s.dir
}
