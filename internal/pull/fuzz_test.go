package pull

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"vizserver/internal/fault"
)

// script is a server whose every answer a byte decides; without bytes it is a good one.
type script struct {
	body  []byte
	moves []byte
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	from := 0
	if rng := r.Header.Get("Range"); rng != "" {
		from, _ = strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(rng, "bytes="), "-"))
	}
	a := &http.Response{StatusCode: 200, Header: http.Header{"Etag": {`"a"`}}, Request: r}
	body, move := s.body, byte(0)
	if len(s.moves) > 0 {
		move, s.moves = s.moves[0], s.moves[1:]
	}
	if move&1 != 0 {
		a.Header.Set("Etag", `"b"`)
	}
	if from > 0 && move&2 == 0 {
		from = min(from, len(body))
		a.StatusCode = 206
		a.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(body)-1, len(body)))
		body = body[from:]
	}
	a.ContentLength = int64(len(body))
	switch move >> 2 & 7 {
	case 1:
		body = body[:len(body)/2]
	case 2:
		a.StatusCode = 503
	case 3:
		a.Header.Set("Content-Range", "bytes 1-2/*")
	case 4:
		body = bytes.Repeat([]byte{move}, len(body))
	case 5:
		a.StatusCode = 416
	case 6:
		a.ContentLength = -1
	case 7:
		return nil, errors.New("connection reset")
	}
	if move&32 != 0 {
		a.Header.Del("Etag")
	}
	if move&64 != 0 {
		a.ContentLength += int64(move >> 2)
	}
	a.Body = io.NopCloser(bytes.NewReader(body))
	return a, nil
}

// FuzzResume: whatever a server answers, either the right file is there at the end, or an
// error that is not our fault, and nothing is installed.
func FuzzResume(f *testing.F) {
	for _, seed := range []string{"", "\x04\x04", "\x04\x05", "\x04\x02", "\x04\x0c", "\x10", "\x04\x10", "\x14\x14", "\x18", "\x1c\x1c\x1c\x1c\x1c\x1c", "\x44", "\x24\x24"} {
		f.Add([]byte(seed))
	}
	body := content(5000)
	f.Fuzz(func(t *testing.T, moves []byte) {
		if len(moves) > 40 {
			return
		}
		cache, file := &Cache{Dir: t.TempDir()}, fileOf(body)
		o := quick("")
		o.FirstGo, o.transport = 1, &script{body: body, moves: moves}
		_, err := cache.Pull(t.Context(), file, o)
		if err == nil {
			holds(t, cache, file, body)
			return
		}
		if fault.KindOf(err) == fault.Internal {
			t.Errorf("a bad server is not our fault: %v", err)
		}
		var absent *AbsentError
		if _, _, err := cache.Path(file); !errors.As(err, &absent) {
			t.Errorf("installed after an error: %v", err)
		}
	})
}
