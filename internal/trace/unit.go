package trace

import (
	"vizserver/internal/nn"
)

// unitReply spells out the arithmetic of one unit of the last finished run, its receptive
// field back to the drawing and what it feeds on the way to the answer.
type unitReply struct {
	Type        string          `json:"type"` // "unit"
	ID          uint32          `json:"id"`
	Run         uint32          `json:"run"`
	Layer       int             `json:"layer"`
	Channel     int             `json:"channel"`
	Y           int             `json:"y"`
	X           int             `json:"x"`
	Value       number          `json:"value"`
	Pre         *number         `json:"pre"` // null where the layer has no activation
	Op          string          `json:"op"`
	Terms       []termReply     `json:"terms"`
	ProductsSum float64         `json:"productsSum"` // of all products, in float64, without the bias
	Products    int             `json:"products"`    // how many
	Bias        *number         `json:"bias"`
	Activation  *ActivationSpec `json:"activation"`
	Pool        *poolReply      `json:"pool"`
	Edit        *number         `json:"edit"`       // scale of the edit in force on this map
	Exact       bool            `json:"exact"`      // repeating the sum gave the stored value bit for bit
	Difference  number          `json:"difference"` // repeated − stored
	Field       []areaReply     `json:"field"`      // for every earlier layer that it depends on
	Feeds       []feedReply     `json:"feeds"`      // for every later layer that depends on it
}

// termReply is one group of products: Channels input maps from Channel on, a patch of h×w,
// channel by channel and row by row. A vector's term has all channels and h = w = 1.
type termReply struct {
	Layer    int      `json:"layer"`
	Channel  int      `json:"channel"`
	Channels int      `json:"channels"`
	Y        int      `json:"y"`
	X        int      `json:"x"`
	H        int      `json:"h"`
	W        int      `json:"w"`
	Inputs   []number `json:"inputs"`
	Weights  []number `json:"weights"`
	Products []number `json:"products"` // (x−w)² for an RBF unit
	Sum      number   `json:"sum"`
}

// poolReply is the arithmetic of a pooling unit; the places are those of the input map.
type poolReply struct {
	Kind        string   `json:"kind"`
	Inputs      []number `json:"inputs"`
	Positions   [][2]int `json:"positions"` // y, x of each input
	Winner      *int     `json:"winner"`    // index in inputs; null unless max
	Coefficient *number  `json:"coefficient"`
	Bias        *number  `json:"bias"`
	Sum         *number  `json:"sum"`
}

// areaReply is a part of a layer, ends included.
type areaReply struct {
	Layer    int   `json:"layer"`
	Channels []int `json:"channels"`
	Y0       int   `json:"y0"`
	X0       int   `json:"x0"`
	Y1       int   `json:"y1"`
	X1       int   `json:"x1"`
}

// feedReply is a part of a later layer. Wins says, for a max-pooling layer right behind the
// unit, whether the unit is the largest of one of its windows; null elsewhere.
type feedReply struct {
	areaReply
	Count int   `json:"count"` // units in the area
	Wins  *bool `json:"wins"`
}

// explain answers "unit".
func (s *session) explain(m askUnit) (any, error) {
	g := s.net.net.Model.Graph
	u := nn.Unit{Layer: m.Layer, Channel: m.Channel, Y: m.Y, X: m.X}
	if err := g.CheckUnit(u); err != nil {
		return nil, s.unknownUnit(u)
	}
	e, err := s.run.Explain(u)
	if err != nil {
		return nil, err
	}
	r := &unitReply{
		Type: "unit", ID: m.ID, Run: s.number, Layer: m.Layer, Channel: m.Channel, Y: m.Y, X: m.X,
		Value: number(e.Value), Op: s.net.manifest.Layers[m.Layer].Op,
		Activation: s.net.manifest.Layers[m.Layer].Activation,
		Terms:      terms(e), Pool: pool(e.Terms.Pool),
		Field: []areaReply{}, Feeds: []feedReply{},
	}
	if e.Layer.Pre != nil {
		r.Pre = new(number(e.Pre))
	}
	if e.Terms.HasBias {
		r.Bias = new(number(e.Terms.Bias))
	}
	for _, t := range e.Terms.Terms {
		r.Products += len(t.Products)
		for _, p := range t.Products {
			r.ProductsSum += float64(p)
		}
	}
	s.compare(r, e)
	return r, s.connections(r, u)
}

// unknownUnit says which unit a net does not have, in the words of the page.
func (s *session) unknownUnit(u nn.Unit) error {
	layers := s.net.manifest.Layers
	if u.Layer < 0 || u.Layer >= len(layers) {
		return badMessage("unknown_layer", "%s has %d layers, there is no layer %d", s.net.manifest.Title, len(layers), u.Layer)
	}
	l := layers[u.Layer]
	return badMessage("unknown_unit", "layer %s has %d maps of %d×%d units; there is no unit (%d, %d, %d)",
		l.Name, l.Shape[0], l.Shape[1], l.Shape[2], u.Channel, u.Y, u.X)
}

// compare fills in how well the repeated sum meets the stored value. An edit acts on what
// the layer shows; where that is the sum itself, the edit is repeated too.
func (s *session) compare(r *unitReply, e *nn.Explanation) {
	repeated := e.Terms.Repeated
	if e.Layer.Main == nil {
		repeated = e.Value
	}
	for _, d := range s.edited {
		if d.Layer != r.Layer || d.Channel != r.Channel {
			continue
		}
		r.Edit = new(number(d.Scale))
		if e.Layer.Main != nil && e.Layer.Pre == nil {
			repeated *= d.Scale
		}
	}
	r.Exact = repeated == e.Pre
	r.Difference = number(repeated - e.Pre)
}

func terms(e *nn.Explanation) []termReply {
	list := make([]termReply, 0, len(e.Terms.Terms))
	for _, t := range e.Terms.Terms {
		list = append(list, termReply{
			Layer: e.Layer.Inputs[0], Channel: t.Channel, Channels: t.Channels,
			Y: t.Y, X: t.X, H: t.H, W: t.W,
			Inputs: numbers(t.Inputs), Weights: numbers(t.Weights), Products: numbers(t.Products),
			Sum: number(t.Sum),
		})
	}
	return list
}

func pool(p *nn.Pooling) *poolReply {
	if p == nil {
		return nil
	}
	r := &poolReply{Kind: p.Kind, Inputs: numbers(p.Inputs), Positions: [][2]int{}}
	for i := range p.Inputs {
		r.Positions = append(r.Positions, [2]int{p.Y + i/p.W, p.X + i%p.W})
	}
	if p.Winner >= 0 {
		r.Winner = new(p.Winner)
		return r
	}
	r.Sum, r.Coefficient = new(number(p.Sum)), new(number(p.Coefficient))
	if p.Kind == "subsample" {
		r.Bias = new(number(p.Bias))
	}
	return r
}

// connections fills in the receptive field and what the unit feeds.
func (s *session) connections(r *unitReply, u nn.Unit) error {
	g := s.net.net.Model.Graph
	sees, err := g.Sees(u)
	if err != nil {
		return err
	}
	for _, a := range sees {
		r.Field = append(r.Field, area(a))
	}
	feeds, err := g.Feeds(u)
	if err != nil {
		return err
	}
	for _, a := range feeds {
		f := feedReply{areaReply: area(a)}
		f.Count = len(f.Channels) * (f.Y1 - f.Y0 + 1) * (f.X1 - f.X0 + 1)
		if f.Wins, err = s.wins(u, a); err != nil {
			return err
		}
		r.Feeds = append(r.Feeds, f)
	}
	return nil
}

func area(a nn.LayerArea) areaReply {
	return areaReply{Layer: a.Layer, Channels: a.Channels, Y0: a.Y0, X0: a.X0, Y1: a.Y1, X1: a.X1}
}

// maxWindows bounds the windows that wins looks at; more than a few hold one unit only
// where windows overlap much.
const maxWindows = 64

// wins says whether the unit is the largest in one of the windows of the max-pooling
// layer that reads it; nil if the area is of no such layer.
func (s *session) wins(u nn.Unit, a nn.LayerArea) (*bool, error) {
	l := s.net.net.Model.Graph.Layers[a.Layer]
	if l.Kind != "pool" || len(l.Inputs) != 1 || l.Inputs[0] != u.Layer {
		return nil, nil
	}
	won, seen := false, 0
	for y := a.Y0; y <= a.Y1; y++ {
		for x := a.X0; x <= a.X1 && seen < maxWindows; x++ {
			seen++
			e, err := s.run.Explain(nn.Unit{Layer: a.Layer, Channel: u.Channel, Y: y, X: x})
			if err != nil {
				return nil, err
			}
			p := e.Terms.Pool
			if p == nil || p.Winner < 0 {
				return nil, nil
			}
			won = won || (p.Y+p.Winner/p.W == u.Y && p.X+p.Winner%p.W == u.X)
		}
	}
	return &won, nil
}

// expand answers "expand": the exact values of a patch.
func (s *session) expand(m askExpand) (any, error) {
	g := s.net.net.Model.Graph
	first := nn.Unit{Layer: m.Layer, Channel: m.Channel, Y: m.Y, X: m.X}
	if err := g.CheckUnit(first); err != nil {
		return nil, s.unknownUnit(first)
	}
	shape := g.Layers[m.Layer].Shape()
	if m.H < 1 || m.W < 1 || m.H > shape.H-m.Y || m.W > shape.W-m.X {
		return nil, badMessage("unknown_patch", "a patch of %d×%d from (%d, %d) lies outside a map of %d×%d",
			m.H, m.W, m.Y, m.X, shape.H, shape.W)
	}
	if m.H*m.W > s.limits.Values { // no overflow: both are at most the map's sides
		return nil, tooLarge("too_many_values", "the patch has %d values; the limit is %d", m.H*m.W, s.limits.Values)
	}
	r := nn.Region{C0: m.Channel, C1: m.Channel + 1, Y0: m.Y, Y1: m.Y + m.H, X0: m.X, X1: m.X + m.W}
	buf := make([]float32, r.Len())
	if err := s.run.ViewOf(g.Layers[m.Layer].Out).Read(buf, r); err != nil {
		return nil, err
	}
	return &values{
		Type: "values", ID: m.ID, Run: s.number, Layer: m.Layer, Channel: m.Channel,
		Y: m.Y, X: m.X, H: m.H, W: m.W, Values: numbers(buf),
	}, nil
}
