package fast

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
)

// refStep runs a node as the reference does, on planar values.
type refStep struct {
	node   *nn.Node
	params [][]float32
}

func (s *refStep) stages() []*nn.Value               { return []*nn.Value{s.node.Output} }
func (s *refStep) out() form                         { return planar }
func (s *refStep) scratch() int                      { return 0 }
func (s *refStep) first() (int, *affine)             { return 0, nil }
func (s *refStep) next(*state, int, *kernel.Blocked) {}

func (s *refStep) inputs() []input {
	list := make([]input, len(s.node.Inputs))
	for i, v := range s.node.Inputs {
		list[i] = input{value: v, form: planar}
	}
	return list
}

func (s *refStep) run(st *state, _ int, _ *kernel.Blocked) {
	in := st.tensors[s.node.Index]
	s.node.Op.Forward(in[1:], s.params, in[0])
}

// flattenStep lays maps in a row: planar memory is that already.
type flattenStep struct{ node *nn.Node }

func (s *flattenStep) stages() []*nn.Value               { return []*nn.Value{s.node.Output} }
func (s *flattenStep) inputs() []input                   { return []input{{value: s.node.Inputs[0], form: planar}} }
func (s *flattenStep) out() form                         { return planar }
func (s *flattenStep) scratch() int                      { return 0 }
func (s *flattenStep) first() (int, *affine)             { return 0, nil }
func (s *flattenStep) next(*state, int, *kernel.Blocked) {}

func (s *flattenStep) run(st *state, _ int, _ *kernel.Blocked) {
	copy(st.flats[s.node.Output.Index].Data, st.flats[s.node.Inputs[0].Index].Data)
}

// concatStep joins channels. Parts that were computed in their place need no copy.
type concatStep struct {
	node *nn.Node
	copy []part // those that stand elsewhere
}

// part is an input of a concatenation at a channel of it.
type part struct {
	value *nn.Value
	at    int
}

func (s *concatStep) stages() []*nn.Value               { return []*nn.Value{s.node.Output} }
func (s *concatStep) out() form                         { return blocked }
func (s *concatStep) scratch() int                      { return 0 }
func (s *concatStep) first() (int, *affine)             { return 0, nil }
func (s *concatStep) next(*state, int, *kernel.Blocked) {}

func (s *concatStep) inputs() []input {
	list := make([]input, len(s.node.Inputs))
	for i, v := range s.node.Inputs {
		list[i] = input{value: v, form: blocked}
	}
	return list
}

func (s *concatStep) run(st *state, _ int, out *kernel.Blocked) {
	for _, c := range s.copy {
		st.copy(out, c.at, st.blocked(c.value))
	}
}
