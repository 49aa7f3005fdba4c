package pull

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vizserver/internal/fault"
)

const size = 300_000

// holds says whether the cache has exactly the file, under its name, and no part of it.
func holds(t *testing.T, c *Cache, f *File, want []byte) {
	t.Helper()
	path, r, err := c.Path(f)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) || r.SHA256 != shaOf(want) || filepath.Base(path) != shaOf(want)+".pth" {
		t.Errorf("the cache holds other bytes: %d of %d, %+v", len(got), len(want), r)
	}
	left, _ := filepath.Glob(filepath.Join(c.Dir, "part", "*.part*"))
	if len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// TestPullThrough: servers that misbehave in a way that can be mended.
func TestPullThrough(t *testing.T) {
	t.Parallel()
	body := content(size)
	other := append(content(size-1), 0)
	for _, c := range []struct {
		name string
		etag string
		move func(o *origin) func(i int, w http.ResponseWriter, r *http.Request) bool
		note string   // part of what the watcher is told
		want []string // ranges asked for; nil: not looked at
	}{
		{name: "good", etag: `"a"`, want: []string{""}},
		{
			name: "cut twice", etag: `"a"`, note: "trying again", want: []string{"", "bytes=100000-", "bytes=200000-"},
			move: func(o *origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(i int, w http.ResponseWriter, r *http.Request) bool {
					if i < 2 {
						o.good(w, r, 100_000*(i+1))
					}
					return false
				}
			},
		},
		{
			name: "cut, without a mark to go on by", note: "ended", want: []string{"", ""},
			move: func(o *origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(i int, w http.ResponseWriter, r *http.Request) bool {
					if i == 0 {
						o.good(w, r, 100_000)
					}
					return false
				}
			},
		},
		{
			name: "500 twice", etag: `"a"`, note: "answers 500 Internal Server Error; trying again", want: []string{"", "", ""},
			move: func(*origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(i int, w http.ResponseWriter, _ *http.Request) bool {
					if i < 2 {
						w.WriteHeader(500)
					}
					return i < 2
				}
			},
		},
		{
			name: "stalls", etag: `"a"`, note: "stopped sending", want: []string{"", "bytes=70000-"},
			move: func(o *origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(i int, w http.ResponseWriter, r *http.Request) bool {
					if i == 0 {
						w.Header().Set("Etag", o.etag)
						w.Header().Set("Content-Length", fmt.Sprint(size))
						_, _ = w.Write(body[:70_000])
						w.(http.Flusher).Flush()
						<-r.Context().Done()
					}
					return i == 0
				}
			},
		},
		{
			name: "no answer at first", etag: `"a"`, note: "stopped sending", want: []string{"", ""},
			move: func(*origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(i int, _ http.ResponseWriter, r *http.Request) bool {
					if i == 0 {
						<-r.Context().Done()
					}
					return i == 0
				}
			},
		},
		{
			name: "ignores Range", etag: `"a"`, note: "all is fetched anew", want: []string{"", "bytes=100000-"},
			move: func(o *origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(i int, w http.ResponseWriter, r *http.Request) bool {
					if i == 0 {
						o.good(w, r, 100_000)
					}
					r.Header.Del("Range")
					return false
				}
			},
		},
		{
			name: "file changes between", etag: `"b"`, note: "all is fetched anew", want: []string{"", "bytes=100000-"},
			move: func(o *origin) func(int, http.ResponseWriter, *http.Request) bool {
				old := &origin{body: other, etag: `"a"`}
				return func(i int, w http.ResponseWriter, r *http.Request) bool {
					if i == 0 {
						old.good(w, r, 100_000)
					}
					return false
				}
			},
		},
		{
			name: "file changes, and If-Range is ignored", etag: `"b"`, note: "has changed on the server", want: []string{"", "bytes=100000-", ""},
			move: func(o *origin) func(int, http.ResponseWriter, *http.Request) bool {
				old := &origin{body: other, etag: `"a"`}
				return func(i int, w http.ResponseWriter, r *http.Request) bool {
					if i == 0 {
						old.good(w, r, 100_000)
					}
					if i == 1 {
						r.Header.Set("If-Range", o.etag)
					}
					return false
				}
			},
		},
		{
			name: "the mark lies: same ETag, other bytes", etag: `"a"`, note: "damaged", want: []string{"", "bytes=100000-", ""},
			move: func(*origin) func(int, http.ResponseWriter, *http.Request) bool {
				old := &origin{body: bytes.Repeat([]byte{9}, size), etag: `"a"`}
				return func(i int, w http.ResponseWriter, r *http.Request) bool {
					if i == 0 {
						old.good(w, r, 100_000)
					}
					return false
				}
			},
		},
		{
			name: "a range from elsewhere", etag: `"a"`, note: "from byte 50000 on, not from 100000", want: []string{"", "bytes=100000-", ""},
			move: func(o *origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(i int, w http.ResponseWriter, r *http.Request) bool {
					if i == 0 {
						o.good(w, r, 100_000)
					}
					if i == 1 {
						r.Header.Set("Range", "bytes=50000-")
					}
					return false
				}
			},
		},
		{
			name: "slow but moving", etag: `"a"`, want: []string{""},
			move: func(o *origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
					w.Header().Set("Content-Length", fmt.Sprint(size))
					for at := 0; at < size; at += size / 10 {
						_, _ = w.Write(body[at : at+size/10])
						w.(http.Flusher).Flush()
						time.Sleep(50 * time.Millisecond) // in sum longer than Options.Stall
					}
					return true
				}
			},
		},
		{
			name: "redirect within the mirror",
			move: func(*origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(i int, w http.ResponseWriter, r *http.Request) bool {
					if i == 0 {
						http.Redirect(w, r, "/elsewhere", http.StatusFound)
					}
					return i == 0
				}
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := &origin{body: body, etag: c.etag}
			if c.move != nil {
				o.move = c.move(o)
			}
			cache, f := &Cache{Dir: t.TempDir()}, fileOf(body)
			r, told, err := pullNow(t.Context(), t, cache, f, quick(o.start(t)))
			if err != nil {
				t.Fatalf("%v\n%s", err, told)
			}
			holds(t, cache, f, body)
			if r.CheckedBy != "SHA-256 prefix "+f.Prefix || r.Size != size {
				t.Errorf("%+v", r)
			}
			if !strings.Contains(told, c.note) {
				t.Errorf("no %q in %q", c.note, told)
			}
			if c.want != nil && fmt.Sprint(o.calls) != fmt.Sprint(c.want) {
				t.Errorf("asked for %q, want %q", o.calls, c.want)
			}
		})
	}
}

// TestPullRefuses: what cannot be mended is an error that names it, and nothing is installed.
func TestPullRefuses(t *testing.T) {
	t.Parallel()
	body := content(size)
	to := func(url string) func(*origin) func(int, http.ResponseWriter, *http.Request) bool {
		return func(*origin) func(int, http.ResponseWriter, *http.Request) bool {
			return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("Location", url)
				w.WriteHeader(http.StatusFound)
				return true
			}
		}
	}
	status := func(code int) func(*origin) func(int, http.ResponseWriter, *http.Request) bool {
		return func(*origin) func(int, http.ResponseWriter, *http.Request) bool {
			return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
				w.WriteHeader(code)
				return true
			}
		}
	}
	for _, c := range []struct {
		name  string
		move  func(*origin) func(int, http.ResponseWriter, *http.Request) bool
		kind  fault.Kind
		part  string
		calls int
	}{
		{"404", status(404), fault.NotFound, "net@v1 is not at", 1},
		{"403", status(403), fault.Forbidden, "answers 403", 1},
		{"500 for ever", status(500), fault.Busy, "4 times in a row", 4},
		{"redirect to a file", to("file:///etc/passwd"), fault.Forbidden, "only https", 1},
		{"redirect to the cloud's own address", to("http://169.254.169.254/latest"), fault.Forbidden, "only https", 1},
		{"redirect to a private host", to("https://10.0.0.1/x"), fault.Forbidden, "none of a publisher's", 1},
		{"redirect to another port here", to("http://127.0.0.1:1/x"), fault.Forbidden, "only https", 1},
		{"redirect in a circle", to("/again"), fault.Forbidden, "in a circle", 2},
		{
			"announces too much", func(*origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
					w.Header().Set("Content-Length", "99999999999")
					_, _ = w.Write(body)
					return true
				}
			}, fault.Unprocessable, "95367.432 MiB (99999999999 bytes), as the server says", 1,
		},
		{
			"announces a little too much", func(*origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
					w.Header().Set("Content-Length", fmt.Sprint(size+100))
					_, _ = w.Write(body)
					return true
				}
			}, fault.Busy, "ended", 4,
		},
		{
			"announces too little", func(*origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
					w.Header().Set("Content-Length", fmt.Sprint(size-100))
					_, _ = w.Write(body[:size-100])
					return true
				}
			}, fault.Unprocessable, "its SHA-256 is", 1,
		},
		{
			"sends without end", func(*origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(_ int, w http.ResponseWriter, r *http.Request) bool {
					for r.Context().Err() == nil {
						_, _ = w.Write(body)
					}
					return true
				}
			}, fault.TooLarge, "longer than", 1,
		},
		{
			"wrong bytes", func(*origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
					_, _ = w.Write(bytes.Repeat([]byte{7}, size))
					return true
				}
			}, fault.Unprocessable, "its SHA-256 is", 1,
		},
		{
			"a page instead of the file", func(*origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
					_, _ = w.Write([]byte("<html>log in"))
					return true
				}
			}, fault.Unprocessable, "its size", 1,
		},
		{
			"encoded unasked", func(*origin) func(int, http.ResponseWriter, *http.Request) bool {
				return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
					w.Header().Set("Content-Encoding", "gzip")
					_, _ = w.Write(body)
					return true
				}
			}, fault.Unsupported, "encodes", 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := &origin{body: body, etag: `"a"`}
			o.move = c.move(o)
			cache, f := &Cache{Dir: t.TempDir()}, fileOf(body)
			_, told, err := pullNow(t.Context(), t, cache, f, quick(o.start(t)))
			if err == nil || fault.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.part) {
				t.Fatalf("kind %v, want %v; %v\n%s", fault.KindOf(err), c.kind, err, told)
			}
			if fault.Hint(err) == "" && c.kind != fault.Forbidden && c.kind != fault.Unsupported && c.kind != fault.TooLarge {
				t.Errorf("no hint: %v", err)
			}
			if len(o.calls) != c.calls {
				t.Errorf("%d requests, want %d: %v", len(o.calls), c.calls, told)
			}
			var absent *AbsentError
			if _, _, err := cache.Path(f); !errors.As(err, &absent) {
				t.Errorf("something was installed: %v", err)
			}
			if files, _ := filepath.Glob(filepath.Join(cache.Dir, "blobs", "*")); len(files) > 0 {
				t.Errorf("installed: %v", files)
			}
		})
	}
}

// TestPullTwice: what is there is not fetched again; two at once fetch it once.
func TestPullTwice(t *testing.T) {
	t.Parallel()
	body := content(size)
	o := &origin{body: body, etag: `"a"`}
	o.move = func(int, http.ResponseWriter, *http.Request) bool {
		time.Sleep(50 * time.Millisecond) // so that the other one comes while this one works
		return false
	}
	cache, f, url := &Cache{Dir: t.TempDir()}, fileOf(body), o.start(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := cache.Pull(t.Context(), f, quick(url)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	holds(t, cache, f, body)
	if len(o.calls) != 1 {
		t.Errorf("fetched %d times", len(o.calls))
	}
}

// TestKeep: a damaged file is seen and set aside, a removed one is gone, and the same name
// cannot become another file unless it is forgotten.
func TestKeep(t *testing.T) {
	t.Parallel()
	body := content(size)
	o := &origin{body: body}
	cache, f, url := &Cache{Dir: t.TempDir()}, fileOf(body), o.start(t)
	f.Prefix = "" // as on the Hugging Face hub
	r, err := cache.Pull(t.Context(), f, quick(url))
	if err != nil || r.CheckedBy != FirstUse {
		t.Fatalf("%+v %v", r, err)
	}
	if _, err := cache.Verify(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	path, _, err := cache.Path(f)
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Clone(body)
	bad[77]++
	if err := os.WriteFile(path, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	var wrong *WrongFileError
	if _, err := cache.Verify(t.Context(), f); !errors.As(err, &wrong) || wrong.Got != shaOf(bad) {
		t.Errorf("damage was not seen: %v", err)
	}
	var absent *AbsentError
	if _, _, err := cache.Path(f); !errors.As(err, &absent) {
		t.Errorf("the damaged file is still in use: %v", err)
	}
	o.replace(bad)
	if _, err := cache.Pull(t.Context(), f, quick(url)); !errors.As(err, &wrong) || !strings.Contains(fault.Hint(err), "--forget") {
		t.Errorf("the name became another file: %v", err)
	}
	if err := cache.Remove(t.Context(), f, true); err != nil {
		t.Fatal(err)
	}
	if _, err := cache.Pull(t.Context(), f, quick(url)); err != nil {
		t.Errorf("after it was forgotten: %v", err)
	}
	holds(t, cache, f, bad)
	if err := cache.Remove(t.Context(), f, false); err != nil {
		t.Fatal(err)
	}
	if err := cache.Remove(t.Context(), f, false); fault.KindOf(err) != fault.NotFound {
		t.Errorf("removed twice: %v", err)
	}
}

// TestInstall: --from checks as a download is checked.
func TestInstall(t *testing.T) {
	t.Parallel()
	body := content(size)
	dir := t.TempDir()
	good, bad, long := filepath.Join(dir, "good"), filepath.Join(dir, "bad"), filepath.Join(dir, "long")
	for name, b := range map[string][]byte{good: body, bad: content(size + 1)[1:], long: content(size + 5000)} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cache, f := &Cache{Dir: filepath.Join(dir, "cache")}, fileOf(body)
	for name, want := range map[string]fault.Kind{
		bad: fault.Unprocessable, long: fault.TooLarge, dir: fault.Invalid, filepath.Join(dir, "none"): fault.Internal,
	} {
		if _, err := cache.Install(t.Context(), f, name, Options{}); err == nil || fault.KindOf(err) != want {
			t.Errorf("%s: %v", filepath.Base(name), err)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(cache.Dir, "*", "*[^k]")); len(files) > 0 {
		t.Errorf("left over: %v", files)
	}
	if _, err := cache.Install(t.Context(), f, good, Options{}); err != nil {
		t.Fatal(err)
	}
	holds(t, cache, f, body)
	if _, err := os.Stat(good); err != nil {
		t.Error("the user's own file is gone")
	}
}
