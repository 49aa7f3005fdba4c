package cam

import (
	"context"
	"slices"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// Info says what a method is.
type Info struct {
	Name    string // as the user writes it: "gradcam"
	Title   string // as the page shows it
	Formula string
	Paper   string
	Cost    string // in forward and backward passes
	Needs   string // of the net; empty: nothing
	// Layered methods explain by the maps of layers; the others by the pixels of the input.
	Layered bool
	// Blind methods do not look at the class.
	Blind bool
	// Baseline marks what other methods must beat.
	Baseline bool
}

// Method explains the score of a class, or of one class against others. The map has the height and
// width of the features that it is made of. It is unscaled, and signed where the method is, so that
// two classes can be compared; drawing scales and colours it. The caller owns it. The run is finished,
// stays the caller's, and is only read. Errors are Invalid (class, layer), Unsupported (a net that the
// method cannot read), TooLarge (memory), Busy (time), Unprocessable (values that are no numbers), or ctx's.
type Method interface {
	Info() Info
	Explain(ctx context.Context, run *nn.Run, t Target, o Options) (*Map, error)
}

// method is a line of the table.
type method struct {
	info Info
	make func(ctx context.Context, j *job) (*Map, error)
}

// Info says what the method is.
func (m *method) Info() Info { return m.info }

// Explain makes the map.
func (m *method) Explain(ctx context.Context, run *nn.Run, t Target, o Options) (*Map, error) {
	return limited(ctx, o, func(ctx context.Context) (*Map, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		j, err := newJob(run, t, o)
		if err != nil {
			return nil, err
		}
		score := j.score(run, o.Sample)
		if err := finite("the answer of "+j.m.Name, []float32{float32(score)}); err != nil {
			return nil, err
		}
		made, err := m.make(ctx, j)
		if err != nil {
			return nil, err
		}
		made.Method, made.Score = m.info.Name, score
		return made, finite("the map of "+m.info.Title, made.Values)
	})
}

// table lists the methods in the order of the screen: one line for each family.
var table = slices.Concat(
	exactMethods,
	gradMethods,
	smoothMethods,
	eigenMethods,
	maskingMethods,
	fullMethods,
	pixelMethods,
	occludingMethods,
	baselineMethods,
)

// Table returns all methods in the order of the screen.
func Table() []Method {
	list := make([]Method, len(table))
	for i := range table {
		list[i] = &table[i]
	}
	return list
}

// Find returns the method of this name.
func Find(name string) (Method, error) {
	var names []string
	for i := range table {
		if table[i].info.Name == name {
			return &table[i], nil
		}
		names = append(names, table[i].info.Name)
	}
	return nil, fault.New(fault.NotFound, "there is no method %.40q", name).WithHint("did you mean %q?", fault.Nearest(name, names))
}
