package op

import "vizserver/internal/nn"

// Pad surrounds each map with a constant. Negative amounts cut instead.
//
// Input N×C×H×W, output N×C×(H+Top+Bottom)×(W+Left+Right). ONNX: Pad, mode constant.
type Pad struct {
	Top, Left, Bottom, Right int
	Value                    float32
}

// Kind names the operator.
func (Pad) Kind() string { return "Pad" }

// Infer demands that something is left.
func (p Pad) Infer(in []nn.Shape) (nn.Shape, error) {
	out := in[0]
	out.H += p.Top + p.Bottom
	out.W += p.Left + p.Right
	if out.H < 1 || out.W < 1 {
		return nn.Shape{}, &nn.ShapeError{Op: "Pad", Got: in[0], Want: "padding that leaves at least one value"}
	}
	return out, nil
}

// Params is empty.
func (Pad) Params([]nn.Shape) []nn.ParamSpec { return nil }

// rows calls do for every row that input and output share: from the first shared
// column on, n values.
func (p Pad) rows(in, out nn.Shape, do func(src, dst, n int)) {
	x0, x1 := max(0, -p.Left), min(in.W, out.W-p.Left)
	for plane := range in.N * in.C {
		for y := max(0, -p.Top); y < min(in.H, out.H-p.Top); y++ {
			if x1 > x0 {
				do((plane*in.H+y)*in.W+x0, (plane*out.H+y+p.Top)*out.W+x0+p.Left, x1-x0)
			}
		}
	}
}

// Forward fills with the constant, then copies the rows.
func (p Pad) Forward(in []*nn.Tensor, _ [][]float32, out *nn.Tensor) {
	fill(out.Data, p.Value)
	p.rows(in[0].Shape, out.Shape, func(src, dst, n int) {
		copy(out.Data[dst:dst+n], in[0].Data[src:src+n])
	})
}

// Backward adds the gradient of the shared part.
func (p Pad) Backward(g *nn.Grad) {
	if g.DX[0] == nil {
		return
	}
	p.rows(g.X[0].Shape, g.DY.Shape, func(src, dst, n int) {
		for i := range n {
			g.DX[0].Data[src+i] += g.DY.Data[dst+i]
		}
	})
}

// Sees returns the part of the area that is not padding.
func (p Pad) Sees(_ int, in []nn.Shape, out nn.Area) nn.Area {
	return shift(out, -p.Top, -p.Left, in[0].H, in[0].W)
}

// Feeds returns the area's place in the output.
func (p Pad) Feeds(_ int, in []nn.Shape, area nn.Area) nn.Area {
	return shift(area, p.Top, p.Left, in[0].H+p.Top+p.Bottom, in[0].W+p.Left+p.Right)
}

// shift moves an area and cuts it to a map; no channels where nothing is left.
func shift(a nn.Area, dy, dx, h, w int) nn.Area {
	a.Y0, a.Y1 = max(a.Y0+dy, 0), min(a.Y1+dy, h-1)
	a.X0, a.X1 = max(a.X0+dx, 0), min(a.X1+dx, w-1)
	if a.Y0 > a.Y1 || a.X0 > a.X1 {
		a.Channels = nil
	}
	return a
}
