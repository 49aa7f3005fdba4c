package fast

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// affine computes out = clamp(a(in)); a may be nil.
func (s *state) affine(out, in *kernel.Blocked, a *affine, act kernel.Clamp) {
	var scale, shift []float32
	if a != nil {
		scale, shift = a.scale, a.shift
	}
	kernel.Affine(s.p.set, out, in, scale, shift, act, 0, out.AllBlocks())
}

// sum computes out = clamp(a + b).
func (s *state) sum(out, a, b *kernel.Blocked, act kernel.Clamp) {
	kernel.Sum(s.p.set, out, a, b, act, 0, out.AllBlocks())
}

// copy writes a value into channels of another.
func (s *state) copy(out *kernel.Blocked, at int, in *kernel.Blocked) {
	kernel.Copy(s.p.set, out, at, in, 0, in.AllBlocks())
}

// convert makes the other form of a stored value where a step reads it.
func (s *state) convert(v *nn.Value) {
	at := &s.p.places[v.Index]
	if at.view == none || at.buf == none {
		return
	}
	b, t := &s.views[at.view], &s.flats[v.Index]
	if at.home == planar {
		s.zero(at.step, at, true)
	}
	for n := range t.Shape.N {
		if at.home == planar {
			kernel.FromPlanar(s.p.set, b, n, t.Sample(n), 0, b.AllBlocks()/b.N)
			continue
		}
		kernel.ToPlanar(s.p.set, t.Sample(n), b, n, kernel.Box{C1: b.C, Y1: b.H, X1: b.W})
	}
}
