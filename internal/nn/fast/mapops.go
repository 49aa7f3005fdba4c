package fast

import (
	"vizserver/internal/nn"
	"vizserver/internal/nn/kernel"
	"vizserver/internal/nn/op"
)

// mapFunc computes blocks first…last−1 of a step's output.
type mapFunc func(st *state, s *mapStep, out *kernel.Blocked, act kernel.Clamp, first, last int)

// mapFuncOf returns what computes an operator over maps, or nil.
func (p *program) mapFuncOf(n *nn.Node) mapFunc {
	if f := p.poolOf(n); f != nil {
		return f
	}
	if c, ok := curveOf(n.Op, p.params[n.Index]); ok {
		return func(st *state, s *mapStep, out *kernel.Blocked, act kernel.Clamp, first, last int) {
			c.Maps(st.p.set, out, st.blocked(s.node.Inputs[0]), act, first, last)
		}
	}
	switch o := n.Op.(type) {
	case op.Mul:
		return p.mulOf(n)
	case op.LRN:
		l := kernel.LRN{Size: o.Size, Alpha: o.Alpha, Beta: o.Beta, K: o.K}
		return func(st *state, s *mapStep, out *kernel.Blocked, _ kernel.Clamp, first, last int) {
			l.Maps(st.p.set, out, st.blocked(s.node.Inputs[0]), first, last)
		}
	}
	return nil
}

// mulOf multiplies values of one shape, or maps by one gate for each channel.
func (p *program) mulOf(n *nn.Node) mapFunc {
	a, b := p.shapes[n.Inputs[0].Index], p.shapes[n.Inputs[1].Index]
	gate := func(x, g nn.Shape) bool { return g.Plane() == 1 && g.C == x.C && g.N == x.N }
	switch {
	case a == b:
		return func(st *state, s *mapStep, out *kernel.Blocked, act kernel.Clamp, first, last int) {
			kernel.Mul(st.p.set, out, st.blocked(s.node.Inputs[0]), st.blocked(s.node.Inputs[1]), act, first, last)
		}
	case gate(a, b), gate(b, a):
		maps, gates := n.Inputs[0], n.Inputs[1]
		if !gate(a, b) {
			maps, gates = gates, maps
		}
		return func(st *state, _ *mapStep, out *kernel.Blocked, act kernel.Clamp, first, last int) {
			kernel.Gate(st.p.set, out, st.blocked(maps), st.blocked(gates), act, first, last)
		}
	}
	return nil
}

// poolOf returns what computes a pooling operator.
func (p *program) poolOf(n *nn.Node) mapFunc {
	in, out := p.shapes[n.Inputs[0].Index], p.shapes[n.Output.Index]
	switch o := n.Op.(type) {
	case op.GlobalAvgPool:
		return doGlobalAvg
	case op.AdaptiveAvgPool:
		switch {
		case out == in:
			return doAffine
		case out.Plane() == 1:
			return doGlobalAvg
		}
	case op.MaxPool:
		w := poolWindow(o.Kernel, o.Stride, o.Pad, o.Extra, o.Dilation)
		return func(st *state, s *mapStep, out *kernel.Blocked, act kernel.Clamp, first, last int) {
			w.Max(st.p.set, out, st.blocked(s.node.Inputs[0]), act, first, last)
		}
	case op.AvgPool:
		w := poolWindow(o.Kernel, o.Stride, o.Pad, o.Extra, o.Dilation)
		return func(st *state, s *mapStep, out *kernel.Blocked, act kernel.Clamp, first, last int) {
			w.Avg(st.p.set, out, st.blocked(s.node.Inputs[0]), o.CountIncludePad, act, first, last)
		}
	}
	return nil
}

func doGlobalAvg(st *state, s *mapStep, out *kernel.Blocked, _ kernel.Clamp, first, last int) {
	kernel.GlobalAvg(st.p.set, out, st.blocked(s.node.Inputs[0]), first, last)
}

func poolWindow(k, stride, pad, extra, dilation op.Size) kernel.Pool {
	if stride == (op.Size{}) {
		stride = k
	}
	d := dilation.OrOne()
	return kernel.Pool{
		KH: k.H, KW: k.W, SH: stride.H, SW: stride.W, DH: d.H, DW: d.W,
		PadT: pad.H, PadL: pad.W, PadB: pad.H + extra.H, PadR: pad.W + extra.W,
	}
}

// curveOf returns an activation function of each value that is no clamp.
func curveOf(o nn.Op, params [][]float32) (c kernel.Curve, ok bool) {
	switch a := o.(type) {
	case op.Sigmoid:
		c = kernel.Curve{Fn: kernel.CurveSigmoid}
	case op.Swish:
		c = kernel.Curve{Fn: kernel.CurveSwish, A: 1}
		if a.Alpha != 0 {
			c.A = float32(a.Alpha)
		}
	case op.Tanh:
		c = kernel.Curve{Fn: kernel.CurveTanh}
	case op.ScaledTanh:
		b, s := a.Constants()
		c = kernel.Curve{Fn: kernel.CurveScaledTanh, A: float32(s), B: float32(b)}
	case op.ELU:
		c = kernel.Curve{Fn: kernel.CurveELU, A: float32(a.Alpha)}
	case op.LeakyReLU:
		c = kernel.Curve{Fn: kernel.CurveLeaky, A: float32(a.Slope)}
	case op.PReLU:
		c = kernel.Curve{Fn: kernel.CurveLeaky, Slopes: params[0]}
	case op.HardSigmoid:
		c = kernel.Curve{Fn: kernel.CurveHardSigmoid, A: float32(a.Alpha), B: float32(a.Beta)}
	case op.HardSwish:
		c = kernel.Curve{Fn: kernel.CurveHardSwish}
	case op.GELU:
		c = kernel.Curve{Fn: kernel.CurveGELU}
		if a.Tanh {
			c.Fn = kernel.CurveGELUTanh
		}
	default:
		return c, false
	}
	return c, true
}
