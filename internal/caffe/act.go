package caffe

import (
	"math"
	"strconv"

	"vizserver/internal/caffe/caffepb"
	"vizserver/internal/nn/op"
)

func unary(fn string) func(*converter, *layer, []value) ([]value, error) {
	return func(c *converter, l *layer, in []value) ([]value, error) {
		return c.one(l, op.Unary{Fn: fn}, in[0])
	}
}

func sigmoid(c *converter, l *layer, in []value) ([]value, error) {
	return c.one(l, op.Sigmoid{}, in[0])
}

func tanh(c *converter, l *layer, in []value) ([]value, error) { return c.one(l, op.Tanh{}, in[0]) }

func relu(c *converter, l *layer, in []value) ([]value, error) {
	if slope := wide(l.GetReluParam().GetNegativeSlope()); slope != 0 {
		return c.one(l, op.LeakyReLU{Slope: slope}, in[0])
	}
	return c.one(l, op.ReLU{}, in[0])
}

func elu(c *converter, l *layer, in []value) ([]value, error) {
	return c.one(l, op.ELU{Alpha: wide(l.GetEluParam().GetAlpha())}, in[0])
}

// prelu has a slope for each channel, or one for all.
func prelu(c *converter, l *layer, in []value) ([]value, error) {
	if !l.GetPreluParam().GetChannelShared() {
		return c.one(l, op.PReLU{}, in[0])
	}
	slope, err := l.vectorOf(0, 1)
	if err != nil {
		return nil, err
	}
	return c.one(l, op.LeakyReLU{Slope: float64(slope[0])}, in[0])
}

// softmax also stands for a SoftmaxWithLoss, whose loss nobody asks for after training.
func softmax(c *converter, l *layer, in []value) ([]value, error) {
	if err := l.channels(l.GetSoftmaxParam().GetAxis(), in[0]); err != nil {
		return nil, err
	}
	return c.one(l, op.Softmax{}, in[0])
}

func power(c *converter, l *layer, in []value) ([]value, error) {
	p := l.GetPowerParam()
	return c.one(l, op.Power{Power: wide(p.GetPower()), Scale: wide(p.GetScale()), Shift: wide(p.GetShift())}, in[0])
}

// exp is base^(shift + scale·x) = e^(ln base · (shift + scale·x)).
func exp(c *converter, l *layer, in []value) ([]value, error) {
	p := l.GetExpParam()
	ln, err := l.lnBase(p.GetBase())
	if err != nil {
		return nil, err
	}
	x, err := c.affine(l, ln*wide(p.GetScale()), ln*wide(p.GetShift()), in[0])
	if err != nil {
		return nil, err
	}
	return c.one(l, op.Unary{Fn: "Exp"}, x)
}

// logarithm is log(shift + scale·x) to a base.
func logarithm(c *converter, l *layer, in []value) ([]value, error) {
	p := l.GetLogParam()
	ln, err := l.lnBase(p.GetBase())
	if err != nil {
		return nil, err
	}
	x, err := c.affine(l, wide(p.GetScale()), wide(p.GetShift()), in[0])
	if err != nil {
		return nil, err
	}
	if ln == 1 {
		return c.one(l, op.Unary{Fn: "Log"}, x)
	}
	if x, err = c.node(l, ".ln", op.Unary{Fn: "Log"}, nil, x); err != nil {
		return nil, err
	}
	return c.one(l, op.Scale{Factor: 1 / ln}, x)
}

// lnBase is the natural logarithm of a base; −1 stands for e.
func (l *layer) lnBase(base float32) (float64, error) {
	if base == -1 {
		return 1, nil
	}
	if !(base > 0) || base == 1 || math.IsInf(float64(base), 0) {
		return 0, l.bad("its base is %v", base)
	}
	return math.Log(wide(base)), nil
}

// affine adds scale·x + shift before a function, where it does something.
func (c *converter) affine(l *layer, scale, shift float64, x value) (value, error) {
	if scale == 1 && shift == 0 {
		return x, nil
	}
	return c.node(l, ".affine", op.Power{Power: 1, Scale: scale, Shift: shift}, nil, x)
}

// eltwise joins blobs of one size.
func eltwise(c *converter, l *layer, in []value) ([]value, error) {
	p := l.GetEltwiseParam()
	for _, v := range in[1:] {
		if v.Shape != in[0].Shape {
			return nil, l.bad("its blobs have the sizes %v and %v", in[0].Shape, v.Shape)
		}
	}
	if n := len(p.GetCoeff()); n > 0 && (n != len(in) || p.GetOperation() != caffepb.EltwiseParameter_SUM) {
		return nil, l.bad("it has %d coefficients for %d blobs", n, len(in))
	}
	switch p.GetOperation() {
	case caffepb.EltwiseParameter_MAX:
		return c.one(l, op.Max{}, in...)
	case caffepb.EltwiseParameter_PROD:
		x := in[0]
		for i, v := range in[1:] {
			suffix := ""
			if i < len(in)-2 {
				suffix = ".product" + strconv.Itoa(i+1)
			}
			var err error
			if x, err = c.node(l, suffix, op.Mul{}, nil, x, v); err != nil {
				return nil, err
			}
		}
		return []value{x}, nil
	case caffepb.EltwiseParameter_SUM:
		return c.sum(l, wides(p.GetCoeff()), in)
	}
	return nil, l.unsupported("operation %d is unknown", p.GetOperation())
}

func wides(list []float32) []float64 {
	out := make([]float64, len(list))
	for i, f := range list {
		out[i] = wide(f)
	}
	return out
}

// sum adds blobs, each multiplied by its coefficient where there are some.
func (c *converter) sum(l *layer, coefficients []float64, in []value) ([]value, error) {
	if len(in) == 2 && len(coefficients) == 2 && coefficients[0] == 1 && coefficients[1] == -1 {
		return c.one(l, op.Sub{}, in...)
	}
	terms := append([]value(nil), in...)
	for i, k := range coefficients {
		if k == 1 {
			continue
		}
		v, err := c.node(l, ".term"+strconv.Itoa(i+1), op.Scale{Factor: k}, nil, in[i])
		if err != nil {
			return nil, err
		}
		terms[i] = v
	}
	return c.one(l, op.Add{}, terms...)
}
