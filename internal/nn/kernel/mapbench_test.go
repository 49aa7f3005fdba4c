package kernel

import (
	"math/rand/v2"
	"testing"
)

// benchSets runs a benchmark on every set; bytes and flops are of one run.
func benchSets(b *testing.B, bytes, flops int, prepare func(set *Set) func()) {
	for _, set := range Sets() {
		b.Run(set.Name, func(b *testing.B) {
			do := prepare(set)
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
			s := b.Elapsed().Seconds()
			if bytes > 0 {
				b.ReportMetric(float64(bytes)*float64(b.N)/s/1e9, "GB/s")
			}
			if flops > 0 {
				b.ReportMetric(float64(flops)*float64(b.N)/s/1e9, "GFLOP/s")
			}
		})
	}
}

// BenchmarkMaps goes over the maps of a stage of ResNet (256×56×56, 3.2 MB).
func BenchmarkMaps(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	in, _ := randomValue(r, 1, 256, 56, 56, 1, 0)
	other, _ := randomValue(r, 1, 256, 56, 56, 1, 0)
	out := NewBlocked(1, 256, 56, 56, 0)
	k := make([]float32, 256)
	bytes := 4 * 256 * 56 * 56
	all := out.AllBlocks()
	planar := make([]float32, 256*56*56)
	for _, c := range []struct {
		name  string
		bytes int
		do    func(set *Set)
	}{
		{"affine", 2 * bytes, func(set *Set) { Affine(set, out, in, k, k, ReLU, 0, all) }},
		{"sum", 3 * bytes, func(set *Set) { Sum(set, out, in, other, ReLU, 0, all) }},
		{"copy", 2 * bytes, func(set *Set) { Copy(set, out, 0, in, 0, all) }},
		{"toPlanar", 2 * bytes, func(set *Set) { ToPlanar(set, planar, in, 0, Box{C1: 256, Y1: 56, X1: 56}) }},
		{"fromPlanar", 2 * bytes, func(set *Set) { FromPlanar(set, in, 0, planar, 0, all) }},
		{"sigmoid", 2 * bytes, func(set *Set) { (&Curve{Fn: CurveSigmoid}).Maps(set, out, in, NoClamp, 0, all) }},
		{"swish", 2 * bytes, func(set *Set) { (&Curve{Fn: CurveSwish, A: 1}).Maps(set, out, in, NoClamp, 0, all) }},
		{"hardSwish", 2 * bytes, func(set *Set) { (&Curve{Fn: CurveHardSwish}).Maps(set, out, in, NoClamp, 0, all) }},
		{"tanh", 2 * bytes, func(set *Set) { (&Curve{Fn: CurveTanh}).Maps(set, out, in, NoClamp, 0, all) }},
		{"gelu", 2 * bytes, func(set *Set) { (&Curve{Fn: CurveGELU}).Maps(set, out, in, NoClamp, 0, all) }},
		{"lrn", 2 * bytes, func(set *Set) { (&LRN{Size: 5, Alpha: 1e-4, Beta: 0.75, K: 1}).Maps(set, out, in, 0, all) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			benchSets(b, c.bytes, 0, func(set *Set) func() { return func() { c.do(set) } })
		})
	}
}

// BenchmarkPools has the pools of ResNet (stem and head) and of DenseNet.
func BenchmarkPools(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	stem, _ := randomValue(r, 1, 64, 112, 112, 0, 0)
	dense, _ := randomValue(r, 1, 128, 56, 56, 0, 0)
	head, _ := randomValue(r, 1, 2048, 7, 7, 0, 0)
	p := Pool{KH: 3, KW: 3, SH: 2, SW: 2, DH: 1, DW: 1, PadT: 1, PadL: 1, PadB: 1, PadR: 1}
	q := Pool{KH: 2, KW: 2, SH: 2, SW: 2, DH: 1, DW: 1}
	outP, outQ, outG := NewBlocked(1, 64, 56, 56, 0), NewBlocked(1, 128, 28, 28, 0), NewBlocked(1, 2048, 1, 1, 0)
	b.Run("max3x3s2", func(b *testing.B) {
		benchSets(b, 4*64*(112*112+56*56), 0, func(set *Set) func() { return func() { p.Max(set, outP, stem, NoClamp, 0, 4) } })
	})
	b.Run("avg2x2s2", func(b *testing.B) {
		benchSets(b, 4*128*(56*56+28*28), 0, func(set *Set) func() { return func() { q.Avg(set, outQ, dense, false, NoClamp, 0, 8) } })
	})
	b.Run("global", func(b *testing.B) {
		benchSets(b, 4*2048*49, 0, func(set *Set) func() { return func() { GlobalAvg(set, outG, head, 0, 128) } })
	})
}

// BenchmarkDepthwise has layers of MobileNetV2.
func BenchmarkDepthwise(b *testing.B) {
	for _, l := range []struct {
		name            string
		c, size, k, str int
	}{
		{"96x112s2", 96, 112, 3, 2}, {"144x56", 144, 56, 3, 1}, {"384x14", 384, 14, 3, 1}, {"960x7", 960, 7, 3, 1}, {"240x28k5", 240, 28, 5, 1},
	} {
		o := l.size / l.str
		s := ConvSpec{
			In: l.c, Out: l.c, Groups: l.c, H: l.size, W: l.size, OutH: o, OutW: o, KH: l.k, KW: l.k,
			SH: l.str, SW: l.str, DH: 1, DW: 1, PadT: l.k / 2, PadL: l.k / 2,
		}
		b.Run(l.name, func(b *testing.B) {
			w := make([]float32, l.c*l.k*l.k)
			in, out := NewBlocked(1, l.c, l.size, l.size, l.k/2), NewBlocked(1, l.c, o, o, 0)
			benchSets(b, 0, 2*l.c*o*o*l.k*l.k, func(set *Set) func() {
				d := NewDepthwise(set, s, w, nil)
				return func() {
					for i := range d.Items(1) {
						d.Do(i, in, out, nil, NoClamp)
					}
				}
			})
		})
	}
}

// BenchmarkDense has layers of LeNet (in the cache), ResNet (2048→1000, 8 MB) and VGG (25088→4096, 411 MB, from memory).
func BenchmarkDense(b *testing.B) {
	for _, l := range []struct {
		name       string
		in, out, n int
	}{
		{"400→120", 400, 120, 1}, {"2048→1000", 2048, 1000, 1}, {"25088→4096", 25088, 4096, 1}, {"4096→4096x8", 4096, 4096, 8},
	} {
		b.Run(l.name, func(b *testing.B) {
			w, x, y := make([]float32, l.in*l.out), make([]float32, l.in*l.n), make([]float32, l.out*l.n)
			for i := range w {
				w[i] = float32(i)
			}
			benchSets(b, 4*l.in*l.out, 2*l.in*l.out*l.n, func(set *Set) func() {
				d := NewDense(set, w, nil, l.out)
				return func() {
					for i := range d.Items() {
						d.Do(i, y, x, l.n, NoClamp)
					}
				}
			})
		})
	}
}
