package sandbox

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"souk.dev/souk/internal/fail"
	"souk.dev/souk/internal/sandbox/control"
	"souk.dev/souk/internal/sandbox/world"
)

// maxWorlds is how many named worlds there may be at once: a test suite that ends none of its own should hear of it.
const maxWorlds = 1000

// worldName is what a world may be called: a label of a host name that cannot be mistaken for a part of an address.
var worldName = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$`)

// Where a data folder keeps named worlds: each in a folder of its own below worldsFolder, which has the world's journal
// and, in specFile, what the journal does not say.
const (
	worldsFolder = "worlds"
	specFile     = "world.json"
)

// spec is what a named world's folder says beside its journal.
type spec struct {
	FulfillmentURL string `json:"fulfillmentUrl,omitempty"`
	SignInURL      string `json:"signInUrl,omitempty"`
}

var _ control.Worlds = (*Worlds)(nil)

// Worlds implements [control.Worlds].
func (w *Worlds) Worlds() []control.World {
	all := []control.World{}
	for _, t := range w.all()[1:] {
		all = append(all, w.remoteOf(t))
	}
	return all
}

// World implements [control.Worlds].
func (w *Worlds) World(name string) (control.World, error) {
	w.mu.RLock()
	t := w.tenants[name]
	w.mu.RUnlock()
	if name == "" || t == nil {
		return control.World{}, unknownWorld(name)
	}
	return w.remoteOf(t), nil
}

// MakeWorld implements [control.Worlds]. Errors: fail.Conflict for a name that is taken, or when there are too many
// worlds; fail.Invalid for a name or a world file that cannot be.
func (w *Worlds) MakeWorld(in control.NewWorld) (control.World, error) {
	if in.Name == "" {
		var b [5]byte
		_, _ = rand.Read(b[:]) // never fails
		in.Name = "w" + hex.EncodeToString(b[:])
	}
	if !worldName.MatchString(in.Name) {
		return control.World{}, fail.New(fail.Invalid, "world_name", "A world's name has at most 32 letters, digits and hyphens, and begins with a letter, all lower case; %q does not.", in.Name)
	}
	c := w.configOf(in.Name, spec{in.FulfillmentURL, in.SignInURL})
	c.Frozen, c.Seed, c.Shuffle = in.Frozen, in.Seed, in.Shuffle
	if in.Now != nil {
		c.Now = *in.Now
	}
	if in.File != "" {
		f, err := world.ParseFile([]byte(in.File))
		if err != nil {
			return control.World{}, err
		}
		c.World = f
	}
	w.making.Lock()
	defer w.making.Unlock()
	if w.has(in.Name) {
		return control.World{}, fail.New(fail.Conflict, "world_exists", "There is a world %q already; choose another name, or end that one.", in.Name)
	}
	if len(w.all()) > maxWorlds {
		return control.World{}, fail.New(fail.Conflict, "too_many_worlds", "There are %d worlds, which is as many as there may be; end some.", maxWorlds)
	}
	if err := c.keepSpec(spec{in.FulfillmentURL, in.SignInURL}); err != nil {
		return control.World{}, err
	}
	t, err := w.tenant(c)
	if err != nil {
		return control.World{}, errors.Join(err, c.drop())
	}
	w.admit(t)
	return w.remoteOf(t), nil
}

// EndWorld implements [control.Worlds]: everything of the world is gone. fail.NotFound: there is none.
func (w *Worlds) EndWorld(name string) error {
	w.making.Lock()
	defer w.making.Unlock()
	w.mu.Lock()
	t := w.tenants[name]
	if name != "" {
		delete(w.tenants, name)
	}
	w.mu.Unlock()
	if name == "" || t == nil {
		return unknownWorld(name)
	}
	return errors.Join(w.retire(t), t.cfg.drop())
}

// configOf is the configuration of a named world: the main one's, but for what is its own.
func (w *Worlds) configOf(name string, s spec) Config {
	c := Config{FulfillmentURL: w.cfg.FulfillmentURL, SignInURL: w.cfg.SignInURL, Log: w.cfg.Log, name: name}
	c.BaseURL, c.pages = addressesOf(w.cfg.BaseURL, name)
	if c.Log != nil {
		c.Log = c.Log.With("world", name)
	}
	if s.FulfillmentURL != "" {
		c.FulfillmentURL = s.FulfillmentURL
	}
	if s.SignInURL != "" {
		c.SignInURL = s.SignInURL
	}
	if w.cfg.Data != "" {
		c.Data = filepath.Join(w.cfg.Data, worldsFolder, name)
	}
	return c
}

// keepSpec writes down what a world's journal does not say, if anything is kept at all.
func (c Config) keepSpec(s spec) error {
	if c.Data == "" {
		return nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode what the world %q is made from: %w", c.name, err)
	}
	if err := errors.Join(os.RemoveAll(c.Data), os.MkdirAll(c.Data, 0o700)); err != nil { // one that was half removed may be there
		return fmt.Errorf("make the folder of the world %q: %w", c.name, err)
	}
	if err := os.WriteFile(filepath.Join(c.Data, specFile), append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("keep what the world %q is made from: %w", c.name, err)
	}
	return nil
}

// drop removes all that is kept of a named world. What says that it is a world goes first: one that is half removed is
// none.
func (c Config) drop() error {
	if c.Data == "" {
		return nil
	}
	err := os.Remove(filepath.Join(c.Data, specFile))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err = errors.Join(err, os.RemoveAll(c.Data)); err != nil {
		return fmt.Errorf("remove the folder of the world %q: %w", c.name, err)
	}
	return nil
}

// reopen brings back the named worlds that the data folder keeps.
func (w *Worlds) reopen() error {
	if w.cfg.Data == "" {
		return nil
	}
	kept, err := filepath.Glob(filepath.Join(w.cfg.Data, worldsFolder, "*", specFile))
	if err != nil {
		return fmt.Errorf("look for worlds in %s: %w", w.cfg.Data, err)
	}
	for _, path := range kept {
		name := filepath.Base(filepath.Dir(path))
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read what the world %q is made from: %w", name, err)
		}
		var s spec
		if err := json.Unmarshal(text, &s); err != nil {
			return fmt.Errorf("read what the world %q is made from: %s: %w", name, path, err)
		}
		t, err := w.tenant(w.configOf(name, s))
		if err != nil {
			return fmt.Errorf("bring back the world %q: %w", name, err)
		}
		w.admit(t)
	}
	return nil
}
