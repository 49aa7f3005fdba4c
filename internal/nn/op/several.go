package op

import (
	"fmt"

	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// several is an elementwise operation on any number of tensors whose sizes are equal or 1 in
// each dimension, the batch among them; a size of 1 is repeated, as for binary.
type several struct{}

// Params is empty.
func (several) Params([]nn.Shape) []nn.ParamSpec { return nil }

// commonShape returns the shape that all inputs are repeated to; least is how many there must be.
func commonShape(kind string, in []nn.Shape, least int) (nn.Shape, error) {
	if len(in) < least {
		return nn.Shape{}, &nn.ShapeError{Op: kind, Want: fmt.Sprintf("at least %d inputs", least)}
	}
	out := in[0]
	for _, s := range in[1:] {
		have, more := [...]*int{&out.N, &out.C, &out.H, &out.W}, dims(s)
		for i, d := range have {
			if *d != more[i] && *d != 1 && more[i] != 1 {
				want := "the size of " + out.String() + " or 1 in every dimension"
				return nn.Shape{}, &nn.ShapeError{Op: kind, Got: s, Want: want}
			}
		}
		for i, d := range have {
			if *d == 1 {
				*d = more[i]
			}
		}
	}
	return out, nil
}

// eachPlace calls do with every place of the output and that of an input repeated to it.
func eachPlace(out, in nn.Shape, do func(o, i int)) {
	s := strides(in)
	o := 0
	for n := range out.N {
		for c := range out.C {
			for y := range out.H {
				i := n*s[0] + c*s[1] + y*s[2]
				for range out.W {
					do(o, i)
					o++
					i += s[3]
				}
			}
		}
	}
}

// spread writes an input, repeated where it is smaller than the output.
func spread(out, in *nn.Tensor) {
	if in.Shape == out.Shape {
		copy(out.Data, in.Data)
		return
	}
	eachPlace(out.Shape, in.Shape, func(o, i int) { out.Data[o] = in.Data[i] })
}

// total sums the inputs in their order, each repeated where it is smaller than the output.
func total(out *nn.Tensor, in []*nn.Tensor) {
	spread(out, in[0])
	for _, t := range in[1:] {
		if t.Shape == out.Shape {
			kernel.Add(out.Data, t.Data)
			continue
		}
		eachPlace(out.Shape, t.Shape, func(o, i int) { out.Data[o] += t.Data[i] })
	}
}

// share adds k times the gradient to each input's, summed over where it was repeated.
func share(g *nn.Grad, k float32) {
	for _, dx := range g.DX {
		switch {
		case dx == nil:
		case dx.Shape == g.DY.Shape:
			kernel.Axpy(dx.Data, k, g.DY.Data)
		default:
			eachPlace(g.DY.Shape, dx.Shape, func(o, i int) { dx.Data[i] += k * g.DY.Data[o] })
		}
	}
}

// Sees returns the area, cut to the sizes of 1 that were repeated.
func (several) Sees(i int, in []nn.Shape, out nn.Area) nn.Area { return binary{}.Sees(i, in, out) }

// Feeds returns the area, spread where it is repeated.
func (several) Feeds(i int, in []nn.Shape, area nn.Area) nn.Area {
	out, err := commonShape("", in, 1)
	if err != nil {
		return nn.Area{}
	}
	return spreadArea(in[i], out, area)
}

// spreadArea is an area of an input in the output that the input is repeated to.
func spreadArea(in, out nn.Shape, area nn.Area) nn.Area {
	if in.C == 1 && out.C > 1 {
		area.Channels = nn.All(out).Channels
	}
	if in.H == 1 {
		area.Y0, area.Y1 = 0, max(out.H, 1)-1
	}
	if in.W == 1 {
		area.X0, area.X1 = 0, max(out.W, 1)-1
	}
	return area
}
