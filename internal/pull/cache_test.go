package pull

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/zoo"
)

// TestRegistry: each file is of a net of the zoo that has no weights in the binary, has an
// address that may be asked, one hash at most of each kind, and the preprocessing of its net
// where it is the first of it.
func TestRegistry(t *testing.T) {
	t.Parallel()
	list, err := Registry()
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPolicy("")
	if err != nil {
		t.Fatal(err)
	}
	ids, nets := map[string]bool{}, map[string]bool{}
	for i := range list {
		f := &list[i]
		e, err := zoo.Find(f.Net)
		if err != nil || e.Task != zoo.ImageNet {
			t.Errorf("%s: %v", f.ID(), err)
			continue
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL, nil)
		if err != nil || p.check(r.URL) != nil {
			t.Errorf("%s: %s %v", f.ID(), f.URL, err)
		}
		if ids[f.ID()] || f.Tag == "" || f.Name != filepath.Base(f.Name) || f.Licence == "" || f.Source == "" || f.Pre.Source == "" {
			t.Errorf("%s stands twice, or is not complete: %+v", f.ID(), f)
		}
		if f.Prefix != "" && !strings.Contains(f.URL, f.Prefix) {
			t.Errorf("%s: the prefix %s is not the publisher's", f.ID(), f.Prefix)
		}
		if f.Prefix == "" && f.MD5 == "" && !strings.HasPrefix(f.URL, "https://huggingface.co/") {
			t.Errorf("%s has no hash", f.ID())
		}
		// The digits of mean and deviation stand in both; where the picture is cut must agree.
		if a, b := f.Pre, e.Image; !nets[f.Net] && f.Layout == "" && (a.Size != b.Size || a.Resize != b.Resize || a.Resample != b.Resample ||
			a.Range != b.Range || a.Mean != b.Mean || a.Std != b.Std || a.BGR != b.BGR) {
			t.Errorf("%s wants %+v, and the zoo gives %+v", f.ID(), a, b)
		}
		ids[f.ID()], nets[f.Net] = true, true
	}
	if len(nets) < 30 {
		t.Errorf("weights of %d nets only", len(nets))
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"resnet50": "resnet50@imagenet1k_v1", "resnet50@imagenet1k_v2": "resnet50@imagenet1k_v2",
		"resnet51": "resnet50", "resnet50@imagenet1k_v3": "resnet50@imagenet1k_v1", "": "nin", "../x": "",
	} {
		f, err := Find(name)
		var unknown *UnknownError
		switch {
		case err == nil && f.ID() != want:
			t.Errorf("%q is %s, want %s", name, f.ID(), want)
		case err != nil && (!errors.As(err, &unknown) || want != "" && name != "" && unknown.Near != want):
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestBadRecords: what is damaged in the cache is set aside and counts as nothing.
func TestBadRecords(t *testing.T) {
	t.Parallel()
	body := content(1000)
	f := fileOf(body)
	good := Record{Net: f.Net, Tag: f.Tag, Blob: shaOf(body) + ".pth", SHA256: shaOf(body), Size: 1000}
	for name, change := range map[string]func(*Record){
		"another net": func(r *Record) { r.Net = "other" },
		"a path":      func(r *Record) { r.Blob = "../" + r.Blob },
		"no hash":     func(r *Record) { r.SHA256, r.Blob = "", ".pth" },
		"other hash":  func(r *Record) { r.SHA256 = strings.Repeat("0", 64) },
		"good":        func(*Record) {},
		"size":        func(r *Record) { r.Size++ },
	} {
		cache := &Cache{Dir: t.TempDir()}
		if err := cache.make(); err != nil {
			t.Fatal(err)
		}
		r := good
		change(&r)
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		for path, b := range map[string][]byte{cache.recordPath(f): b, filepath.Join(cache.Dir, "blobs", good.Blob): body} {
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, _, err = cache.Path(f)
		var absent *AbsentError
		if name == "good" != (err == nil) || err != nil && !errors.As(err, &absent) {
			t.Errorf("%s: %v", name, err)
		}
		_, err = os.Stat(cache.recordPath(f) + ".bad")
		if aside := err == nil; aside != (name != "good" && name != "size") {
			t.Errorf("%s: set aside %v", name, aside)
		}
	}
}

// TestBadParts: a state of a download that is damaged or of another address is not gone on with.
func TestBadParts(t *testing.T) {
	t.Parallel()
	body := content(size)
	for name, state := range map[string]string{
		"none": "", "no JSON": "{", "another address": `{"url":"https://evil.org/x","etag":"\"a\"","total":300000}`,
		"longer than the file": `{"url":"URL","etag":"\"a\"","total":300000}`,
	} {
		o := &origin{body: body, etag: `"a"`}
		cache, f, url := &Cache{Dir: t.TempDir()}, fileOf(body), o.start(t)
		if err := cache.make(); err != nil {
			t.Fatal(err)
		}
		part := bytes.Repeat([]byte{1}, 1000)
		if name == "longer than the file" {
			part = bytes.Repeat([]byte{1}, size+5)
		}
		state = strings.Replace(state, "URL", url+"/"+f.Name, 1)
		for path, b := range map[string][]byte{cache.partPath(f): part, cache.partPath(f) + ".json": []byte(state)} {
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, told, err := pullNow(t.Context(), t, cache, f, quick(url)); err != nil {
			t.Errorf("%s: %v\n%s", name, err, told)
			continue
		}
		holds(t, cache, f, body)
	}
}

// TestDiskFull: it is said before the download where it can be known, and nothing is left.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	body := content(size)
	o := &origin{body: body}
	cache, f := &Cache{Dir: t.TempDir()}, fileOf(body)
	options := quick(o.start(t))
	options.free = func(string) (int64, bool) { return size - 1, true }
	_, err := cache.Pull(t.Context(), f, options)
	if fault.KindOf(err) != fault.TooLarge || !strings.Contains(err.Error(), "is full: 293 KiB are needed, ") {
		t.Errorf("%v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(cache.Dir, "*", "*.part*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// TestNoPermission: a cache that cannot be written is named, with what to do.
func TestNoPermission(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	body := content(size)
	_, err := (&Cache{Dir: filepath.Join(file, "cache")}).Pull(t.Context(), fileOf(body), quick("http://127.0.0.1:1"))
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("%v", err)
	}
	if os.Getuid() == 0 {
		return // root may write anywhere
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil { //nolint:gosec // a directory
		t.Fatal(err)
	}
	_, err = (&Cache{Dir: dir}).Pull(t.Context(), fileOf(body), quick("http://127.0.0.1:1"))
	if fault.KindOf(err) != fault.Forbidden || !strings.Contains(fault.Hint(err), "VIZ_CACHE") {
		t.Errorf("%v", err)
	}
}
