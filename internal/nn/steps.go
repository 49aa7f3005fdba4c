package nn

// Steps computes nodes in their operators' place, on planar values. It serves one goroutine.
type Steps interface {
	// Forward writes all of a node's output and says true, or leaves it to the operator.
	Forward(n *Node, in []*Tensor, params [][]float32, out *Tensor) bool
	// Backward does a node's backward step and says true, or leaves it to the operator. g comes
	// without X and Y: what it needs of the forward pass it reads from the state.
	Backward(s State, n *Node, g *Grad) bool
	// Begin says that a backward pass begins, End that it has ended.
	Begin()
	End()
}

// Differentiator is a Program that has backward steps of its own.
type Differentiator interface {
	Program
	// NewSteps returns the memory of one Backprop.
	NewSteps() Steps
}

// Planar returns a compiler that makes the program of Reference, but for the nodes that steps
// knows; shapes are those of the values, with the batch.
func Planar(steps func(shapes []Shape) Steps) Compiler {
	return func(m *Model, batch int) (Program, error) {
		p, err := Reference(m, batch)
		if err != nil {
			return nil, err
		}
		r := *p.(*reference)
		return &planar{reference: r, steps: steps}, nil
	}
}

// planar is the reference's program with steps of its own.
type planar struct {
	reference
	steps func(shapes []Shape) Steps
}

// NewState returns the memory of one run.
func (p *planar) NewState() State {
	s := p.reference.NewState().(*refState)
	s.steps = p.NewSteps()
	return s
}

// NewSteps returns the memory of one Backprop.
func (p *planar) NewSteps() Steps { return p.steps(p.shapes) }
