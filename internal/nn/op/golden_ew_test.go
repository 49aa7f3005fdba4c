package op_test

import (
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
	"vizserver/internal/nn/optest"
)

// goldensEW lists the cases of scripts/golden/ops_ew.py, as goldens does those of ops.py.
var goldensEW = map[string][]optest.Case{
	"unary":            unaryCases(),
	"selu":             {{Name: "torch", Op: op.SELU{Alpha: 1.6732632423543772, Gamma: 1.0507009873554805}}, {Name: "other", Op: op.SELU{Alpha: 2, Gamma: 1.5}}},
	"celu":             {{Name: "plain", Op: op.CELU{Alpha: 1.3}}},
	"thresholded_relu": {{Name: "plain", Op: op.ThresholdedReLU{Alpha: 0.6}}, {Name: "negative", Op: op.ThresholdedReLU{Alpha: -0.4}}},
	"shrink":           {{Name: "hard", Op: op.Shrink{Lambd: 0.7}}, {Name: "soft", Op: op.Shrink{Lambd: 0.4, Bias: 0.4}}},
	"gelu_tanh":        {{Name: "plain", Op: op.GELU{Tanh: true}}, {Name: "edges", Op: op.GELU{Tanh: true}}},
	"swish_alpha":      {{Name: "plain", Op: op.Swish{Alpha: 1.702}}},
	"power":            {{Name: "square", Op: op.Power{Power: 2, Scale: 1}}, {Name: "caffe", Op: op.Power{Power: -1.5, Scale: 2, Shift: 0.5}}, {Name: "zero", Op: op.Power{Scale: 1}}},
	"pow":              {{Name: "plain", Op: op.Pow{}}, {Name: "constant", Op: op.Pow{}}, {Name: "row", Op: op.Pow{}}},
	"max":              {{Name: "two", Op: op.Max{}}, {Name: "three", Op: op.Max{}}, {Name: "one", Op: op.Max{}}},
	"min":              {{Name: "two", Op: op.Min{}}, {Name: "three", Op: op.Min{}}, {Name: "one", Op: op.Min{}}},
	"add_broadcast":    {{Name: "three", Op: op.Add{}}, {Name: "bias", Op: op.Add{}}, {Name: "outer", Op: op.Add{}}},
	"mean_broadcast":   {{Name: "three", Op: op.Mean{}}},
	"mul_batch":        {{Name: "constant", Op: op.Mul{}}},
	"div_batch":        {{Name: "constant", Op: op.Div{}}},
	"affine":           {{Name: "both", Op: op.Affine{}}, {Name: "weight", Op: op.Affine{NoBias: true}}, {Name: "bias", Op: op.Affine{NoWeight: true}}},
}

func unaryCases() []optest.Case {
	var list []optest.Case
	for _, fn := range []string{
		"Erf", "Exp", "Log", "Sqrt", "Abs", "Neg", "Reciprocal", "Floor", "Ceil", "Round", "Sign", "Softplus", "Softsign", "Mish",
		"Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh",
	} {
		list = append(list, optest.Case{Name: fn, Op: op.Unary{Fn: fn}})
	}
	for _, fn := range []string{"Abs", "Floor", "Ceil", "Round", "Sign", "Softplus", "Softsign", "Mish", "Erf"} {
		list = append(list, optest.Case{Name: fn + "_edges", Op: op.Unary{Fn: fn}})
	}
	return list
}

// Every function of Unary has golden cases.
func TestUnariesAreTested(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range unaryCases() {
		tested[c.Name] = true
	}
	for _, fn := range op.Unaries() {
		if !tested[fn] || !op.IsUnary(fn) {
			t.Errorf("%s has no golden case, or is none of the table", fn)
		}
	}
	if _, err := (op.Unary{Fn: "Relu"}).Infer([]nn.Shape{nn.Vec(3)}); err == nil || op.IsUnary("Relu") {
		t.Error("Unary takes a function that it does not have")
	}
}
