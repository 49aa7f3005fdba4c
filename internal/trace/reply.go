package trace

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// number is a float32 on the wire: the shortest decimal that gives back the same bits, or
// null where the value is no finite number (JSON has no word for it).
type number float32

// MarshalJSONTo implements json.MarshalerTo.
func (n number) MarshalJSONTo(enc *jsontext.Encoder) error {
	if !finite(float32(n)) {
		return enc.WriteToken(jsontext.Null)
	}
	return enc.WriteToken(jsontext.Float32(float32(n)))
}

func numbers(v []float32) []number {
	out := make([]number, len(v))
	for i, x := range v {
		out[i] = number(x)
	}
	return out
}

// values answers expand: h×w exact values of one feature map, row by row.
type values struct {
	Type    string   `json:"type"` // "values"
	ID      uint32   `json:"id"`
	Run     uint32   `json:"run"`
	Layer   int      `json:"layer"`
	Channel int      `json:"channel"`
	Y       int      `json:"y"`
	X       int      `json:"x"`
	H       int      `json:"h"`
	W       int      `json:"w"`
	Values  []number `json:"values"`
}

// errorReply tells the viewer what is wrong with a message. ID is the request's, 0 if the
// message was none.
type errorReply struct {
	Type    string `json:"type"` // "error"
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitzero"`
	ID      uint32 `json:"id,omitzero"`
}

// replyTo puts an error into words for a viewer. What is our own fault keeps its text to
// the log.
func replyTo(err error, id uint32) errorReply {
	r := errorReply{Type: "error", Code: fault.KindOf(err).String(), ID: id}
	if fault.KindOf(err) == fault.Internal {
		r.Message = "Something went wrong on our side."
		r.Hint = "Try again; the server's log says more."
		return r
	}
	if e, ok := err.(*Error); ok { //nolint:errorlint // our own errors come bare; a wrapped one keeps its kind's code
		r.Code = e.Code
	}
	r.Message = err.Error()
	r.Hint = fault.Hint(err)
	return r
}

// answer holds the outputs of one run; its slices are reused from run to run.
type answer struct {
	run           uint32
	scores        []float32 // logits where the head is softmax, else the outputs themselves
	probabilities []float32 // nil unless the head has them
	order         []int     // classes, best first; equal scores by class
	blank         bool
}

// read fills the answer from a finished run.
func (a *answer) read(run *nn.Run, m *nn.Model) error {
	last := m.Graph.Layers[len(m.Graph.Layers)-1]
	n := last.Shape().Sample()
	a.scores = slices.Grow(a.scores[:0], n)[:n]
	value := last.Out
	a.probabilities = a.probabilities[:0]
	if m.Head.Kind == headSoftmax && last.Pre != nil {
		value = last.Pre
		a.probabilities = slices.Grow(a.probabilities, n)[:n]
		if err := run.ViewOf(last.Out).Read(a.probabilities, nn.Whole(last.Shape())); err != nil {
			return err
		}
	}
	if err := run.ViewOf(value).Read(a.scores, nn.Whole(value.Shape)); err != nil {
		return err
	}
	a.rank(m.Head.LowerIsBetter)
	return nil
}

func (a *answer) rank(lowerIsBetter bool) {
	a.order = a.order[:0]
	for c := range a.scores {
		a.order = append(a.order, c)
	}
	key := func(c int) float64 { // smaller is better; NaN last
		v := float64(a.scores[c])
		switch {
		case math.IsNaN(v):
			return math.Inf(1)
		case lowerIsBetter:
			return v
		}
		return -v
	}
	slices.SortStableFunc(a.order, func(i, j int) int { return cmp.Compare(key(i), key(j)) })
}

// appendJSON appends the answer message. It is written by hand because it goes out with
// every frame: by reflection it took a third of a stroke's time outside the net.
func (a *answer) appendJSON(b []byte) []byte {
	b = append(b, `{"type":"answer","run":`...)
	b = strconv.AppendUint(b, uint64(a.run), 10)
	b = append(b, `,"scores":`...)
	b = appendNumbers(b, a.scores)
	b = append(b, `,"probabilities":`...)
	if len(a.probabilities) > 0 {
		b = appendNumbers(b, a.probabilities)
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"order":[`...)
	for i, c := range a.order {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(c), 10)
	}
	b = append(b, `],"blank":`...)
	b = strconv.AppendBool(b, a.blank)
	return append(b, '}')
}

func appendNumbers(b []byte, v []float32) []byte {
	b = append(b, '[')
	for i, x := range v {
		if i > 0 {
			b = append(b, ',')
		}
		if finite(x) {
			b = strconv.AppendFloat(b, float64(x), 'g', -1, 32) // "1e-07" is JSON too
		} else {
			b = append(b, "null"...)
		}
	}
	return append(b, ']')
}
