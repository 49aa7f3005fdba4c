package modelfile

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
	"vizserver/internal/weights"
	"vizserver/internal/zoo"
)

// layouts holds for each net of the zoo the sizes of its parameters by name. Building all
// graphs takes some 30 ms, once.
var layouts = sync.OnceValues(func() ([]layout, error) {
	var list []layout
	for _, e := range zoo.Table() {
		g, err := e.Graph()
		if err != nil {
			return nil, err
		}
		list = append(list, layoutOf(&e, g))
	}
	return list, nil
})

// warm builds the layouts before a file of weights fills the memory: the collector is lazy
// from then on, and what the building leaves behind, 16 MB, would add to the peak.
func warm(o Options) error {
	if o.Net != "" {
		return nil
	}
	_, err := layouts()
	return err
}

type layout struct {
	entry zoo.Entry
	sizes map[string][]int
	rows  map[string]bool // parameters of the classifier: their first size is the number of classes
}

func layoutOf(e *zoo.Entry, g *nn.Graph) layout {
	l := layout{entry: *e, sizes: map[string][]int{}, rows: map[string]bool{}}
	for _, n := range g.Nodes {
		for _, p := range n.Params {
			l.sizes[p.Name] = p.Dims
		}
	}
	if c := zoo.Classifier(g); c != nil {
		for _, p := range c.Params {
			l.rows[p.Name] = true
		}
	}
	return l
}

// classes returns the number of classes that somebody trained the net for, where the file's
// classifier is the net's but for the number of its rows; else 0.
func (l *layout) classes(held map[string]*weights.Tensor) int {
	classes := 0
	for name := range l.rows {
		t, want := held[name], l.sizes[name]
		if t == nil || len(t.Shape) != len(want) || !slices.Equal(t.Shape[1:], want[1:]) || classes != 0 && t.Shape[0] != classes {
			return 0
		}
		if classes = t.Shape[0]; classes == want[0] || classes < 1 {
			return 0
		}
	}
	return classes
}

// fit binds a file of weights to a net of the zoo.
func fit(f *weights.File, o Options) (*File, error) {
	held := tensors(f)
	if o.Net != "" {
		e, err := zoo.Find(o.Net)
		if err != nil {
			return nil, err
		}
		g, err := e.Graph()
		if err != nil {
			return nil, err
		}
		l := layoutOf(e, g)
		return l.bind(held, nil)
	}
	all, err := layouts()
	if err != nil {
		return nil, err
	}
	var fits []string
	var first *layout
	best, most := 0, -1
	for i := range all {
		l := &all[i]
		n := l.common(held)
		if n > most {
			best, most = i, n
		}
		own := 0
		if l.classes(held) > 0 {
			own = len(l.rows)
		}
		if n+own == len(l.sizes) && len(l.extra(held)) == 0 {
			if first == nil {
				first = l
			}
			fits = append(fits, l.entry.Name)
		}
	}
	if first == nil {
		return nil, unknown(&all[best], held, most)
	}
	var notes []string
	if len(fits) > 1 {
		notes = append(notes, fmt.Sprintf("the weights are those of %s by their names and sizes, as they could be of %s: choose with --net",
			fits[0], strings.Join(fits[1:], ", ")))
	}
	return first.bind(held, notes)
}

// bind makes the model; what the net does not need is left out with a note, or refused.
func (l *layout) bind(held map[string]*weights.Tensor, notes []string) (*File, error) {
	e := &l.entry
	if n := l.classes(held); n > 0 {
		e = e.ForClasses(n)
		notes = append(notes, fmt.Sprintf("the weights are those of %s with %d classes of its own", e.Name, n))
	}
	w := nn.Weights{}
	aux := 0
	for name, t := range held {
		if _, ok := l.sizes[name]; !ok && auxiliary(name) {
			aux++
			continue
		}
		w[name] = nn.Param{Dims: t.Shape, Data: t.View()}
	}
	if aux > 0 {
		notes = append(notes, fmt.Sprintf("%d tensors of auxiliary heads are left out: they are for training", aux))
	}
	m, err := e.Bind(w)
	if err != nil {
		return nil, misfit(err)
	}
	return &File{Model: m, Entry: e, Notes: notes}, nil
}

// tensors returns the file's tensors by the names that nets have today.
func tensors(f *weights.File) map[string]*weights.Tensor {
	held := map[string]*weights.Tensor{}
	for i := range f.Tensors {
		t := &f.Tensors[i]
		if strings.HasSuffix(t.Name, ".num_batches_tracked") { // a counter of training
			continue
		}
		held[today(t.Name)] = t
	}
	return held
}

// old is how torchvision named the layers of DenseNet until 2017: norm.1 for norm1.
var old = regexp.MustCompile(`^(.*denselayer\d+\.(?:norm|relu|conv))\.([12](?:\..*)?)$`)

func today(name string) string {
	name = strings.TrimPrefix(name, "module.") // torch.nn.DataParallel
	return old.ReplaceAllString(name, "$1$2")
}

// auxiliary says whether a tensor belongs to the heads that GoogLeNet and Inception-v3 had in
// training only.
func auxiliary(name string) bool {
	for _, head := range []string{"aux1.", "aux2.", "AuxLogits."} {
		if strings.HasPrefix(name, head) {
			return true
		}
	}
	return false
}

// common counts the parameters that the file has in the right size.
func (l *layout) common(held map[string]*weights.Tensor) int {
	n := 0
	for name, dims := range l.sizes {
		if t := held[name]; t != nil && slices.Equal(t.Shape, dims) {
			n++
		}
	}
	return n
}

// extra lists the tensors that the net does not know, auxiliary heads apart.
func (l *layout) extra(held map[string]*weights.Tensor) []string {
	var list []string
	for name := range held {
		if _, ok := l.sizes[name]; !ok && !auxiliary(name) {
			list = append(list, name)
		}
	}
	return list
}

// unknown says which net of the zoo the weights come closest to, and what does not fit.
func unknown(l *layout, held map[string]*weights.Tensor, common int) error {
	if common == 0 {
		names := slices.Sorted(maps.Keys(held))
		some := strings.Join(names[:min(len(names), 3)], ", ")
		return fault.New(fault.Unprocessable, "the file holds weights alone (%d tensors: %s, …), and of no net that we know", len(held), cut(some)).
			WithHint("%s", hintNet)
	}
	e := &nn.WeightsError{Model: l.entry.Name}
	for name, dims := range l.sizes {
		switch t := held[name]; {
		case t == nil:
			e.Missing = append(e.Missing, name)
		case !slices.Equal(t.Shape, dims):
			e.Shaped = append(e.Shaped, fmt.Sprintf("%s is %v, want %v", name, t.Shape, dims))
		}
	}
	e.Unexpected = l.extra(held)
	slices.Sort(e.Missing)
	slices.Sort(e.Shaped)
	slices.Sort(e.Unexpected)
	for i, name := range e.Unexpected {
		e.Unexpected[i] = cut(name)
	}
	return fault.New(fault.Unprocessable, "the file holds weights alone; they come closest to %s, but %v", l.entry.Name, e).WithHint("%s", hintNet)
}

const (
	hintNet   = "give the net with --net, or export the model as ONNX: torch.onnx.export(model, example, \"model.onnx\")"
	hintOther = "without --net it is found by names and sizes; or export the model as ONNX: torch.onnx.export(model, example, \"model.onnx\")"
)

// misfit is the error for weights that do not fit the net that was asked for: names of the file
// are fit for a screen, and the user can choose another net.
func misfit(err error) error {
	e, ok := errors.AsType[*nn.WeightsError](err)
	if !ok {
		return err
	}
	for i, name := range e.Unexpected {
		e.Unexpected[i] = cut(name)
	}
	return fault.New(fault.Unprocessable, "%v", e).WithHint("%s", hintOther)
}

// cut makes a name of the file fit for a message: at most 200 letters, none that a terminal or a
// page would obey.
func cut(s string) string {
	const most = 200
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}
