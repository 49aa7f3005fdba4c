package server

import (
	"context"
	"encoding/base64"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/go-chi/chi/v5"

	"vizserver/internal/fault"
	"vizserver/internal/mnist"
	"vizserver/internal/nn"
	"vizserver/internal/zoo"
)

// digitAnswer is one of the 10,000 test digits.
type digitAnswer struct {
	Index     int    `json:"index"`
	Label     int    `json:"label"`
	Width     int    `json:"width"`
	Height    int    `json:"height"`
	Pixels    string `json:"pixels"` // base64 of the greys, 0 paper … 255 ink
	Predicted *int   `json:"predicted,omitempty"`
}

func digitOf(set *mnist.Dataset, i int) digitAnswer {
	return digitAnswer{
		Index: i, Label: set.Label(i), Width: mnist.Side, Height: mnist.Side,
		Pixels: base64.StdEncoding.EncodeToString(set.Image(i)),
	}
}

// digit is GET /api/digits/{index}.
func (s *Server) digit(w http.ResponseWriter, r *http.Request) error {
	set := mnist.Test()
	i, err := strconv.Atoi(chi.URLParam(r, "index"))
	if err != nil || i < 0 || i >= set.Len() {
		return say(fault.NotFound, "fault.digit", "index", cut(chi.URLParam(r, "index"), 20), "last", strconv.Itoa(set.Len()-1))
	}
	return sendJSON(w, "public, max-age=86400", digitOf(set, i))
}

// wish is what the query of /api/digits/random asks for; −1 and "" mean any.
type wish struct {
	class, answer int
	model         string
	wrong         bool
}

func readWish(q url.Values) (wish, error) {
	v := wish{class: -1, answer: -1, model: q.Get("model")}
	if wrong := q.Get("wrong"); wrong != "" {
		v.model, v.wrong = wrong, true
	}
	for name, field := range map[string]*int{"class": &v.class, "answer": &v.answer} {
		text := q.Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n >= mnist.Classes {
			return v, say(fault.Invalid, "fault.class", "name", name, "value", cut(text, 20))
		}
		*field = n
	}
	if v.answer >= 0 && v.model == "" {
		return v, say(fault.Invalid, "fault.answer")
	}
	return v, nil
}

// randomDigit is GET /api/digits/random: any digit, or one of a class, or one
// that a net answers wrongly or in a certain way.
func (s *Server) randomDigit(w http.ResponseWriter, r *http.Request) error {
	v, err := readWish(r.URL.Query())
	if err != nil {
		return err
	}
	var p *predictor
	if v.model != "" {
		if p, err = s.digits.predictor(v.model); err != nil {
			return s.nearModel(err, v.model)
		}
	}
	set := mnist.Test()
	for _, i := range rand.Perm(set.Len()) { //nolint:gosec // which digit is shown is no secret
		if v.class >= 0 && set.Label(i) != v.class {
			continue
		}
		d := digitOf(set, i)
		if p != nil {
			got, err := p.answer(r.Context(), set, i)
			if err != nil {
				return err
			}
			if v.wrong && got == d.Label || v.answer >= 0 && got != v.answer {
				continue
			}
			d.Predicted = &got
		}
		return sendJSON(w, "no-store", d)
	}
	return say(fault.NotFound, "fault.nosuchdigit")
}

// digits keeps what the nets answer to the test digits, as far as it was asked.
type digits struct {
	mu         sync.Mutex
	predictors map[string]*predictor
}

func (d *digits) predictor(model string) (*predictor, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p, ok := d.predictors[model]; ok {
		return p, nil
	}
	if e, err := zoo.Find(model); err != nil {
		return nil, err
	} else if e.Task != zoo.Digits {
		return nil, fault.New(fault.Unsupported, "the model %q takes photos, not digits", model)
	}
	m, err := zoo.Load(model)
	if err != nil {
		return nil, err
	}
	plan, err := nn.Compile(m, nn.Options{})
	if err != nil {
		return nil, err
	}
	run := plan.NewRun()
	p := &predictor{model: m, run: run, input: make([]float32, len(run.Input()))}
	d.predictors[model] = p
	return p, nil
}

// predictor answers test digits with one net, each at most once.
type predictor struct {
	mu    sync.Mutex
	model *nn.Model
	run   *nn.Run
	input []float32
	known map[int]int
}

// answer returns the class that the net gives to digit i of the set.
func (p *predictor) answer(ctx context.Context, set *mnist.Dataset, i int) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if class, ok := p.known[i]; ok {
		return class, nil
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	p.model.Pre.Apply(p.input, set.Image(i))
	if err := p.run.Execute(ctx, p.input); err != nil {
		return 0, err
	}
	class := p.model.Answer(p.run)
	if p.known == nil {
		p.known = map[int]int{}
	}
	p.known[i] = class
	return class, nil
}
