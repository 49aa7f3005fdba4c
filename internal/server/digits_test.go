package server_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"vizserver/internal/mnist"
	"vizserver/internal/server"
)

type digitAnswer struct {
	Index, Label, Width, Height int
	Pixels                      string
	Predicted                   *int
}

func TestDigits(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	set := mnist.Test()
	get := func(path string) digitAnswer {
		r := ask{path: path}.do(t, h)
		if r.StatusCode != 200 {
			t.Fatalf("%s: %d %s", path, r.StatusCode, r.body)
		}
		d := readJSON[digitAnswer](t, r)
		greys, err := base64.StdEncoding.DecodeString(d.Pixels)
		if err != nil || !bytes.Equal(greys, set.Image(d.Index)) || d.Label != set.Label(d.Index) {
			t.Errorf("%s: not digit %d of the set (%v)", path, d.Index, err)
		}
		return d
	}
	if d := get("/api/digits/9999"); d.Index != 9999 || d.Predicted != nil {
		t.Errorf("index %d, predicted %v", d.Index, d.Predicted)
	}
	seen := map[int]bool{}
	for range 8 {
		seen[get("/api/digits/random").Index] = true
		if d := get("/api/digits/random?class=4"); d.Label != 4 {
			t.Errorf("asked for a 4, got a %d", d.Label)
		}
		if d := get("/api/digits/random?wrong=mlp-harley&class=8"); d.Label != 8 || d.Predicted == nil || *d.Predicted == 8 {
			t.Errorf("asked for a wrong 8, got %d predicted %v", d.Label, d.Predicted)
		}
		if d := get("/api/digits/random?model=lenet5-1998&class=1&answer=1"); d.Label != 1 || d.Predicted == nil || *d.Predicted != 1 {
			t.Errorf("asked for a right 1, got %d predicted %v", d.Label, d.Predicted)
		}
	}
	if len(seen) < 4 {
		t.Errorf("8 random digits were %d different ones", len(seen))
	}
}

func TestWeights(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	manifest := readJSON[struct {
		Weights struct{ URL, SHA256 string }
	}](t, ask{path: "/api/models/lenet5-1998"}.do(t, h))
	r := ask{path: manifest.Weights.URL}.do(t, h)
	body := r.body
	sum := sha256.Sum256([]byte(body))
	if r.StatusCode != http.StatusOK || hex.EncodeToString(sum[:]) != manifest.Weights.SHA256 {
		t.Errorf("%d, sha %x, want %s", r.StatusCode, sum, manifest.Weights.SHA256)
	}
	if c := r.Header.Get("Cache-Control"); !strings.Contains(c, "immutable") {
		t.Errorf("Cache-Control %q", c)
	}
}
