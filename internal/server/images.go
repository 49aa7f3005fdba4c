package server

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vizserver/internal/fault"
	"vizserver/internal/i18n"
	"vizserver/internal/imgio"
	"vizserver/internal/mnist"
)

// pictureAnswer is a picture as the nets see it.
type pictureAnswer struct {
	Width   int      `json:"width"`
	Height  int      `json:"height"`
	Pixels  string   `json:"pixels"` // base64 of the greys, 0 paper … 255 ink
	Blank   bool     `json:"blank"`  // there was no ink to be found
	Notices []notice `json:"notices"`
}

// notice says what was done to the picture: "flattened", "first_frame", …
type notice struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// picture is POST /api/images: the body is the file. Its kind is told by its
// first bytes, not by what the client says.
func (s *Server) picture(w http.ResponseWriter, r *http.Request) error {
	if !s.uploads {
		return say(fault.Forbidden, "fault.uploads")
	}
	if kind := r.Header.Get("Content-Type"); strings.HasPrefix(kind, "multipart/") {
		return say(fault.Invalid, "fault.multipart")
	}
	if r.Header.Get("Content-Encoding") != "" {
		return say(fault.Unsupported, "fault.encoded")
	}
	if r.ContentLength > s.limits.ImageBytes {
		return &http.MaxBytesError{Limit: s.limits.ImageBytes}
	}
	leave, err := s.queue.enter()
	if err != nil {
		return err
	}
	defer leave()
	file, err := s.upload(w, r)
	if err != nil {
		return err
	}
	greys, done, inked, err := s.pictures.Digit(r.Context(), bytes.NewReader(file), r.URL.Query().Get("centred") != "0")
	if err != nil {
		return err
	}
	return sendJSON(w, "no-store", pictureAnswer{
		Width: mnist.Side, Height: mnist.Side, Pixels: base64.StdEncoding.EncodeToString(greys),
		Blank: !inked, Notices: s.notices(r, done),
	})
}

// notices says in the reader's language what was done to the picture.
func (s *Server) notices(r *http.Request, done []imgio.Notice) []notice {
	word := s.words.T(langOf(r))
	list := []notice{}
	for _, n := range done {
		list = append(list, notice{Code: n.Code, Text: i18n.Fill(word("picture."+n.Code), map[string]string{"count": strconv.Itoa(n.Count)})})
	}
	return list
}

// upload reads the whole body; one that moves slower than the limit is given up.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	var file bytes.Buffer
	file.Grow(int(min(max(r.ContentLength, 0), s.limits.ImageBytes)))
	_, err := file.ReadFrom(&paced{
		from: http.MaxBytesReader(w, r.Body, s.limits.ImageBytes), control: http.NewResponseController(w),
		due: time.Now().Add(s.limits.UploadGrace), perByte: time.Second / time.Duration(s.limits.UploadRate),
		answer: s.limits.AnswerTime,
	})
	return file.Bytes(), err
}

// paced is a body whose deadline moves on with each byte that arrives.
type paced struct {
	from    io.Reader
	control *http.ResponseController
	due     time.Time
	perByte time.Duration
	answer  time.Duration // that the answer has after the last byte
}

func (p *paced) Read(b []byte) (int, error) {
	// a recorder of a test has no deadlines: that is no error of the upload
	_ = p.control.SetReadDeadline(p.due)
	_ = p.control.SetWriteDeadline(p.due.Add(p.answer))
	n, err := p.from.Read(b)
	p.due = p.due.Add(time.Duration(n) * p.perByte)
	return n, err
}
