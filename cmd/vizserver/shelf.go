package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"vizserver/internal/bundle"
	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/pull"
	"vizserver/internal/zoo"
)

// imported is a model of the user's own, in the cache:
//
//	models/NAME.json          this record, written last and removed first
//	models/NAME.safetensors   the model whole, a bundle
type imported struct {
	Name        string    `json:"name"`
	From        string    `json:"from"`   // the file's name
	Format      string    `json:"format"` // of that file
	Input       [3]int    `json:"input"`  // C, H, W
	Units       int       `json:"units"`
	Parameters  int       `json:"parameters"`
	Connections int64     `json:"connections"`
	MACs        int64     `json:"macs"`
	At          time.Time `json:"at"`

	dir string
}

// importedName is what an imported model may be called.
var importedName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

func (m *imported) record() string { return filepath.Join(m.dir, m.Name+".json") }
func (m *imported) bundle() string { return filepath.Join(m.dir, m.Name+".safetensors") }

func modelsDir(cache *pull.Cache) string { return filepath.Join(cache.Dir, "models") }

// findImported returns the model of this name; nil where there is none. A record that cannot
// be read is renamed to .bad.
func findImported(cache *pull.Cache, name string) (*imported, error) {
	if !importedName.MatchString(name) {
		return nil, nil
	}
	m := &imported{Name: name, dir: modelsDir(cache)}
	b, err := os.ReadFile(m.record())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fileError(m.record(), err)
	}
	if json.Unmarshal(b, m) != nil || m.Name != name {
		bad := filepath.Join(m.dir, name+".json")
		if err := os.Rename(bad, bad+".bad"); err != nil {
			return nil, fileError(bad, err)
		}
		return nil, nil
	}
	return m, nil
}

// listImported returns all imported models, by name.
func listImported(cache *pull.Cache) ([]*imported, error) {
	files, err := os.ReadDir(modelsDir(cache)) // sorted
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fileError(modelsDir(cache), err)
	}
	var list []*imported
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".json")
		if !ok {
			continue
		}
		m, err := findImported(cache, name)
		if err != nil {
			return nil, err
		}
		if m != nil {
			list = append(list, m)
		}
	}
	return list, nil
}

// open reads the model; flags may change its labels and how pictures are prepared.
func (m *imported) open(ctx context.Context, f *modelFlags) (*chosen, error) {
	o, err := f.options("")
	if err != nil {
		return nil, err
	}
	c, err := openFile(ctx, m.bundle(), o)
	if err != nil {
		return nil, err
	}
	c.About = fmt.Sprintf("%s: imported from %s (%s) on %s", m.Name, m.From, m.Format, m.At.Format("2006-01-02"))
	return c, nil
}

// checkName says whether a new model may have this name.
func checkName(cache *pull.Cache, name string) error {
	if !importedName.MatchString(name) {
		return fault.New(fault.Invalid, "%.80q is no name for a model", name).WithHint("up to 64 of a-z, 0-9, dot, dash and underscore: --name NAME")
	}
	if _, err := zoo.Find(name); err == nil {
		return fault.New(fault.Invalid, "%s is a network of the table", name).WithHint("choose another name: --name NAME")
	}
	if m, err := findImported(cache, name); m != nil || err != nil {
		if err != nil {
			return err
		}
		return fault.New(fault.Invalid, "there is a model %s already, imported from %s", name, m.From).
			WithHint("choose another name with --name, or: vizserver import remove %s", name)
	}
	return nil
}

// lockModels gives this process the right to change the imported models.
func lockModels(ctx context.Context, cache *pull.Cache) (unlock func(), err error) {
	dir := modelsDir(cache)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fileError(dir, err)
	}
	l := flock.New(filepath.Join(dir, ".lock"))
	if _, err := l.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return nil, fileError(dir, err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".*.*")) // of a process that was killed while it wrote
	for _, f := range left {
		_ = os.Remove(f) // a leftover does no harm
	}
	return func() { _ = l.Unlock() }, nil
}

// keep puts a model on the shelf.
func (m *imported) keep(ctx context.Context, cache *pull.Cache, model *nn.Model, info bundle.Info) error {
	unlock, err := lockModels(ctx, cache)
	if err != nil {
		return err
	}
	defer unlock()
	if err := checkName(cache, m.Name); err != nil { // another process may have been faster
		return err
	}
	if err := writeWhole(m.bundle(), func(w io.Writer) error { return bundle.Write(w, model, info) }); err != nil {
		return err
	}
	return writeWhole(m.record(), func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", " ")
		return enc.Encode(m)
	})
}

// remove deletes a model from the shelf.
func (m *imported) remove(ctx context.Context, cache *pull.Cache) error {
	unlock, err := lockModels(ctx, cache)
	if err != nil {
		return err
	}
	defer unlock()
	for _, name := range []string{m.record(), m.bundle()} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fileError(name, err)
		}
	}
	return nil
}
