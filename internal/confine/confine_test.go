package confine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vizserver/internal/confine"
	"vizserver/internal/fault"
)

// sink keeps the compiler from leaving an allocation out.
var sink []byte

// deep goes down n calls.
func deep(n int) int {
	if n == 0 {
		return 0
	}
	return deep(n-1) + 1
}

var jobs = map[string]confine.Job{
	"copy": func(in *os.File, out io.Writer) error {
		_, err := io.Copy(out, io.NewSectionReader(in, 0, 1<<40))
		return err
	},
	"16 TiB": func(*os.File, io.Writer) error { sink = make([]byte, 1<<44); return nil },
	"grow": func(*os.File, io.Writer) error {
		var all [][]byte
		for {
			all = append(all, make([]byte, 1<<20))
			sink = all[len(all)-1]
		}
	},
	"loop": func(*os.File, io.Writer) error {
		for i := 0; ; i++ {
			sink = append(sink[:0], byte(i))
		}
	},
	"sleep": func(*os.File, io.Writer) error { select {} },
	"write": func(_ *os.File, out io.Writer) error {
		for {
			if _, err := out.Write(make([]byte, 4096)); err != nil {
				return err
			}
		}
	},
	"shout": func(*os.File, io.Writer) error {
		for range 1 << 10 {
			_, _ = os.Stderr.Write(bytes.Repeat([]byte("secret "), 1<<10))
		}
		return nil
	},
	"panic": func(*os.File, io.Writer) error { panic("secret") },
	"goroutine panic": func(*os.File, io.Writer) error {
		go func() { panic("secret") }()
		select {}
	},
	"stack": func(*os.File, io.Writer) error { sink = make([]byte, deep(1<<40)); return nil },
	"refuse": func(*os.File, io.Writer) error {
		return fmt.Errorf("outer: %w", fault.New(fault.Unsupported, "no\x1b[2Jt\x00his").WithHint("do that"))
	},
	"plain error": func(*os.File, io.Writer) error { return errors.New("open /secret: no") },
	"environment": func(_ *os.File, out io.Writer) error {
		names, err := os.ReadDir(".")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%d files; HOME=%q", len(names), os.Getenv("HOME"))
		return err
	},
	"many files": func(in *os.File, _ io.Writer) error {
		for i := range 100 {
			f, err := os.Create(fmt.Sprint(i))
			if err != nil {
				return fault.New(fault.Busy, "stopped at %v", i > 10)
			}
			defer f.Close()
		}
		return nil
	},
	"large file": func(*os.File, io.Writer) error {
		return os.WriteFile("large", make([]byte, 64<<20), 0o600)
	},
}

func TestMain(m *testing.M) {
	confine.Main(jobs)
	goleak.VerifyTestMain(m)
}

// file makes a file of these bytes.
func file(tb testing.TB, content string) *os.File {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = f.Close() })
	return f
}

func TestRunHandsBackTheResult(t *testing.T) {
	t.Parallel()
	want := strings.Repeat("0123456789abcdef", 1<<16)
	f := file(t, want)
	if _, err := f.Seek(100, io.SeekStart); err != nil { // its offset does not matter
		t.Fatal(err)
	}
	got, err := confine.Run(t.Context(), "copy", f, confine.Options{})
	if err != nil || string(got) != want {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	got, err = confine.Run(t.Context(), "copy", file(t, ""), confine.Options{})
	if err != nil || len(got) != 0 {
		t.Fatalf("of an empty file: %d bytes, %v", len(got), err)
	}
}

func TestRunConfines(t *testing.T) {
	t.Parallel()
	onLinux := func(name string) string {
		if runtime.GOOS != "linux" {
			return ""
		}
		return name
	}
	for _, tc := range []struct {
		job  string
		o    confine.Options
		kind fault.Kind
		text string
		hint bool
	}{
		{job: "16 TiB", kind: fault.Unprocessable, text: "more memory than 2.0 GiB", hint: true},
		{job: "grow", o: confine.Options{Memory: 1 << 30}, kind: fault.Unprocessable, text: "more memory than 1.0 GiB", hint: true},
		{job: "loop", o: confine.Options{Wall: 300 * time.Millisecond}, kind: fault.Unprocessable, text: "more time than 300ms", hint: true},
		{job: onLinux("loop"), o: confine.Options{CPU: time.Second}, kind: fault.Unprocessable, text: "more time than 1s of the processor", hint: true},
		{job: "sleep", o: confine.Options{Wall: 300 * time.Millisecond}, kind: fault.Unprocessable, text: "more time than 300ms", hint: true},
		{job: "write", o: confine.Options{MaxOutput: 1 << 20}, kind: fault.TooLarge, text: "more than 1.0 MiB"},
		{job: "panic", kind: fault.Unprocessable, text: "damaged in a way that broke its reader", hint: true},
		{job: "goroutine panic", kind: fault.Unprocessable, text: "damaged in a way that broke its reader", hint: true},
		{job: "stack", kind: fault.Unprocessable, text: "damaged in a way that broke its reader", hint: true},
		{job: "refuse", kind: fault.Unsupported, text: "outer: no�[2Jt�his", hint: true},
		{job: "plain error", kind: fault.Internal, text: "the reader of this file failed"},
		{job: "no such job", kind: fault.Internal, text: "the reader of this file failed"},
		{job: onLinux("many files"), kind: fault.Busy, text: "stopped at true"},
		{job: onLinux("large file"), kind: fault.Internal, text: "the reader of this file failed"},
	} {
		if tc.job == "" {
			continue
		}
		t.Run(tc.job+tc.o.CPU.String(), func(t *testing.T) {
			t.Parallel()
			got, err := confine.Run(t.Context(), tc.job, file(t, "x"), tc.o)
			if err == nil || got != nil {
				t.Fatalf("got %d bytes and %v", len(got), err)
			}
			if fault.KindOf(err) != tc.kind || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("%v: %v, want %v with %q", fault.KindOf(err), err, tc.kind, tc.text)
			}
			if strings.Contains(err.Error()+fault.Hint(err), "secret") {
				t.Errorf("words that are not for users: %v", err)
			}
			if (fault.Hint(err) != "") != tc.hint {
				t.Errorf("hint %q, want one: %v", fault.Hint(err), tc.hint)
			}
		})
	}
}

func TestRunIgnoresNoise(t *testing.T) {
	t.Parallel()
	if _, err := confine.Run(t.Context(), "shout", file(t, ""), confine.Options{}); err != nil {
		t.Errorf("a warning is no error: %v", err)
	}
}

func TestChildIsAlone(t *testing.T) {
	t.Parallel()
	got, err := confine.Run(t.Context(), "environment", file(t, "x"), confine.Options{})
	if err != nil || string(got) != `0 files; HOME=""` {
		t.Errorf("%q, %v", got, err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	start := time.Now()
	_, err := confine.Run(ctx, "loop", file(t, "x"), confine.Options{})
	if !errors.Is(err, context.Canceled) || time.Since(start) > 20*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	if _, err = confine.Run(ctx, "copy", file(t, "x"), confine.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that had ended: %v", err)
	}
}

func TestRunWantsARegularFile(t *testing.T) {
	t.Parallel()
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	closed := file(t, "x")
	_ = closed.Close()
	for name, tc := range map[string]struct {
		in   *os.File
		kind fault.Kind
	}{"directory": {dir, fault.Invalid}, "closed": {closed, fault.Internal}} {
		if _, err := confine.Run(t.Context(), "copy", tc.in, confine.Options{}); fault.KindOf(err) != tc.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}
