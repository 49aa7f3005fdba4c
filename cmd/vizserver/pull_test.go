package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vizserver/internal/pull"
)

// mirror serves the files of a map.
func mirror(t *testing.T, files map[string]string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, ok := files[strings.TrimPrefix(r.URL.Path, "/")]; ok {
			_, _ = w.Write([]byte(body))
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestPull goes through the life of a file: pulled, there, verified, damaged, pulled again, removed.
func TestPull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url := mirror(t, map[string]string{"resnetv2_50.a1h_in1k.safetensors": "a file whose publisher gives no hash"})
	step := func(code int, part string, args ...string) {
		t.Helper()
		r := vizserver(t, append(args, "--cache", dir)...)
		if r.code != code || !strings.Contains(r.out+r.err, part) {
			t.Fatalf("%v: code %d, want %d; no %q in %s%s", args, r.code, code, part, r.out, r.err)
		}
	}
	step(0, "nothing was pulled", "pull", "verify")
	step(4, "vizserver pull resnet-v2-50", "pull", "verify", "resnet-v2-50")
	step(0, "this first file is trusted", "pull", "resnet-v2-50", "--mirror", url)
	step(0, "is there: "+dir, "pull", "resnet-v2-50@a1h_in1k", "--mirror", url)
	step(0, "resnet-v2-50@a1h_in1k: good, SHA-256 ", "pull", "verify")
	blobs, err := filepath.Glob(filepath.Join(dir, "blobs", "*"))
	if err != nil || len(blobs) != 1 {
		t.Fatalf("%v %v", blobs, err)
	}
	if err := os.WriteFile(blobs[0], []byte("A file whose publisher gives no hash"), 0o600); err != nil {
		t.Fatal(err)
	}
	step(2, "its SHA-256 is", "pull", "verify", "resnet-v2-50")
	step(0, "this first file", "pull", "resnet-v2-50", "--mirror", url)
	step(0, "is removed", "pull", "remove", "resnet-v2-50")
	step(4, "no weights of resnet-v2-50@a1h_in1k to remove", "pull", "remove", "resnet-v2-50")
}

// TestPullMistakes: exit codes, and that nothing is installed.
func TestPullMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url := mirror(t, map[string]string{"squeezenet1_1-b8a52dc0.pth": "not weights"})
	bad := filepath.Join(t.TempDir(), "bad.pth")
	if err := os.WriteFile(bad, []byte("not weights"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		part string
	}{
		{"no name", nil, 80, "name a network, or say --list"},
		{"a name with --list", []string{"resnet18", "--list"}, 80, "--list takes no name"},
		{"two names with --from", []string{"resnet18", "resnet34", "--from", bad}, 80, "for one network"},
		{"no such net", []string{"resnet19"}, 4, "did you mean resnet18?"},
		{"no such tag", []string{"resnet50@v3"}, 4, "did you mean resnet50@imagenet1k_v"},
		{"wrong file", []string{"squeezenet-1.1", "--mirror", url}, 2, "(11 bytes), as the server says, not 4."},
		{"not on the mirror", []string{"resnet18", "--mirror", url}, 4, "the file there is called resnet18-f37072fd.pth"},
		{"mirror over http", []string{"resnet18", "--mirror", "http://example.org"}, 1, "a mirror is https"},
		{"mirror is a file", []string{"resnet18", "--mirror", "file:///etc"}, 2, "is no address"},
		{"the cloud's own address", []string{"resnet18", "--mirror", "http://169.254.169.254/"}, 1, "is not asked"},
		{"wrong file by hand", []string{"squeezenet-1.1", "--from", bad}, 2, "(11 bytes)"},
		{"no such file", []string{"squeezenet-1.1", "--from", bad + "x"}, 4, "there is no file"},
		{"remove what nobody knows", []string{"remove", "resnet19"}, 4, "did you mean"},
	} {
		r := vizserver(t, append(append([]string{"pull"}, c.args...), "--cache", dir)...)
		if r.code != c.code || !strings.Contains(r.err, c.part) || strings.Count(r.err, "\n") > 4 {
			t.Errorf("%s: code %d, want %d: %s", c.name, r.code, c.code, r.err)
		}
	}
	if blobs, _ := filepath.Glob(filepath.Join(dir, "blobs", "*")); len(blobs) > 0 {
		t.Errorf("installed: %v", blobs)
	}
}

func TestPullList(t *testing.T) {
	t.Parallel()
	all, err := pull.Registry()
	if err != nil {
		t.Fatal(err)
	}
	var list []pullLine
	r := vizserver(t, "pull", "--list", "--json", "--cache", t.TempDir())
	if r.code != 0 || json.Unmarshal([]byte(r.out), &list) != nil || len(list) != len(all) {
		t.Fatalf("%d %s %s", r.code, r.out, r.err)
	}
	for _, l := range list {
		if l.Name == "resnet50@imagenet1k_v2" && (l.Hash != "sha256:11ad3fa6…" || l.Top1 != 80.858 || l.SizeMiB != 97.79) {
			t.Errorf("%+v", l) // torchvision's ResNet50_Weights.IMAGENET1K_V2
		}
	}
	if r := vizserver(t, "pull", "--list", "--cache", t.TempDir()); strings.Count(r.out, "\n") != len(all)+1 {
		t.Errorf("%s", r.out)
	}
}
