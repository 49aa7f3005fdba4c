package onnx

import (
	"math"

	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
)

// importPad pads rows, columns and channels.
func importPad(im *importer, n *node, in []operand) error {
	v, err := im.value(n, at(in, 0))
	if err != nil {
		return err
	}
	before, after, err := padsOf(n, in, v.rank())
	if err != nil {
		return err
	}
	value, err := number(n, at(in, 2), "value", n.float("value", 0))
	if err != nil {
		return err
	}
	mode := n.str("mode", "constant")
	r := v.rank()
	if r < 2 || r > 4 || before[0] != 0 || after[0] != 0 {
		return unsupported("%s: it pads %v by %v and %v; channels, rows and columns of N×C×H×W can be padded", n, v.dims, before, after)
	}
	v = im.batch(v, n.outputs[0]+"/batch")
	var steps []nn.Op
	if before[1] != 0 || after[1] != 0 {
		if mode != "constant" || before[1] < 0 || after[1] < 0 {
			return unsupported("%s: it pads channels by %d and %d in mode %s", n, before[1], after[1], show(mode))
		}
		steps = append(steps, op.PadChannels{Before: before[1], After: after[1], Value: value})
	}
	p := op.Pad{Value: value}
	if mode != "constant" {
		p.Mode, p.Value = mode, 0
	}
	if r == 4 {
		p.Top, p.Bottom = before[2], after[2]
	}
	if r > 2 {
		p.Left, p.Right = before[r-1], after[r-1]
	}
	if p.Top != 0 || p.Bottom != 0 || p.Left != 0 || p.Right != 0 || len(steps) == 0 {
		steps = append(steps, p)
	}
	for i, o := range steps {
		s, err := o.Infer([]nn.Shape{v.shape()})
		if err != nil {
			return unfit(n, err)
		}
		suffix := ""
		if i < len(steps)-1 {
			suffix = "/channels"
		}
		v = &live{name: im.emit(n, suffix, o, nil, v), dims: trimmed(s, r), batched: true}
	}
	return im.define(n, v)
}

// trimmed returns an engine's shape as sizes of that rank.
func trimmed(s nn.Shape, rank int) []int {
	switch rank {
	case 2:
		return []int{s.N, s.C}
	case 3:
		return []int{s.N, s.C, s.W}
	}
	return []int{s.N, s.C, s.H, s.W}
}

// padsOf returns what is put before and behind every axis.
func padsOf(n *node, in []operand, rank int) (before, after []int, err error) {
	pads, err := listOf(n, "pads", at(in, 1))
	if err != nil {
		return nil, nil, err
	}
	for _, p := range pads {
		if p > maxWindow || p < -maxWindow {
			return nil, nil, damaged("%s: it pads by %d", n, p)
		}
	}
	axes, err := integers(n, at(in, 3), "axes")
	if err != nil {
		return nil, nil, err
	}
	return n.margins(rank, pads, axes)
}

func importDepthToSpace(im *importer, n *node, in []operand) error {
	x, err := im.maps(n, at(in, 0))
	if err != nil {
		return err
	}
	crd, err := orderCRD(n)
	if err != nil {
		return err
	}
	return im.pooled(n, op.DepthToSpace{Block: n.int("blocksize", 0), CRD: crd}, nil, x)
}

func importSpaceToDepth(im *importer, n *node, in []operand) error {
	x, err := im.maps(n, at(in, 0))
	if err != nil {
		return err
	}
	crd, err := orderCRD(n)
	if err != nil {
		return err
	}
	return im.pooled(n, op.SpaceToDepth{Block: n.int("blocksize", 0), CRD: crd}, nil, x)
}

// orderCRD tells the two orders of the channels of a block from each other.
func orderCRD(n *node) (bool, error) {
	switch mode := n.str("mode", "DCR"); mode {
	case "DCR", "CRD":
		return mode == "CRD", nil
	default:
		return false, damaged("%s: mode %s, want DCR or CRD", n, show(mode))
	}
}

// importResize scales rows and columns. Before opset 11 places were asymmetric.
func importResize(im *importer, n *node, in []operand) error {
	x, err := im.maps(n, at(in, 0))
	if err != nil {
		return err
	}
	o := op.Resize{
		Mode: n.str("mode", "nearest"), Coords: n.str("coordinate_transformation_mode", "half_pixel"),
		Nearest: n.str("nearest_mode", "round_prefer_floor"), CubicA: float64(n.float("cubic_coeff_a", -0.75)),
		ExcludeOutside: n.bool("exclude_outside", false), Antialias: n.bool("antialias", false),
	}
	scales, sizes := at(in, 2), at(in, 3)
	if im.model.opset < 11 {
		scales, sizes = at(in, 1), operand{}
		o.Coords, o.Nearest = "asymmetric", "floor"
	}
	policy := n.str("keep_aspect_ratio_policy", "stretch")
	_ = n.float("extrapolation_value", 0)
	axes := n.ints("axes")
	if axes == nil {
		for i := range x.rank() {
			axes = append(axes, i)
		}
	}
	if axes, err = axesInOrder(n, axes, x.rank()); err != nil {
		return err
	}
	var scale [4]float64
	if !sizes.absent() && sizes.c != nil && sizes.c.len() > 0 {
		scale, err = fromSizes(n, sizes, axes, x.dims, policy, &o)
	} else {
		scale, err = fromScales(n, scales, axes, x.dims, &o)
	}
	if err != nil {
		return err
	}
	if scale[0] != 1 || scale[1] != 1 || o.Coords == "tf_crop_and_resize" {
		return unsupported("%s: it scales the batch or channels, or crops; rows and columns of N×C×H×W can be scaled", n)
	}
	o.Scale = [2]float64{scale[2], scale[3]}
	return im.pooled(n, o, nil, x)
}

// axesInOrder resolves negative axes without sorting them.
func axesInOrder(n *node, list []int, rank int) ([]int, error) {
	if _, err := axesOf(n, list, rank); err != nil {
		return nil, err
	}
	out := make([]int, len(list))
	for i, a := range list {
		out[i], _ = axis(n, a, rank)
	}
	return out, nil
}

// spot maps an axis of rank 3 or 4 to one of N, C, H, W.
func spot(a, rank int) int {
	if rank == 3 && a == 2 {
		return 3
	}
	return a
}

func fromScales(n *node, o operand, axes, dims []int, r *op.Resize) (scale [4]float64, err error) {
	c, err := weight(n, o, "scales")
	if err != nil {
		return scale, err
	}
	if c.len() != len(axes) {
		return scale, damaged("%s: %d scales for %d axes", n, c.len(), len(axes))
	}
	scale = [4]float64{1, 1, 1, 1}
	r.Out = op.Size{H: 1, W: dims[len(dims)-1]}
	if len(dims) == 4 {
		r.Out.H = dims[2]
	}
	for i, a := range axes {
		s := float64(c.floats[i])
		if !(s > 0) || s > maxWindow {
			return scale, damaged("%s: a scale of %v", n, s)
		}
		scale[spot(a, len(dims))] = s
		size := int(math.Floor(float64(dims[a]) * s))
		switch spot(a, len(dims)) {
		case 2:
			r.Out.H = size
		case 3:
			r.Out.W = size
		}
	}
	return scale, nil
}

func fromSizes(n *node, o operand, axes, dims []int, policy string, r *op.Resize) (scale [4]float64, err error) {
	list, err := integers(n, o, "sizes")
	if err != nil {
		return scale, err
	}
	if len(list) != len(axes) {
		return scale, damaged("%s: %d sizes for %d axes", n, len(list), len(axes))
	}
	for _, s := range list {
		if s < 1 || s > maxWindow {
			return scale, damaged("%s: it asks for the sizes %v", n, list)
		}
	}
	keep := 0.0
	for i, a := range axes {
		s := float64(list[i]) / float64(dims[a])
		if keep == 0 || policy == "not_larger" && s < keep || policy == "not_smaller" && s > keep {
			keep = s
		}
	}
	scale = [4]float64{1, 1, 1, 1}
	out := padShape(dims)
	for i, a := range axes {
		k := spot(a, len(dims))
		out[k], scale[k] = list[i], float64(list[i])/float64(dims[a])
		if policy != "stretch" {
			out[k], scale[k] = int(math.Floor(keep*float64(dims[a])+0.5)), keep
		}
	}
	r.Out = op.Size{H: out[2], W: out[3]}
	return scale, nil
}

func padShape(dims []int) [4]int {
	if len(dims) == 3 {
		return [4]int{dims[0], dims[1], 1, dims[2]}
	}
	return [4]int{dims[0], dims[1], dims[2], dims[3]}
}

// importUpsample is Resize before opset 10: asymmetric places, the nearest below.
func importUpsample(im *importer, n *node, in []operand) error {
	x, err := im.maps(n, at(in, 0))
	if err != nil {
		return err
	}
	scales := at(in, 1)
	if list := n.floats("scales"); list != nil {
		scales = operand{c: &constant{elem: "float32", dims: []int{len(list)}, floats: list}}
	}
	o := op.Resize{Mode: n.str("mode", "nearest"), Coords: "asymmetric", Nearest: "floor"}
	axes := []int{0, 1, 2, 3}[:x.rank()]
	scale, err := fromScales(n, scales, axes, x.dims, &o)
	if err != nil {
		return err
	}
	if scale[0] != 1 || scale[1] != 1 {
		return unsupported("%s: it scales the batch or channels", n)
	}
	o.Scale = [2]float64{scale[2], scale[3]}
	return im.pooled(n, o, nil, x)
}
