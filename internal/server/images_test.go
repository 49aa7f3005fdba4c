package server_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vizserver/internal/server"
)

// strokePNG is a dark vertical stroke on white paper.
func strokePNG(t *testing.T) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 90, 120))
	for y := range 120 {
		for x := range 90 {
			ink := x >= 40 && x < 52 && y >= 20 && y < 100
			m.SetGray(x, y, map[bool]color.Gray{true: {Y: 10}, false: {Y: 250}}[ink])
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pngHeader is the head of a PNG of any size, without its pixels.
func pngHeader(w, h uint32) string {
	head := []byte("IHDR\x00\x00\x00\x00\x00\x00\x00\x00\x08\x02\x00\x00\x00")
	binary.BigEndian.PutUint32(head[4:], w)
	binary.BigEndian.PutUint32(head[8:], h)
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	b = append(b, head...)
	return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(head)))
}

type pictureAnswer struct {
	Width, Height int
	Pixels        string
	Blank         bool
	Notices       []struct{ Code, Text string }
}

func TestPicture(t *testing.T) {
	t.Parallel()
	h := newServer(t, server.Options{}).Handler()
	r := ask{method: "POST", path: "/api/images", body: string(strokePNG(t)), header: []string{"Content-Type", "image/jpeg"}}.do(t, h)
	if r.StatusCode != 200 {
		t.Fatalf("%d: %s", r.StatusCode, r.body)
	}
	a := readJSON[pictureAnswer](t, r)
	greys, err := base64.StdEncoding.DecodeString(a.Pixels)
	if err != nil || len(greys) != 28*28 || a.Width != 28 || a.Height != 28 || a.Blank {
		t.Fatalf("%d greys of %d×%d, blank %v, %v", len(greys), a.Width, a.Height, a.Blank, err)
	}
	// MNIST's recipe: 20 rows high, centre of mass in the middle, ink is light
	rows := 0
	for y := range 28 {
		if bytes.Count(greys[y*28:(y+1)*28], []byte{0}) < 28 {
			rows++
		}
	}
	if rows < 19 || rows > 22 || greys[14*28+14] < 200 || greys[0] != 0 {
		t.Errorf("%d rows of ink, middle %d, corner %d", rows, greys[14*28+14], greys[0])
	}

	m := image.NewNRGBA(image.Rect(0, 0, 30, 30)) // transparent, with a spot
	for i := range 8 {
		m.SetNRGBA(10+i, 15, color.NRGBA{A: 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	r = ask{method: "POST", path: "/api/images", body: b.String(), header: []string{"Accept-Language", "zh"}}.do(t, h)
	a = readJSON[pictureAnswer](t, r)
	if len(a.Notices) != 1 || a.Notices[0].Code != "flattened" || a.Notices[0].Text != "透明部分以白色填充。" {
		t.Errorf("notices %+v", a.Notices)
	}
}

// TestBadPictures is reliability §2.5, images, as far as HTTP answers them.
func TestBadPictures(t *testing.T) {
	t.Parallel()
	s := newServer(t, server.Options{Limits: server.Limits{ImageBytes: 1 << 20}})
	h := s.Handler()
	good := string(strokePNG(t))
	for _, c := range []struct {
		name   string
		body   string
		header []string
		status int
		part   string // of the English sentence
	}{
		{"empty", "", nil, 400, "empty"},
		{"PNG bomb", pngHeader(20000, 20000) + "\x00\x00\x00\x00IDAT\x35\xaf\x06\x1e", nil, 413, "limit"},
		{"PNG of no pixels", pngHeader(0, 0), nil, 422, ""},
		{"cut PNG", good[:len(good)/2], nil, 422, ""},
		{"header alone", pngHeader(28, 28), nil, 422, ""},
		{"text named PNG", "hello", []string{"Content-Type", "image/png"}, 415, ""},
		{"SVG", `<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`, nil, 415, "SVG"},
		{"HTML", "<!doctype html><script>1</script>", nil, 415, ""},
		{"BMP", "BM\x00\x00\x00\x00\x00\x00\x00\x00", nil, 415, "BMP"},
		{"TIFF", "II*\x00", nil, 415, "TIFF"},
		{"HEIC", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", nil, 415, "HEIC"},
		{"zip", "PK\x03\x04", nil, 415, ""},
		{"multipart", good, []string{"Content-Type", "multipart/form-data; boundary=x"}, 400, "form"},
		{"gzip", good, []string{"Content-Encoding", "gzip"}, 415, "Content-Encoding"},
		{"too long", strings.Repeat("x", 1<<20+1), nil, 413, "1 MiB"},
	} {
		r := ask{method: "POST", path: "/api/images", body: c.body, header: c.header}.do(t, h)
		body := r.body
		if r.StatusCode != c.status || r.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s: %s", c.name, r.StatusCode, r.Header.Get("Content-Type"), body)
		}
		if !strings.Contains(body, c.part) {
			t.Errorf("%s: no %q in %s", c.name, c.part, body)
		}
		for _, leak := range []string{"/work", "goroutine", "imgio", ".go:"} {
			if strings.Contains(body, leak) {
				t.Errorf("%s: %q leaks in %s", c.name, leak, body)
			}
		}
		if r := (ask{path: "/healthz"}).do(t, h); r.StatusCode != 200 {
			t.Fatalf("%s: not healthy after", c.name)
		}
	}
}

// TestChunkedBody: no length is announced, so the bytes must be counted.
func TestChunkedBody(t *testing.T) {
	t.Parallel()
	hs := httptest.NewServer(newServer(t, server.Options{Limits: server.Limits{ImageBytes: 64 << 10}}).Handler())
	t.Cleanup(hs.Close)
	r, w := io.Pipe()
	go func() {
		chunk := []byte("GIF89a")
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}()
	defer func() { _ = r.Close() }()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, hs.URL+"/api/images", r)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != 413 || !res.Close {
		t.Errorf("%d, close %v", res.StatusCode, res.Close)
	}
}

// TestSlowUpload: a body that stops moving is given up with 408.
func TestSlowUpload(t *testing.T) {
	t.Parallel()
	hs := httptest.NewServer(newServer(t, server.Options{Limits: server.Limits{UploadGrace: 100 * time.Millisecond}}).Handler())
	t.Cleanup(hs.Close)
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", hs.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "POST /api/images HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nGIF89a"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") {
		t.Errorf("got %.200q", answer)
	}
}

// TestFullQueue: while every place is taken, the next is sent away at once.
func TestFullQueue(t *testing.T) {
	t.Parallel()
	hs := httptest.NewServer(newServer(t, server.Options{Limits: server.Limits{Uploads: 1, UploadGrace: time.Minute}}).Handler())
	t.Cleanup(hs.Close)
	slow, w := io.Pipe()
	first := make(chan int, 1)
	started := make(chan struct{})
	go func() {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, hs.URL+"/api/images", slow)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			first <- 0
			return
		}
		_ = res.Body.Close()
		first <- res.StatusCode
	}()
	go func() {
		_, _ = w.Write([]byte("GIF89a")) // returns when the transport has taken it
		close(started)
	}()
	<-started
	deadline := time.Now().Add(10 * time.Second)
	for {
		res, err := http.Post(hs.URL+"/api/images", "image/png", bytes.NewReader(strokePNG(t)))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode == 503 {
			if res.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			break
		}
		if time.Now().After(deadline) { // the first request has not reached the handler yet
			t.Fatalf("never refused: %d", res.StatusCode)
		}
	}
	_ = w.Close()
	if status := <-first; status != 422 && status != 415 {
		t.Errorf("the first got %d", status)
	}
}
