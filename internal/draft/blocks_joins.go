package draft

import (
	"slices"
	"strings"

	"vizserver/internal/nn/op"
)

// joinedAll names the regions of a chain, and lets them take what belongs to them from before
// and behind. Regions that stay unknown give way to what they hold.
func (l *layouter) joinedAll(list []*part) []*part {
	var out []*part
	for i := 0; i < len(list); i++ {
		p := list[i]
		if p.kind != "?" {
			out = append(out, p)
			continue
		}
		if p.kind = l.joined(p); p.kind == "?" {
			out = append(out, plain(p.parts)...)
			continue
		}
		if n := l.before(p, out); n > 0 {
			p.parts = append(slices.Clone(out[len(out)-n:]), p.parts...)
			out = out[:len(out)-n]
		}
		if i+1 < len(list) && l.behind(p, list[i+1]) {
			i++
			p.parts = append(p.parts, list[i])
		}
		out = append(out, p)
	}
	return out
}

// joined names a region by what joins it and what its branches hold, and puts its parts in
// their final form. An unknown one stays "?".
func (l *layouter) joined(p *part) string {
	join := &l.units[p.join]
	switch {
	case join.mean || join.kind == "add" && len(p.branches) > 2:
		return l.fractal(p)
	case join.kind == "add":
		return l.residual(p)
	case join.kind == "scale":
		return l.excite(p)
	case join.kind == "concat":
		return l.concat(p)
	}
	return "?"
}

// excite is squeeze-and-excitation: the means of all maps, through weights and a gate, scale the maps.
// Hu, Shen and Sun, CVPR 2018.
func (l *layouter) excite(p *part) string {
	if !p.direct || len(p.branches) != 1 {
		return "?"
	}
	inner := plain(p.branches[0].parts)
	gate := inner[len(inner)-1]
	if !gate.leaf() || !l.units[gate.unit].act || l.kindOf(inner[0]) != "gap" || len(l.weights(inner)) == 0 {
		return "?"
	}
	for _, u := range l.weights(inner) {
		u.kind = "fc" // a 1×1 convolution of 1×1 maps
	}
	p.parts = append(inner, leaf(p.join))
	return "se"
}

// residual is F(x) + x, with the kind of F: He et al., CVPR 2016; Sandler et al., CVPR 2018;
// Szegedy et al., AAAI 2017; Liu et al., CVPR 2022 (ConvNeXt).
func (l *layouter) residual(p *part) string {
	main, short := p.branches[0], (*part)(nil)
	if len(p.branches) == 2 {
		if p.direct {
			return "?"
		}
		short = p.branches[1]
		if l.light(main) && (!l.light(short) || count(main) < count(short)) {
			main, short = short, main
		}
		if !l.light(short) || count(short) >= count(main) {
			return "?"
		}
	}
	if len(l.weights(main.parts)) == 0 {
		return "?"
	}
	kind := l.residualKind(main.parts)
	p.parts = l.stochastic(opened(plain(main.parts), "inception"), kind)
	if short != nil {
		short.kind, short.parts = "shortcut", plain(short.parts)
		p.parts = append(p.parts, short)
		if !l.any(short.parts, func(u *unit) bool { return u.kind != "reshape" && u.kind != "transpose" }) {
			short.kind = "?" // the input in another form
			p.parts = plain(p.parts)
		}
	}
	p.parts = append(p.parts, leaf(p.join))
	return kind
}

// light says that a branch can be a projection: at most one convolution and no activation.
func (l *layouter) light(p *part) bool {
	return len(l.weights(p.parts)) <= 1 && !l.any(p.parts, func(u *unit) bool { return u.act }) && len(blocksIn(p.parts)) == 0
}

func (l *layouter) residualKind(parts []*part) string {
	w := l.weights(parts)
	first, last := w[0], w[len(w)-1]
	switch mix := mixture(w); {
	case slices.ContainsFunc(blocksIn(parts), func(p *part) bool { return strings.HasPrefix(p.kind, "inception") }):
		return "inception-resnet-" + l.factorised(parts)
	case mix == "dp" && w[len(w)-2].pointwise() && last.shape.Sample() < w[len(w)-2].shape.Sample():
		return "convnext"
	case mix == "dp" || mix == "pdp":
		return "inverted-residual"
	case len(w) >= 3 && first.pointwise() && last.pointwise() && !allPointwise(w):
		return "bottleneck"
	}
	return "residual"
}

// mixture writes the kinds of convolutions, one letter for neighbours of a kind: d of each map alone, p
// of one place, f full.
func mixture(w []*unit) string {
	var mix []byte
	for _, u := range w {
		kind := byte('f')
		switch {
		case u.depthwise():
			kind = 'd'
		case u.pointwise():
			kind = 'p'
		}
		if n := len(mix); n == 0 || mix[n-1] != kind {
			mix = append(mix, kind)
		}
	}
	return string(mix)
}

func allPointwise(w []*unit) bool {
	return !slices.ContainsFunc(w, func(u *unit) bool { return !u.pointwise() })
}

// factorised tells the Inception modules A, B and C of Szegedy et al. apart: C has 1×3 and 3×1
// convolutions, B longer ones, A none.
func (l *layouter) factorised(parts []*part) string {
	letter := "a"
	for _, u := range l.weights(parts) {
		if u.conv == nil || u.conv.Kernel.H == u.conv.Kernel.W {
			continue
		}
		if max(u.conv.Kernel.H, u.conv.Kernel.W) > 3 {
			return "b"
		}
		letter = "c"
	}
	return letter
}

// stochastic makes a branch that ends with a factor up to 1 a block of its own: that is the
// probability with which the branch survived in training, Huang et al., ECCV 2016, eq. 5.
func (l *layouter) stochastic(parts []*part, kind string) []*part {
	end := parts[len(parts)-1]
	if !end.leaf() || kind != "residual" && kind != "bottleneck" {
		return parts
	}
	if s, ok := l.op(end.unit).(op.Scale); ok && s.Factor > 0 && s.Factor <= 1 {
		return []*part{{kind: "stochastic", parts: parts}}
	}
	return parts
}

// fractal is a mean of branches of different depth: Larsson et al., ICLR 2017. Joins inside are
// parts of the outermost one.
func (l *layouter) fractal(p *part) string {
	for _, b := range p.branches {
		if len(l.weights(b.parts)) == 0 {
			return "?"
		}
	}
	if p.direct {
		return "?"
	}
	p.parts = l.columns(p)
	return "fractal"
}

// columns puts every convolution, with what follows it alone, in a branch of its own.
func (l *layouter) columns(p *part) []*part {
	var units []int
	l.eachLeaf(p.parts, func(u int) { units = append(units, u) })
	slices.Sort(units)
	var out []*part
	branch := map[int]*part{} // by its last unit
	for _, k := range units {
		u := &l.units[k]
		if u.weighted() {
			branch[k] = &part{kind: "branch", parts: []*part{leaf(k)}}
			out = append(out, branch[k])
			continue
		}
		if len(u.in) == 1 && branch[u.in[0]] != nil && len(l.units[u.in[0]].out) == 1 {
			branch[k] = branch[u.in[0]]
			branch[k].parts = append(branch[k].parts, leaf(k))
			continue
		}
		out = append(out, leaf(k))
	}
	return out
}

// concat names branches side by side whose maps are joined.
func (l *layouter) concat(p *part) string {
	if p.direct {
		if len(p.branches) == 1 && l.grows(p) {
			p.parts = append(plain(p.branches[0].parts), leaf(p.join))
			return "?dense"
		}
		return "?"
	}
	heavy := 0 // branches with a convolution
	for _, b := range p.branches {
		if slices.ContainsFunc(l.weights(b.parts), func(u *unit) bool { return u.conv != nil }) {
			heavy++
		}
	}
	var kind string
	switch {
	case l.shuffled(p):
		kind = "shuffle-unit"
	case heavy == 0 || !l.sideBySide(p):
		return "?"
	case l.fire(p):
		kind = "fire"
	default:
		kind = l.inceptionKind(p, heavy)
	}
	for _, b := range p.branches {
		b.kind, b.parts = "branch", opened(plain(b.parts), "inception", "branch")
	}
	return kind
}

// opened replaces the blocks whose kind begins so by what they hold: the fan at the end of a
// branch is no module.
func opened(parts []*part, kinds ...string) []*part {
	var out []*part
	for _, p := range parts {
		if !p.leaf() && slices.ContainsFunc(kinds, func(k string) bool { return strings.HasPrefix(p.kind, k) }) {
			out = append(out, opened(p.parts, kinds...)...)
			continue
		}
		out = append(out, p)
	}
	return out
}

// sideBySide says that every branch is a convolution or a pooling at least, of all maps: what reads
// a share of them (MixNet, Res2Net) or filters each map alone (GhostNet) is a convolution in parts.
func (l *layouter) sideBySide(p *part) bool {
	for _, b := range p.branches {
		w := l.weights(b.parts)
		if len(w) == 0 && l.find(b.parts, "pool") == nil || l.find(b.parts, "slice") != nil {
			return false
		}
		if len(w) > 0 && !slices.ContainsFunc(w, func(u *unit) bool { return !u.depthwise() }) {
			return false
		}
	}
	return true
}

// grows says that a branch beside its own input makes maps of the same size, without
// going through another: a dense layer.
func (l *layouter) grows(p *part) bool {
	w := l.weights(p.branches[0].parts)
	if len(w) == 0 || l.find(p.branches[0].parts, "pool") != nil || p.fork == noUnit {
		return false
	}
	size := l.units[p.fork].shape
	return !l.any(p.branches[0].parts, func(u *unit) bool { return u.shape.H != size.H || u.shape.W != size.W })
}

// shuffled is the unit of ShuffleNetV2 (Ma et al., ECCV 2018): two halves, one of them with a
// convolution of each map, and a shuffle of channels behind.
func (l *layouter) shuffled(p *part) bool {
	readers := l.units[p.join].out
	if len(p.branches) != 2 || len(readers) != 1 || l.units[readers[0]].kind != "shuffle" {
		return false
	}
	return slices.ContainsFunc(p.branches, func(b *part) bool { return slices.ContainsFunc(l.weights(b.parts), (*unit).depthwise) })
}

// fire is SqueezeNet's expansion by 1×1 and larger kernels side by side (Iandola et al. 2016): the
// squeeze stands before.
func (l *layouter) fire(p *part) bool {
	if len(p.branches) != 2 || p.fork == noUnit {
		return false
	}
	ones := 0
	for _, b := range p.branches {
		w := l.weights(b.parts)
		if len(w) != 1 || w[0].conv == nil || w[0].shape.C < l.units[p.fork].shape.C || w[0].shape.H != w[0].from.H {
			return false
		}
		if w[0].pointwise() {
			ones++
		}
	}
	return ones == 1
}

// inceptionKind names a module of Szegedy et al.: CVPR 2015, Fig. 2; CVPR 2016, Figs. 5 to 7 and 10.
func (l *layouter) inceptionKind(p *part, heavy int) string {
	from := l.net.Shape
	if p.fork != noUnit {
		from = l.units[p.fork].shape
	}
	halved := l.units[p.join].shape.H <= (from.H+1)/2
	var fan, double, reduced, wide bool
	for _, b := range p.branches {
		w := l.weights(b.parts)
		fan = fan || l.find(b.parts, "concat") != nil
		run := 0
		for _, u := range w {
			if u.conv != nil && u.conv.Kernel == op.Square(3) {
				run++
			}
		}
		double = double || run >= 2
		reduced = reduced || len(w) > 1 && w[0].pointwise()
		wide = wide || len(w) > 0 && !w[0].pointwise()
	}
	letter := l.factorised(p.parts)
	switch {
	case halved && letter == "b":
		return "reduction-b"
	case halved && wide && heavy > 1:
		return "reduction-a"
	case halved:
		return "reduction"
	case fan:
		return "inception-c"
	case letter != "a":
		return "inception-" + letter
	case double:
		return "inception-a"
	case !reduced && heavy < len(p.branches):
		return "inception-naive"
	}
	return "inception"
}

// before counts the layers before a block that belong to it: the squeeze of a fire module, and the
// normalisation and activation that a residual block begins with (He et al., ECCV 2016)
// where its projection starts from them.
func (l *layouter) before(p *part, list []*part) int {
	tail := func(k int) *unit { // the k-th from the end, from 1
		if k > len(list) || !list[len(list)-k].leaf() {
			return &unit{}
		}
		return &l.units[list[len(list)-k].unit]
	}
	n := 0
	if tail(1).act {
		n++
	}
	if k := tail(n + 1).kind; k == "bn" || k == "norm" {
		n++
	}
	switch c := tail(n + 1); {
	case p.kind == "fire" && c.conv != nil && c.pointwise():
		return n + 1
	case (p.kind == "residual" || p.kind == "bottleneck") && n == 2 && c.conv == nil && c.kind != "fc":
		return n
	}
	return 0
}

// behind says whether the layer behind a block belongs to it: the activation of a sum, the
// shuffle of channels.
func (l *layouter) behind(p, next *part) bool {
	if !next.leaf() {
		return false
	}
	u := &l.units[next.unit]
	switch {
	case p.kind == "shuffle-unit":
		return u.kind == "shuffle"
	case p.kind == "residual" || p.kind == "bottleneck" || strings.HasPrefix(p.kind, "inception-resnet"):
		return u.act
	}
	return false
}
