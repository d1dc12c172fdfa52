package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// note is one published note. It never changes: a printed page does not either.
type note struct {
	ID      string `json:"id"`      // grows with time, so that it also sorts
	Account string `json:"account"` // whose it is
	Number  int    `json:"number"`  // 1 for the account's first
	Title   string `json:"title"`
	Text    string `json:"text"`
	Pages   int    `json:"pages"` // as counted when it was published
}

// notebook keeps notes, a file each, all of them in memory too.
type notebook struct {
	dir string

	mu    sync.Mutex
	notes map[string]note
}

var noteID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func openNotebook(dir string) (*notebook, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the notebook: %w", err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	b := &notebook{dir: dir, notes: map[string]note{}}
	for _, name := range names {
		var n note
		data, err := os.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(data, &n)
		}
		if err != nil {
			return nil, fmt.Errorf("read the note %s: %w", filepath.Base(name), err)
		}
		b.notes[n.ID] = n
	}
	return b, nil
}

var errOthersNote = errors.New("the note's id is taken")

// add keeps n and returns it with its number. A note that is there already stays as it is: publishing the same draft
// twice publishes it once.
func (b *notebook) add(n note) (note, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if had, ok := b.notes[n.ID]; ok {
		if had.Account != n.Account {
			return note{}, errOthersNote
		}
		return had, nil
	}
	n.Number = len(b.of(n.Account)) + 1
	data, err := json.Marshal(n)
	if err != nil {
		return note{}, err
	}
	if err := writeFile(filepath.Join(b.dir, n.ID+".json"), data); err != nil {
		return note{}, err
	}
	b.notes[n.ID] = n
	return n, nil
}

// get finds one of the account's notes.
func (b *notebook) get(account, id string) (note, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, ok := b.notes[id]
	return n, ok && n.Account == account
}

// list gives the account's notes, the newest first.
func (b *notebook) list(account string) []note {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.of(account)
}

func (b *notebook) of(account string) []note {
	var mine []note
	for _, n := range b.notes {
		if n.Account == account {
			mine = append(mine, n)
		}
	}
	slices.SortFunc(mine, func(x, y note) int { return strings.Compare(y.ID, x.ID) })
	return mine
}
