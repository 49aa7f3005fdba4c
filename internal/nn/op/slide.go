package op

import "vizserver/internal/nn"

// How operators step over height and width: what a graph computes its receptive fields from.

func (w window) slide() [2]nn.Slide {
	return [2]nn.Slide{
		{Extent: w.dilation.H*(w.kernel.H-1) + 1, Stride: float64(w.stride.H), Pad: float64(w.pad.H)},
		{Extent: w.dilation.W*(w.kernel.W-1) + 1, Stride: float64(w.stride.W), Pad: float64(w.pad.W)},
	}
}

// whole covers the map: its output is one place.
func whole(s nn.Shape) [2]nn.Slide {
	return [2]nn.Slide{{Extent: s.H, Stride: float64(s.H)}, {Extent: s.W, Stride: float64(s.W)}}
}

// Slide returns the steps of the window.
func (c Conv) Slide([]nn.Shape) [2]nn.Slide { return c.window().slide() }

// Slide returns the steps of the window.
func (p MaxPool) Slide([]nn.Shape) [2]nn.Slide { return p.window().slide() }

// Slide returns the steps of the window.
func (p AvgPool) Slide([]nn.Shape) [2]nn.Slide { return p.window().slide() }

// Slide returns the steps of the window.
func (p LpPool) Slide([]nn.Shape) [2]nn.Slide { return p.window().slide() }

// Slide returns the steps of the window.
func (s Subsample) Slide([]nn.Shape) [2]nn.Slide { return s.window().slide() }

// Slide covers the map.
func (GlobalAvgPool) Slide(in []nn.Shape) [2]nn.Slide { return whole(in[0]) }

// Slide covers the map.
func (Flatten) Slide(in []nn.Shape) [2]nn.Slide { return whole(in[0]) }

// Slide returns the mean step and the largest of the windows.
func (a AdaptiveAvgPool) Slide(in []nn.Shape) [2]nn.Slide {
	s := in[0]
	var h, w int
	for y := range a.Out.H {
		r := a.at(s, y, 0)
		h = max(h, r.y1-r.y0)
	}
	for x := range a.Out.W {
		r := a.at(s, 0, x)
		w = max(w, r.x1-r.x0)
	}
	return [2]nn.Slide{
		{Extent: h, Stride: float64(s.H) / float64(a.Out.H)},
		{Extent: w, Stride: float64(s.W) / float64(a.Out.W)},
	}
}

// Slide shifts by the padding.
func (p Pad) Slide([]nn.Shape) [2]nn.Slide {
	return [2]nn.Slide{{Extent: 1, Stride: 1, Pad: float64(p.Top)}, {Extent: 1, Stride: 1, Pad: float64(p.Left)}}
}

// Slide returns the steps through the input: an output place reads every input place whose
// kernel reaches it, one in Stride.
func (c ConvTranspose) Slide([]nn.Shape) [2]nn.Slide {
	w := c.window()
	axis := func(kernel, stride, pad, dilation int) nn.Slide {
		reach := dilation * (kernel - 1)
		return nn.Slide{
			Extent: reach/stride + 1, Stride: 1 / float64(stride), Pad: float64(reach-pad) / float64(stride),
		}
	}
	return [2]nn.Slide{
		axis(w.kernel.H, w.stride.H, w.pad.H, w.dilation.H),
		axis(w.kernel.W, w.stride.W, w.pad.W, w.dilation.W),
	}
}
