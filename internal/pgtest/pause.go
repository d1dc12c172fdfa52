package pgtest

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// Pause stops the server with all of its sessions where they are, as a machine does that hangs; [Server.Resume] lets them go on.
func (s *Server) Pause(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGSTOP, s.proc.Pid) // which begins no session from then on
	s.signal(t, syscall.SIGSTOP, s.sessions(t)...)
}

// Resume lets a server go on that was paused.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGCONT, append(s.sessions(t), s.proc.Pid)...)
}

func (s *Server) signal(t testing.TB, sig syscall.Signal, processes ...int) {
	t.Helper()
	for _, id := range processes {
		if err := syscall.Kill(id, sig); err != nil && err != syscall.ESRCH { // one that has ended does nothing more
			t.Fatalf("send PostgreSQL's process %d %s: %v", id, sig, err)
		}
	}
}

// sessions are the ids of the processes that the server has started. They are in groups of their own, so that no one signal
// reaches them all.
func (s *Server) sessions(t testing.TB) (ids []int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// The number, the name in brackets, which may have any letters, the state, the parent's number.
		_, rest, _ := bytes.Cut(text[bytes.LastIndexByte(text, ')')+1:], []byte(" "))
		fields := bytes.Fields(rest)
		if len(fields) < 2 || string(fields[1]) != strconv.Itoa(s.proc.Pid) {
			continue
		}
		id, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}
