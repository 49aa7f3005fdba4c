package fast

import (
	"math"

	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// Read copies a region of a value, stored or made again, to dst.
func (s *state) Read(v *nn.Value, dst []float32, r nn.Region) {
	at := &s.p.places[v.Index]
	switch {
	case at.stored && at.home == planar:
		s.flats[v.Index].Region(dst, r)
	case at.stored:
		s.planar(dst, &s.views[at.view], r)
	default:
		s.hidden(v, at, dst, r)
	}
}

func (s *state) planar(dst []float32, b *kernel.Blocked, r nn.Region) {
	kernel.ToPlanar(s.p.set, dst, b, r.N, kernel.Box{C0: r.C0, C1: r.C1, Y0: r.Y0, Y1: r.Y1, X0: r.X0, X1: r.X1})
}

// hidden reads a value in front of the last one of its step: where that stage, or the one that batch
// normalisation made of it, stands in memory, from there; else the step computes it again.
func (s *state) hidden(v *nn.Value, at *place, dst []float32, r nn.Region) {
	st, list := s.p.steps[at.step], s.p.lists[at.step]
	end := list[len(list)-1]
	now := s.at[at.step]
	if p := &s.p.places[end.Index]; p.home == planar {
		if now == at.stage {
			s.flats[end.Index].Region(dst, r)
			return
		}
		s.planar(dst, s.aside(v, at), r)
		return
	}
	out := s.blocked(end)
	if now == at.stage {
		s.planar(dst, out, r)
		return
	}
	if _, from := st.first(); from != nil && at.stage == 0 && now == 1 && !s.edited(list[:2]) && from.undoes(r.C0, r.C1) {
		s.undone(dst, out, r, from)
		return
	}
	s.planar(dst, s.aside(v, at), r)
}

// leastScale is the scale below which a batch normalisation is not undone: the value before it would
// be less exact than the 2⁻¹³ ≈ 1e-4 of a float32 that are promised.
const leastScale = 0x1p-10

// undoes says whether the values before can be told from those behind.
func (a *affine) undoes(from, to int) bool {
	for _, k := range a.scale[from:to] {
		if !(math.Abs(float64(k)) >= leastScale) {
			return false
		}
	}
	return true
}

// undone reads the values before a batch normalisation from those behind it, x = (y − d)/k, some
// channels at a time, which are in the cache still when they are turned.
func (s *state) undone(dst []float32, b *kernel.Blocked, r nn.Region, from *affine) {
	plane := (r.Y1 - r.Y0) * (r.X1 - r.X0)
	for c := r.C0; c < r.C1; {
		part := r
		part.C0, part.C1 = c, min((c/kernel.Lanes+1)*kernel.Lanes, r.C1)
		s.planar(dst, b, part)
		for ; c < part.C1; c++ {
			k, d := 1/from.scale[c], from.shift[c]
			row := dst[:plane]
			kernel.Line(s.p.set, row, row, k, -d*k)
			dst = dst[plane:]
		}
	}
}

// aside computes a hidden value again, in memory of its own, once for a run.
func (s *state) aside(v *nn.Value, at *place) *kernel.Blocked {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.asides[v]; b != nil {
		return b
	}
	shape := s.p.shapes[v.Index]
	b := kernel.NewBlocked(shape.N, shape.C, shape.H, shape.W, 0)
	s.again(at.step, at.stage, b)
	s.asides[v] = b
	return b
}

// again computes a stage under the run's edits.
func (s *state) again(step, stage int, out *kernel.Blocked) {
	st, list := s.p.steps[step], s.p.lists[step]
	k, from := st.first()
	if stage < k || !s.edited(list) {
		st.run(s, stage, out)
		s.edit(list[stage], out)
		return
	}
	st.run(s, k, out)
	s.editBefore(list[0], from, out)
	for ; ; k++ {
		s.edit(list[k], out)
		if k == stage {
			return
		}
		st.next(s, k, out)
	}
}

// Tensor returns a whole value, planar: where it lies, or a copy made once for a run.
func (s *state) Tensor(v *nn.Value) *nn.Tensor {
	if at := &s.p.places[v.Index]; at.stored && at.buf != none {
		return &s.flats[v.Index]
	}
	s.mu.Lock()
	t := s.whole[v]
	s.mu.Unlock()
	if t != nil {
		return t
	}
	t = nn.NewTensor(s.p.shapes[v.Index])
	for n := range t.Shape.N {
		r := nn.Whole(t.Shape)
		r.N = n
		s.Read(v, t.Sample(n), r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.whole[v] = t
	return t
}
