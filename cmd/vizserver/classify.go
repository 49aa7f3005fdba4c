package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"sort"
	"strings"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/zoo"
	"vizserver/models"
)

// classifyCmd says what is on pictures.
type classifyCmd struct {
	Model    string   `arg:"" help:"Network (see 'vizserver models'), imported model, or FILE."`
	Pictures []string `arg:"" name:"picture" help:"PNG, JPEG, GIF or WebP file, or an array in a .npy or .safetensors file; - is standard input."`
	JSON     bool     `name:"json" help:"One JSON object a line: {file, model, top: [{class, label, synset, label_zh, probability, score}, …]}."`
	Top      int      `default:"5" help:"Number of classes to show, best first."`
	Raw      bool     `help:"Do not size and centre the digit as MNIST does; an array is the input itself."`

	modelFlags  `embed:""`
	engineFlags `embed:""`
}

// Help implements kong's HelpProvider.
func (classifyCmd) Help() string {
	return `For a network of digits the digit is cut out, sized and centred as in MNIST, dark on light or light on dark. For a network of photos the picture is cropped and resized exactly as the network's authors did; its classes are the 1,000 of ImageNet, in JSON with their WordNet synset and Chinese name.

A network with a softmax gives probabilities. For the RBF output of lenet5-1998 they are exp(−distance) over the sum of all, as in equation 9 of the paper; for tanh outputs, the outputs moved to 0…1 over their sum. The score is the output itself.

A file that cannot be read does not stop the others; the exit code is that of the first such file.

Examples:

  vizserver classify efficientnet-lite0 cat.jpg dog.jpg

  vizserver classify model.onnx --labels classes.txt --preprocess torchvision cat.jpg --json

Exit codes: 0 done, 1 our own fault or no permission, 2 wrong input, 3 above a limit, 4 not found, 5 not supported, 80 wrong usage.`
}

// Validate implements kong's Validatable.
func (c *classifyCmd) Validate() error {
	if c.Top < 1 {
		return fmt.Errorf("--top %d: show at least one class", c.Top)
	}
	return nil
}

// guess is one class of an answer.
type guess struct {
	Class       int     `json:"class"`
	Label       string  `json:"label"`
	Synset      string  `json:"synset,omitempty"`   // of ImageNet
	LabelZH     string  `json:"label_zh,omitempty"` // of ImageNet
	Probability float64 `json:"probability"`
	Score       float32 `json:"score"`
}

// classified is one line of --json.
type classified struct {
	File  string  `json:"file"`
	Model string  `json:"model"`
	Top   []guess `json:"top"`
}

// Run implements the command.
func (c *classifyCmd) Run(e *env) error {
	s, err := c.start(e, c.Model, &c.engineFlags)
	if err != nil {
		return err
	}
	defer s.close()
	if out := s.Model.Graph.OutputValue().Shape; out.Plane() != 1 {
		return fault.New(fault.Unsupported, "%s tells no classes apart: its output is %d×%d×%d", s.Model.Name, out.C, out.H, out.W).
			WithHint("vizserver trace writes what it computes")
	}
	from := newSource(e, c.Raw)
	var first error
	for _, name := range c.Pictures {
		top, err := c.one(e, s, from, name)
		if err == nil {
			err = c.print(e.stdout, classified{File: name, Model: s.Model.Name, Top: top})
		}
		switch {
		case err == nil:
		case e.ctx.Err() != nil:
			return err
		case first == nil && len(c.Pictures) == 1:
			return err
		default:
			report(e.stderr, err)
			if first == nil {
				first = err
			}
		}
	}
	if first != nil {
		return fault.New(fault.KindOf(first), "not every picture could be read")
	}
	return nil
}

func (c *classifyCmd) one(e *env, s *session, from *source, name string) ([]guess, error) {
	if err := from.read(e.ctx, s.Model, name, s.input); err != nil {
		return nil, err
	}
	top, err := s.classify(e)
	if err != nil {
		return nil, naming(name, err)
	}
	return top[:min(c.Top, len(top))], nil
}

// classify runs the network on its input and returns all classes, best first.
func (s *session) classify(e *env) ([]guess, error) {
	if err := s.run.Execute(e.ctx, s.input); err != nil {
		return nil, err
	}
	m := s.Model
	scores := make([]float32, m.Graph.OutputValue().Shape.C)
	m.Scores(s.run, scores)
	for i, v := range scores {
		if math.IsNaN(float64(v)) {
			return nil, fault.New(fault.Unprocessable, "the answer of %s is not a number (NaN) for class %d of %d", m.Name, i, len(scores)).
				WithHint("its weights or the input are damaged; vizserver trace shows where it begins")
		}
	}
	top := guesses(m, scores)
	return top, s.nameClasses(top)
}

// nameClasses adds what is known of the classes of ImageNet.
func (s *session) nameClasses(top []guess) error {
	if s.Entry == nil || s.Entry.Task != zoo.ImageNet {
		return nil
	}
	classes, err := models.ImageNet()
	if err != nil {
		return err
	}
	known, err := s.Entry.Labels()
	for i := range top {
		// Labels of the user's own mean other classes.
		if n := top[i].Class; n < len(known) && known[n] == top[i].Label {
			top[i].Synset, top[i].LabelZH = classes[n].Synset, classes[n].Chinese
		}
	}
	return err
}

// guesses orders the classes, best first; classes of equal score keep their order.
func guesses(m *nn.Model, scores []float32) []guess {
	p := probabilities(m.Head, scores)
	list := make([]guess, len(scores))
	for i, s := range scores {
		list[i] = guess{Class: i, Label: fmt.Sprintf("class %d", i), Probability: p[i], Score: s}
		if i < len(m.Labels) {
			list[i].Label = m.Labels[i]
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Probability > list[j].Probability })
	return list
}

// probabilities turns the outputs of a head into shares that sum to 1.
func probabilities(head nn.Head, scores []float32) []float64 {
	p := make([]float64, len(scores))
	least := math.Inf(1)
	for _, s := range scores {
		least = math.Min(least, float64(s))
	}
	sum := 0.0
	for i, s := range scores {
		switch {
		case head.LowerIsBetter: // LeCun et al. 1998, eq. 9, without its class of rubbish
			p[i] = math.Exp(least - float64(s))
		case head.Kind == "tanh":
			p[i] = max(0, (1+float64(s)/tanhAmplitude)/2)
		default:
			p[i] = float64(s)
		}
		sum += p[i]
	}
	for i := range p {
		if sum > 0 && head.Kind != "none" { // of a file that ends otherwise: the outputs as they are
			p[i] /= sum
		}
	}
	return p
}

// tanhAmplitude is A of the scaled tanh, A·tanh(S·s): LeCun et al. 1998, appendix A.
const tanhAmplitude = 1.7159

func (c *classifyCmd) print(w io.Writer, line classified) error {
	if c.JSON {
		return json.NewEncoder(w).Encode(line)
	}
	parts := make([]string, len(line.Top))
	for i, g := range line.Top {
		parts[i] = fmt.Sprintf("%s %.2f %%", g.Label, 100*g.Probability)
	}
	_, err := fmt.Fprintf(w, "%s: %s\n", line.File, strings.Join(parts, ", "))
	return err
}
