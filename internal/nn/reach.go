package nn

import "slices"

// LayerArea is an area of a layer.
type LayerArea struct {
	Layer int
	Area
}

// Sees returns, for every earlier layer that the unit reads, the area that it
// depends on: its receptive field, back to the input.
func (g *Graph) Sees(u Unit) ([]LayerArea, error) {
	if err := g.CheckUnit(u); err != nil {
		return nil, err
	}
	areas := make([]*Area, len(g.Values))
	areas[g.Layers[u.Layer].Out.Index] = unitArea(u)
	for _, n := range slices.Backward(g.Nodes) {
		out := areas[n.Output.Index]
		if out == nil {
			continue
		}
		for k, v := range n.Inputs {
			a := *out
			if r, ok := n.Op.(Reacher); ok {
				a = r.Sees(k, n.InShapes(), *out)
			}
			areas[v.Index] = union(areas[v.Index], a)
		}
	}
	return g.collect(areas, u.Layer), nil
}

// Feeds returns, for every later layer that the unit goes into, the area of units
// that depend on it.
func (g *Graph) Feeds(u Unit) ([]LayerArea, error) {
	if err := g.CheckUnit(u); err != nil {
		return nil, err
	}
	areas := make([]*Area, len(g.Values))
	areas[g.Layers[u.Layer].Out.Index] = unitArea(u)
	for _, n := range g.Nodes {
		for k, v := range n.Inputs {
			in := areas[v.Index]
			if in == nil {
				continue
			}
			a := *in
			if r, ok := n.Op.(Reacher); ok {
				a = r.Feeds(k, n.InShapes(), *in)
			}
			areas[n.Output.Index] = union(areas[n.Output.Index], a)
		}
	}
	return g.collect(areas, u.Layer), nil
}

func (g *Graph) collect(areas []*Area, self int) []LayerArea {
	var list []LayerArea
	for _, l := range g.Layers {
		if a := areas[l.Out.Index]; a != nil && l.Index != self && len(a.Channels) > 0 {
			list = append(list, LayerArea{Layer: l.Index, Area: *a})
		}
	}
	return list
}

func unitArea(u Unit) *Area {
	return &Area{Channels: []int{u.Channel}, Y0: u.Y, X0: u.X, Y1: u.Y, X1: u.X}
}

// union returns the smallest area that holds both.
func union(a *Area, b Area) *Area {
	if len(b.Channels) == 0 {
		return a
	}
	if a == nil {
		return &b
	}
	ch := slices.Concat(a.Channels, b.Channels)
	slices.Sort(ch)
	return &Area{
		Channels: slices.Compact(ch),
		Y0:       min(a.Y0, b.Y0), X0: min(a.X0, b.X0),
		Y1: max(a.Y1, b.Y1), X1: max(a.X1, b.X1),
	}
}
