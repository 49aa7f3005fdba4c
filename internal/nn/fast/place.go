package fast

import (
	"slices"

	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// none says that a value is not there in that form.
const none = -1

// place is where a value is found after a run.
type place struct {
	step, stage int  // what computes it; step is none for the input
	stored      bool // else it is made again from the step
	home        form // of a stored value
	view        int  // its blocked memory, or none
	buf         int  // its planar memory, or none
}

// buffer is a piece of the arena.
type buffer struct {
	floats      int
	offset      int
	first, last int  // steps between which it is in use; −1: before the first
	root        int  // the view of all of a blocked buffer
	shared      bool // other buffers use the same memory at other times
}

// home is how a blocked value lies in the buffer of another: a part of a concatenation.
type home struct {
	root *nn.Value
	at   int // channel of root
}

// placer works out the places.
type placer struct {
	*program
	homes map[*nn.Value]home
	pad   map[*nn.Value]int  // border, by root
	wants map[*nn.Value]uint // forms that steps read, as bits
}

// place decides for every value where it is stored and in which forms.
func (p *program) place() {
	w := &placer{program: p, homes: map[*nn.Value]home{}, pad: map[*nn.Value]int{}, wants: map[*nn.Value]uint{}}
	for i := range p.places {
		p.places[i] = place{step: none, view: none, buf: none}
	}
	in := p.model.Graph.InputValue()
	p.places[in.Index].stored, p.places[in.Index].home = true, planar
	for i, s := range p.steps {
		list := s.stages()
		for k, v := range list {
			p.places[v.Index].step, p.places[v.Index].stage = i, k
		}
		last := &p.places[list[len(list)-1].Index]
		last.stored, last.home = true, s.out()
	}
	w.joinConcats()
	for _, s := range p.steps {
		for _, x := range s.inputs() {
			w.wants[x.value] |= 1 << x.form
			if x.form == blocked {
				root := w.homeOf(x.value).root
				w.pad[root] = max(w.pad[root], x.pad)
			}
		}
	}
	for _, v := range p.model.Graph.Values {
		w.store(v)
	}
}

func (w *placer) homeOf(v *nn.Value) home {
	if h, ok := w.homes[v]; ok {
		return h
	}
	return home{root: v}
}

// joinConcats lets the parts of concatenations be computed in place, the last concatenation first:
// of a dense block's chain all are then one buffer.
func (w *placer) joinConcats() {
	for _, s := range slices.Backward(w.steps) {
		c, ok := s.(*concatStep)
		if !ok {
			continue
		}
		if w.prefix(c) {
			continue
		}
		at := 0
		self := w.homeOf(c.node.Output)
		for _, v := range c.node.Inputs {
			if _, taken := w.homes[v]; taken || !w.fits(v, self.at+at) || w.places[v.Index].home != blocked || !w.places[v.Index].stored {
				c.copy = append(c.copy, part{value: v, at: at})
			} else {
				w.homes[v] = home{root: self.root, at: self.at + at}
				w.moved(v, self.root, self.at+at)
			}
			at += w.shapes[v.Index].C
		}
	}
}

// fits says whether a value can lie at a channel: whole blocks only, and the lanes behind it are free.
func (w *placer) fits(v *nn.Value, at int) bool {
	return at%kernel.Lanes == 0 && w.shapes[v.Index].C%kernel.Lanes == 0
}

// moved takes along the parts that lie in v already.
func (w *placer) moved(v *nn.Value, root *nn.Value, at int) {
	for x, h := range w.homes {
		if h.root == v {
			w.homes[x] = home{root: root, at: h.at + at}
		}
	}
}

// prefix says whether all inputs of a concatenation lie side by side in one buffer already; then it
// is a view of that.
func (w *placer) prefix(c *concatStep) bool {
	first, ok := w.homes[c.node.Inputs[0]]
	if _, taken := w.homes[c.node.Output]; !ok || taken {
		return false
	}
	at := first.at
	for _, v := range c.node.Inputs {
		if h, ok := w.homes[v]; !ok || h.root != first.root || h.at != at {
			return false
		}
		at += w.shapes[v.Index].C
	}
	w.homes[c.node.Output] = first
	return true
}

// store makes the memory of one value: in its home form, and in the other where a step reads that.
func (w *placer) store(v *nn.Value) {
	p := &w.places[v.Index]
	if !p.stored {
		return
	}
	s := w.shapes[v.Index]
	if p.home == blocked || w.wants[v]&(1<<blocked) != 0 {
		p.view = w.viewOf(v)
	}
	if p.home == planar || w.wants[v]&(1<<planar) != 0 {
		p.buf = w.newBuffer(buffer{floats: s.Len(), first: p.step, last: p.step})
	}
	w.use(p, p.step)
}

// viewOf returns the blocked memory of a value, making that of its root first.
func (w *placer) viewOf(v *nn.Value) int {
	p := &w.places[v.Index]
	if p.view != none {
		return p.view
	}
	h := w.homeOf(v)
	s := w.shapes[h.root.Index]
	layout := kernel.ShapeBlocked(s.N, s.C, s.H, s.W, w.pad[h.root])
	var buf int
	if h.root == v {
		buf = w.newBuffer(buffer{floats: layout.Len(), first: p.step, last: p.step, root: len(w.views)})
	} else {
		buf = w.viewBuf[w.viewOf(h.root)]
		layout = layout.View(h.at, w.shapes[v.Index].C)
	}
	w.views = append(w.views, layout)
	w.viewBuf = append(w.viewBuf, buf)
	p.view = len(w.views) - 1
	return p.view
}

func (w *placer) newBuffer(b buffer) int {
	w.bufs = append(w.bufs, b)
	return len(w.bufs) - 1
}

// use says that a step reads or writes a value.
func (p *program) use(at *place, step int) {
	for _, i := range p.buffersOf(at) {
		b := &p.bufs[i]
		b.first, b.last = min(b.first, step), max(b.last, step)
	}
}

func (p *program) buffersOf(at *place) []int {
	var list []int
	if at.view != none {
		list = append(list, p.viewBuf[at.view])
	}
	if at.buf != none {
		list = append(list, at.buf)
	}
	return list
}
