package fast

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// edited says whether an edit of this run names one of the values.
func (s *state) edited(list []*nn.Value) bool {
	for _, e := range s.edits {
		for _, v := range list {
			if e.Value == v.Name {
				return true
			}
		}
	}
	return false
}

// edit applies the run's edits of a value to its memory: out, or its planar memory where out is nil.
func (s *state) edit(v *nn.Value, out *kernel.Blocked) {
	for _, e := range s.edits {
		switch {
		case e.Value != v.Name:
		case out == nil:
			e.Apply(&s.flats[v.Index])
		default:
			s.editMaps(e, out)
		}
	}
}

// editMaps changes channels of a blocked value; lanes beyond the channels stay zero.
func (s *state) editMaps(e nn.Edit, out *kernel.Blocked) {
	for n := range out.N {
		for c := range out.C {
			if e.Channel >= 0 && e.Channel != c {
				continue
			}
			for y := range out.H {
				at := out.Index(n, c, y, 0)
				for x := range out.W {
					v := &out.Data[at+x*kernel.Lanes]
					*v = float32(e.Scale**v) + e.Add
				}
			}
		}
	}
}

// editBefore applies edits of a convolution to the value that batch normalisation made of it:
//
//	y = k·x + d, x′ = S·x + A  ⇒  y′ = S·y + k·A + d − S·d
func (s *state) editBefore(v *nn.Value, from *affine, out *kernel.Blocked) {
	if from == nil {
		return
	}
	for _, e := range s.edits {
		if e.Value != v.Name {
			continue
		}
		for c := range from.scale {
			if e.Channel < 0 || e.Channel == c {
				k, d := from.scale[c], from.shift[c]
				s.editMaps(nn.Edit{Channel: c, Scale: e.Scale, Add: float32(k*e.Add) + d - float32(e.Scale*d)}, out)
			}
		}
	}
}
