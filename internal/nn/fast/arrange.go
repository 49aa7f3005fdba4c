package fast

import (
	"cmp"
	"slices"

	"vizserver/internal/nn/kernel"
)

// arrange gives every buffer its piece of the arena. Where all values are kept each has its own;
// else buffers share memory when their steps do not overlap.
func (p *program) arrange() {
	for i, s := range p.steps {
		p.scratch = max(p.scratch, s.scratch())
		for _, in := range s.inputs() {
			p.use(&p.places[in.value.Index], i)
		}
		if c, ok := s.(*concatStep); ok {
			for _, v := range c.node.Inputs {
				p.use(&p.places[v.Index], i)
			}
		}
	}
	p.scratch = round(p.scratch)
	end := len(p.steps)
	for _, v := range p.model.Graph.Values {
		at := &p.places[v.Index]
		if at.stored && (p.all || p.keep[v.Name] || v == p.model.Graph.OutputValue()) {
			p.use(at, end)
		}
	}
	p.use(&p.places[p.model.Graph.InputValue().Index], none)
	if p.all {
		for i := range p.bufs {
			p.bufs[i].offset = p.size
			p.size += round(p.bufs[i].floats)
		}
		return
	}
	p.pack()
}

// round rounds up to whole cache lines.
func round(floats int) int { return (floats + kernel.Lanes - 1) / kernel.Lanes * kernel.Lanes }

// pack places the largest buffers first, each at the lowest offset that is free during its steps.
func (p *program) pack() {
	order := make([]int, len(p.bufs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.bufs[b].floats, p.bufs[a].floats) })
	var placed []int
	for _, i := range order {
		b := &p.bufs[i]
		var busy []int // buffers in use at the same time, by offset
		for _, k := range placed {
			if o := &p.bufs[k]; o.first <= b.last && b.first <= o.last {
				busy = append(busy, k)
			}
		}
		slices.SortFunc(busy, func(x, y int) int { return cmp.Compare(p.bufs[x].offset, p.bufs[y].offset) })
		for _, k := range busy {
			o := &p.bufs[k]
			if b.offset+round(b.floats) <= o.offset {
				break
			}
			b.offset = max(b.offset, o.offset+round(o.floats))
		}
		placed = append(placed, i)
		p.size = max(p.size, b.offset+round(b.floats))
	}
	for i := range p.bufs {
		for k := range p.bufs {
			a, b := &p.bufs[i], &p.bufs[k]
			if i != k && a.offset < b.offset+round(b.floats) && b.offset < a.offset+round(a.floats) {
				a.shared = true
			}
		}
	}
}
