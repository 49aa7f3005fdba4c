package pull

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// hub answers as the Hugging Face hub does: a redirect that names the SHA-256, then the file
// from another host.
type hub struct {
	body []byte
	sha  string
}

func (h *hub) RoundTrip(r *http.Request) (*http.Response, error) {
	head := http.Header{}
	answer := &http.Response{StatusCode: 200, Header: head, Request: r, ContentLength: int64(len(h.body)), Body: io.NopCloser(bytes.NewReader(h.body))}
	if r.URL.Host == "huggingface.co" {
		answer.StatusCode = 302
		head.Set("Location", "https://cdn-lfs.hf.co/blob")
		head.Set("X-Linked-Etag", `"`+h.sha+`"`)
	} else {
		head.Set("X-Linked-Etag", `"`+strings.Repeat("1", 64)+`"`) // what another host says is not the publisher's
	}
	return answer, nil
}

// TestHub: the hash that the publisher's server says is compared.
func TestHub(t *testing.T) {
	t.Parallel()
	body := content(size)
	f := &File{Net: "net", Tag: "v1", Name: "net.v1.safetensors", URL: "https://huggingface.co/timm/net.v1/resolve/main/model.safetensors"}
	cache := &Cache{Dir: t.TempDir()}
	o := quick("")
	o.transport = &hub{body, shaOf(body[1:])}
	var wrong *WrongFileError
	if _, err := cache.Pull(t.Context(), f, o); !errors.As(err, &wrong) || wrong.Got != shaOf(body) {
		t.Fatalf("%v", err)
	}
	o.transport = &hub{body, shaOf(body)}
	r, err := cache.Pull(t.Context(), f, o)
	if err != nil || r.CheckedBy != "SHA-256 of the server" {
		t.Errorf("%+v %v", r, err)
	}
}

// TestMD5: Keras Applications.
func TestMD5(t *testing.T) {
	t.Parallel()
	body := content(size)
	o := &origin{body: body}
	cache, url := &Cache{Dir: t.TempDir()}, o.start(t)
	f := &File{Net: "net", Tag: "keras", Name: "net.h5", URL: "https://storage.googleapis.com/net.h5", MD5: strings.Repeat("0", 32)}
	var wrong *WrongFileError
	if _, err := cache.Pull(t.Context(), f, quick(url)); !errors.As(err, &wrong) || wrong.What != "MD5" {
		t.Fatalf("%v", err)
	}
	f.MD5 = md5Of(body)
	if r, err := cache.Pull(t.Context(), f, quick(url)); err != nil || r.CheckedBy != "MD5 "+f.MD5 {
		t.Errorf("%+v %v", r, err)
	}
}
