package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"vizserver/internal/fault"
	"vizserver/internal/pull"
)

// pullCmd fetches official weights and keeps them in order.
type pullCmd struct {
	Get    pullGetCmd    `cmd:"" default:"withargs" help:"Fetch official weights of networks (the default)."`
	Verify pullVerifyCmd `cmd:"" help:"Read pulled weights again and compare their hash."`
	Remove pullRemoveCmd `cmd:"" help:"Delete pulled weights."`
}

// Help implements kong's HelpProvider.
func (pullCmd) Help() string {
	return `NAME is a network of 'vizserver models', or NETWORK@TAG where its publisher has more than one file: 'vizserver pull --list' names all. After it, 'trace', 'classify' and 'show' know the network's weights.

A download that broke off goes on where it ended. A file is installed only after it was compared with what its publisher says: a SHA-256, the first digits of one, or an MD5; its whole SHA-256 is kept and compared from then on. Where the publisher gives no hash, the first download is trusted, and that is said.

Only https is used, and only to the publishers and where they redirect to; a proxy is taken from HTTPS_PROXY. A mirror holds the files under the publisher's names.

Examples:

  vizserver pull resnet18

  vizserver pull resnet50@imagenet1k_v2 --mirror https://mirror.example.org/weights

  vizserver pull vgg16 --from vgg16-397923af.pth

  vizserver pull verify

Exit codes: 0 done, 1 our own fault or not allowed, 2 the wrong file, 3 a full disk, 4 not found, 6 the network, 80 wrong usage.`
}

type pullGetCmd struct {
	Names  []string `arg:"" optional:"" name:"name" help:"Networks, or NETWORK@TAG."`
	List   bool     `help:"List what can be pulled, and what is there."`
	JSON   bool     `name:"json" help:"With --list: a JSON array."`
	Mirror string   `placeholder:"URL" env:"VIZ_MIRROR" help:"Address that the publisher's file name is appended to; https, or http on this machine."`
	From   string   `placeholder:"FILE" help:"Take the file from here instead of the network, after the same checks."`

	cacheFlag `embed:""`
}

// Validate implements kong's Validatable.
func (c *pullGetCmd) Validate() error {
	switch {
	case c.List && (len(c.Names) > 0 || c.From != ""):
		return errors.New("--list takes no name and no --from")
	case c.JSON && !c.List:
		return errors.New("--json goes with --list")
	case !c.List && len(c.Names) == 0:
		return errors.New("name a network, or say --list")
	case c.From != "" && len(c.Names) != 1:
		return errors.New("--from is one file, for one network")
	}
	return nil
}

// Run implements the command.
func (c *pullGetCmd) Run(e *env) error {
	cache, err := c.cache()
	if err != nil {
		return err
	}
	if c.List {
		return listPull(e, cache, c.JSON)
	}
	var files []*pull.File
	for _, name := range c.Names { // a wrong name is told before the first download
		f, err := pull.Find(name)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	for _, f := range files {
		if err := c.one(e, cache, f); err != nil {
			return err
		}
	}
	return nil
}

// one fetches one file.
func (c *pullGetCmd) one(e *env, cache *pull.Cache, f *pull.File) error {
	if path, r, err := cache.Path(f); err == nil {
		_, err := fmt.Fprintf(e.stdout, "%s is there: %s, SHA-256 %s\n", f.ID(), path, r.SHA256)
		return err
	}
	w := newWatcher(e.stderr, f.ID())
	o := pull.Options{Mirror: c.Mirror, Watch: w}
	var r *pull.Record
	var err error
	if c.From != "" {
		if r, err = cache.Install(e.ctx, f, c.From, o); err != nil && fault.KindOf(err) == fault.Internal {
			err = fileError(c.From, err)
		}
	} else {
		r, err = cache.Pull(e.ctx, f, o)
	}
	w.end()
	if err != nil {
		return err
	}
	checked := "compared with the publisher's " + r.CheckedBy
	if r.CheckedBy == pull.FirstUse {
		checked = "the publisher gives no hash: this first file is trusted, and compared with from now on"
	}
	_, err = fmt.Fprintf(e.stdout, "%s: %s, SHA-256 %s\n  %s\n  licence: %s\n", f.ID(), byteText(r.Size), r.SHA256, checked, f.Licence)
	return err
}

// pullLine is one file of pull --list.
type pullLine struct {
	Name    string  `json:"name"`
	URL     string  `json:"url"`
	SizeMiB float64 `json:"size_mib,omitempty"` // as published
	Hash    string  `json:"hash,omitempty"`     // as published
	Licence string  `json:"licence"`
	Source  string  `json:"source"`
	Top1    float64 `json:"top1,omitempty"` // per cent, as published
	Top5    float64 `json:"top5,omitempty"`
	SHA256  string  `json:"sha256,omitempty"` // of the file that is there
	Path    string  `json:"path,omitempty"`
}

// listPull prints what can be pulled.
func listPull(e *env, cache *pull.Cache, asJSON bool) error {
	files, err := pull.Registry()
	if err != nil {
		return err
	}
	lines := []pullLine{}
	rows := [][]string{{"NAME", "CHECKED BY", "THERE", "SIZE", "TOP-1"}}
	for i := range files {
		f := &files[i]
		l := pullLine{
			Name: f.ID(), URL: f.URL, SizeMiB: f.SizeMiB, Licence: f.Licence, Source: f.Source,
			Top1: f.Metrics.Top1, Top5: f.Metrics.Top5,
		}
		switch {
		case f.Prefix != "":
			l.Hash = "sha256:" + f.Prefix + "…"
		case f.MD5 != "":
			l.Hash = "md5:" + f.MD5
		}
		row := []string{l.Name, orDash(l.Hash), "–", "–", "–"}
		if path, r, err := cache.Path(f); err == nil {
			l.Path, l.SHA256, row[2], row[3] = path, r.SHA256, "yes", byteText(r.Size)
		} else if f.SizeMiB > 0 {
			row[3] = fmt.Sprintf("%.1f MiB", f.SizeMiB)
		}
		if l.Top1 > 0 {
			row[4] = fmt.Sprintf("%.2f %%", l.Top1)
		}
		lines, rows = append(lines, l), append(rows, row)
	}
	if asJSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(lines)
	}
	return writeTable(e.stdout, rows, 3)
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

type pullVerifyCmd struct {
	Name string `arg:"" optional:"" help:"Network, or NETWORK@TAG; all that were pulled, without it."`

	cacheFlag `embed:""`
}

// Run implements the command.
func (c *pullVerifyCmd) Run(e *env) error {
	cache, err := c.cache()
	if err != nil {
		return err
	}
	files, err := c.files(cache)
	if err != nil {
		return err
	}
	var first error
	for _, f := range files {
		r, err := cache.Verify(e.ctx, f)
		if err != nil {
			if e.ctx.Err() != nil || len(files) == 1 {
				return err
			}
			report(e.stderr, err)
			if first == nil {
				first = err
			}
			continue
		}
		if _, err := fmt.Fprintf(e.stdout, "%s: good, SHA-256 %s\n", f.ID(), r.SHA256); err != nil {
			return err
		}
	}
	switch {
	case first != nil:
		return fault.New(fault.KindOf(first), "not all weights are as they were").WithHint("the damaged ones were set aside; pull them again")
	case len(files) == 0:
		_, err = fmt.Fprintln(e.stdout, "nothing was pulled yet")
	}
	return err
}

// files are those to verify.
func (c *pullVerifyCmd) files(cache *pull.Cache) ([]*pull.File, error) {
	if c.Name != "" {
		f, err := pull.Find(c.Name)
		return []*pull.File{f}, err
	}
	all, err := pull.Registry()
	if err != nil {
		return nil, err
	}
	var there []*pull.File
	for i := range all {
		if _, _, err := cache.Path(&all[i]); err == nil {
			there = append(there, &all[i])
		}
	}
	return there, nil
}

type pullRemoveCmd struct {
	Name   string `arg:"" help:"Network, or NETWORK@TAG."`
	Forget bool   `help:"Forget its hash too, so that the same name may become another file."`

	cacheFlag `embed:""`
}

// Run implements the command.
func (c *pullRemoveCmd) Run(e *env) error {
	f, err := pull.Find(c.Name)
	if err != nil {
		return err
	}
	cache, err := c.cache()
	if err != nil {
		return err
	}
	if err := cache.Remove(e.ctx, f, c.Forget); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "%s is removed\n", f.ID())
	return err
}

// watcher shows a download: a bar on a terminal, else a line for each tenth.
type watcher struct {
	out         io.Writer
	name        string
	terminal    bool
	bar         *progressbar.ProgressBar
	have, total int64
	told        int64 // tenths that were printed
}

func newWatcher(out io.Writer, name string) *watcher {
	f, ok := out.(*os.File)
	return &watcher{out: out, name: name, terminal: ok && term.IsTerminal(int(f.Fd()))} //nolint:gosec // a file's number is small
}

// Begin implements pull.Watcher.
func (w *watcher) Begin(have, total int64) {
	w.have, w.total, w.told = have, total, 0
	if w.terminal {
		w.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(w.out), progressbar.OptionSetDescription(w.name),
			progressbar.OptionShowBytes(true), progressbar.OptionUseIECUnits(true), progressbar.OptionSetWidth(24), progressbar.OptionThrottle(100*time.Millisecond))
		_ = w.bar.Set64(have) // a picture of progress may fail
	}
	w.tell()
}

// Advance implements pull.Watcher.
func (w *watcher) Advance(n int64) {
	w.have += n
	if w.bar != nil {
		_ = w.bar.Add64(n) // as above
		return
	}
	w.tell()
}

// tell prints a line at the beginning and at each tenth.
func (w *watcher) tell() {
	if w.terminal || w.total <= 0 {
		return
	}
	if tenth := 10 * w.have / w.total; tenth >= w.told {
		_, _ = fmt.Fprintf(w.out, "%s: %s of %s\n", w.name, byteText(w.have), byteText(w.total))
		w.told = tenth + 1
	}
}

// Note implements pull.Watcher.
func (w *watcher) Note(text string) {
	w.end()
	_, _ = fmt.Fprintf(w.out, "%s: %s\n", w.name, text)
}

// end leaves the line of the bar.
func (w *watcher) end() {
	if w.bar != nil {
		_, _ = fmt.Fprintln(w.out)
	}
	w.bar = nil
}
