package op_test

import (
	"fmt"
	"math"
	"testing"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
	"vizserver/internal/nn/optest"
)

// goldensResize lists the cases of scripts/golden/ops_resize.py, and what PyTorch's interpolate is of them.
var goldensResize = map[string][]optest.Case{
	"resize_onnx": resizeCases(),
	"resize_torch": {
		{Name: "bicubic", Op: op.Resize{Out: op.Size{H: 9, W: 4}, Mode: "cubic"}},
		{Name: "bicubic_corners", Op: op.Resize{Out: op.Size{H: 9, W: 4}, Mode: "cubic", Coords: "align_corners"}},
		{Name: "bilinear_corners", Op: op.Resize{Out: op.Size{H: 9, W: 4}, Linear: true, Coords: "align_corners"}},
		{Name: "bilinear_scale", Op: op.Resize{Out: op.Size{H: 5, W: 4}, Scale: [2]float64{1.3, 0.7}, Mode: "linear"}},
		{Name: "nearest_exact", Op: op.Resize{Out: op.Size{H: 9, W: 4}, Coords: "half_pixel", Nearest: "round_prefer_ceil"}},
		{Name: "nearest_scale", Op: op.Resize{Out: op.Size{H: 9, W: 4}, Scale: [2]float64{2.3, 0.6}}},
		{Name: "nearest_third", Op: op.Resize{Out: op.Size{H: 2, W: 3}, Scale: f32(1.0/3, 1.0/3)}},
		{Name: "wide", Op: op.Resize{Out: op.Size{H: 3, W: 71}, Linear: true}}, // of more than one stripe
		{Name: "antialias", Op: op.Resize{Out: op.Size{H: 4, W: 11}, Mode: "linear", Antialias: true, ExcludeOutside: true}},
		{Name: "antialias_bicubic", Op: op.Resize{
			Out: op.Size{H: 4, W: 11}, Mode: "cubic", CubicA: -0.5, Antialias: true, ExcludeOutside: true,
		}},
	},
}

// f32 is a scale as a file has it.
func f32(h, w float32) [2]float64 { return [2]float64{float64(h), float64(w)} }

func resizeCases() []optest.Case {
	var list []optest.Case
	add := func(name string, r op.Resize) { list = append(list, optest.Case{Name: name, Op: r}) }
	for _, coords := range []string{"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"} {
		for _, mode := range []string{"linear", "cubic"} {
			name := mode + "_" + coords
			add(name+"_sizes", op.Resize{Out: op.Size{H: 9, W: 4}, Mode: mode, Coords: coords})
			add(name+"_scales", op.Resize{Out: op.Size{H: 5, W: 4}, Scale: f32(1.3, 0.7), Mode: mode, Coords: coords})
		}
		add("one_"+coords, op.Resize{Out: op.Square(1), Linear: true, Coords: coords})
		for _, nearest := range []string{"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"} {
			name := "nearest_" + coords + "_" + nearest
			add(name+"_sizes", op.Resize{Out: op.Size{H: 8, W: 3}, Coords: coords, Nearest: nearest})
			add(name+"_scales", op.Resize{Out: op.Size{H: 9, W: 4}, Scale: f32(2.3, 0.65), Coords: coords, Nearest: nearest})
		}
	}
	add("cubic_a", op.Resize{Out: op.Size{H: 9, W: 4}, Mode: "cubic", CubicA: -0.5})
	add("cubic_exclude", op.Resize{Out: op.Size{H: 9, W: 4}, Mode: "cubic", ExcludeOutside: true})
	for _, mode := range []string{"linear", "cubic"} {
		for _, exclude := range []bool{false, true} {
			tail := ""
			if exclude {
				tail = "_exclude"
			}
			add("antialias_"+mode+tail, op.Resize{Out: op.Size{H: 4, W: 11}, Mode: mode, Antialias: true, ExcludeOutside: exclude})
			add("antialias_"+mode+"_scales"+tail, op.Resize{
				Out: op.Size{H: 5, W: 2}, Scale: f32(0.6, 0.3), Mode: mode, Antialias: true, ExcludeOutside: exclude,
			})
		}
	}
	return list
}

// What Infer refuses of a file's Resize and Pad, and says.
func TestRefusedResizesAndPads(t *testing.T) {
	s := []nn.Shape{{N: 2, C: 3, H: 4, W: 6}}
	out := op.Size{H: 8, W: 9}
	for name, o := range map[string]nn.Op{
		"no output":             op.Resize{Out: op.Size{H: 8}},
		"an unknown mode":       op.Resize{Out: out, Mode: "lanczos"},
		"a region":              op.Resize{Out: out, Coords: "tf_crop_and_resize"},
		"an unknown rounding":   op.Resize{Out: out, Nearest: "up"},
		"a nearest, smoothed":   op.Resize{Out: out, Antialias: true},
		"another scale":         op.Resize{Out: out, Scale: [2]float64{2, 2}},
		"a scale that is none":  op.Resize{Out: out, Scale: [2]float64{math.NaN(), 1.5}},
		"a scale below zero":    op.Resize{Out: op.Size{H: 1, W: 9}, Scale: [2]float64{-0.1, 1.5}},
		"an endless curve":      op.Resize{Out: out, Mode: "cubic", CubicA: math.Inf(1)},
		"an unknown padding":    op.Pad{Top: 1, Mode: "mirror"},
		"nothing to repeat":     op.Pad{Top: -4, Bottom: 9, Mode: "edge"},
		"padding without end":   op.Pad{Top: 1 << 40},
		"blocks over channels":  op.DepthToSpace{Block: 2},
		"no blocks":             op.DepthToSpace{},
		"blocks over the map":   op.SpaceToDepth{Block: 4},
		"blocks larger than it": op.SpaceToDepth{Block: 12},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := o.Infer(s); err == nil {
				t.Errorf("%s gives %v", fmt.Sprintf("%+v", o), got)
			}
		})
	}
}
