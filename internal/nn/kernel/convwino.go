package kernel

// Winograd's minimal filtering, F(m×m, 3×3): Lavin and Gray, "Fast Algorithms for Convolutional
// Neural Networks", CVPR 2016. A tile of (m+2)² inputs becomes as many transformed numbers, which
// are multiplied by transformed weights, position by position, as 1×1 convolutions over tiles, and
// transformed back to m² outputs: 4 times fewer products for m = 4, 2.25 times for m = 2.

// weightCost is how many products a weight costs, since it comes from memory or a far cache and
// serves only one map. It is high enough that weights which fill no cache are left as they are.
var weightCost = [...]int{portable: 1, avx2: 12, avx512: 16}

// winograd returns m, or 0 where direct convolution takes less. A model of the cost decides, which
// fits what was measured on Zen 4 for maps of 7 to 56: products, weights, and 15 percent for the
// transforms.
func (s *ConvSpec) winograd(isa isa, o ConvOptions) int {
	if o.NoWinograd || s.Groups != 1 || s.KH != 3 || s.KW != 3 || s.SH*s.SW*s.DH*s.DW != 1 {
		return 0
	}
	weight := weightCost[isa]
	best, least := 0, 100*(9*s.OutH*s.OutW+9*weight)
	for _, m := range []int{2, 4} {
		tiles := (s.OutH + m - 1) / m * ((s.OutW + m - 1) / m)
		cost := 115 * (m + 2) * (m + 2) * (tiles + weight)
		if cost < least && (m == 2 || !o.NoWinograd4) {
			best, least = m, cost
		}
	}
	return best
}

// winoG are the matrices G that transform weights.
var winoG = map[int][][3]float64{
	2: {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}},
	4: {
		{1. / 4, 0, 0},
		{-1. / 6, -1. / 6, -1. / 6},
		{-1. / 6, 1. / 6, -1. / 6},
		{1. / 24, 1. / 12, 1. / 6},
		{1. / 24, -1. / 12, 1. / 6},
		{0, 0, 1},
	},
}

// packWinograd transforms the weights, G·g·Gᵀ, in float64: [position][panel][input][output].
// Position x·(m+2) + y is column x of row y, as the transforms write them.
func (c *Conv) packWinograd(weight []float32) {
	s := &c.spec
	each := c.positionFloats()
	side := c.wino + 2
	c.w = Aligned(each * side * side)
	g := winoG[c.wino]
	for _, p := range c.panels {
		for o := p.block * Lanes; o < min(p.block*Lanes+p.lanes, s.Out); o++ {
			for i := range s.In {
				t := winoWeight(g, weight[(o*s.In+i)*9:])
				at := p.w + i*p.lanes + o - p.block*Lanes
				for k := range side * side {
					c.w[at+k*each] = float32(t[k])
				}
			}
		}
	}
}

// winoWeight transforms the weights of one input and output.
func winoWeight(g [][3]float64, weight []float32) (t [36]float64) {
	var half [6][3]float64
	for i, row := range g {
		for x := range 3 {
			half[i][x] = row[0]*float64(weight[x]) + row[1]*float64(weight[3+x]) + row[2]*float64(weight[6+x])
		}
	}
	for i := range g {
		for j, row := range g {
			t[j*len(g)+i] = half[i][0]*row[0] + half[i][1]*row[1] + half[i][2]*row[2]
		}
	}
	return t
}

// positionFloats is the weights of one position.
func (c *Conv) positionFloats() int {
	last := c.panels[len(c.panels)-1]
	return last.w + last.lanes*c.depth()
}

// winoFloats bounds the transformed inputs and products of an item, so that they stay in the cache
// of one core; where the weights alone are more than that cache, winoMany tiles read them once.
const (
	winoFloats = 192 << 10
	winoMany   = 128
	winoHeavy  = 1 << 20 // floats
	winoLight  = 256 << 10
)

// winoCut is how a run is split: chunks of tiles, and parts of the panels.
type winoCut struct{ across, tiles, chunk, chunks, panels, parts int }

func (w winoCut) items() int { return w.chunks * w.parts }

// winoTiles is the tiles of a row, and of a sample.
func (c *Conv) winoTiles() (across, all int) {
	m := c.wino
	across = (c.spec.OutW + m - 1) / m
	return across, across * ((c.spec.OutH + m - 1) / m)
}

// whole rounds a number of tiles down to what fills the registers, from some 16 up.
func (s isa) whole(tiles int) int {
	big, _ := s.halves()
	return max(18/(2*big), tiles/(2*big)) * 2 * big
}

// maxChunk is the most tiles of an item.
func (c *Conv) maxChunk() int {
	side := c.wino + 2
	channels := (blocksOf(c.spec.In) + blocksOf(c.spec.Out)) * Lanes
	n := winoFloats / (side * side * channels)
	if len(c.w) > winoHeavy {
		n = max(n, winoMany)
	}
	_, all := c.winoTiles()
	return min(c.isa.whole(n), all)
}

// cut splits the work of a sample. More threads get smaller chunks where the weights are light,
// and panels of their own where they are not, for the price of transforming inputs again: two for each
// thread.
func (c *Conv) cut(threads, n int) winoCut {
	w := winoCut{chunk: c.maxChunk(), panels: len(c.panels), parts: 1}
	w.across, w.tiles = c.winoTiles()
	want := (wanted(threads) + n - 1) / n
	if (w.tiles+w.chunk-1)/w.chunk < want && len(c.w) <= winoLight {
		w.chunk = min(w.chunk, c.isa.whole(w.tiles/want))
	}
	w.chunks = (w.tiles + w.chunk - 1) / w.chunk
	if few := 2 * threads; threads > 1 && w.chunks*n < few {
		w.parts = min(w.panels, (few+w.chunks*n-1)/(w.chunks*n))
	}
	return w
}

// winoScratch is room for inputs, products, and three tiles.
func (c *Conv) winoScratch() int {
	side := c.wino + 2
	return (side*side*(blocksOf(c.spec.In)+blocksOf(c.spec.Out))*c.maxChunk() + 3*36) * Lanes
}

// winoItem is one item at work.
type winoItem struct {
	conv *Conv
	winoCut
	in, out, res *Blocked
	n            int // sample
	first, count int // tiles
	from, to     int // panels
	v, m         []float32
	tile, edge   []float32 // transforms between their two directions; a tile at the edge of the map
	added        []float32 // the residual of such a tile
	act          Clamp
}

// doWinograd computes some tiles of some panels.
func (c *Conv) doWinograd(item, threads int, scratch []float32, in, out, residual *Blocked, act Clamp) {
	w := winoItem{conv: c, winoCut: c.cut(threads, in.N), in: in, out: out, res: residual, act: act}
	part := item % w.parts
	w.from, w.to = w.panels*part/w.parts, w.panels*(part+1)/w.parts
	item /= w.parts
	w.first = item % w.chunks * w.chunk
	w.n = item / w.chunks
	w.count = min(w.chunk, w.tiles-w.first)
	side := c.wino + 2
	cutOff := func(floats int) []float32 {
		x := scratch[:floats]
		scratch = scratch[floats:]
		return x
	}
	w.tile, w.edge, w.added = cutOff(36*Lanes), cutOff(36*Lanes), cutOff(36*Lanes)
	w.v = cutOff(side * side * blocksOf(c.spec.In) * w.count * Lanes)
	w.m = scratch
	w.inputs()
	w.products()
	w.outputs()
}

// rows calls f for each row of tiles that the item has a part of: first tile, its column, how many.
func (w *winoItem) rows(f func(t, y, x, n int)) {
	for t := 0; t < w.count; {
		y, x := (w.first+t)/w.across, (w.first+t)%w.across
		n := min(w.across-x, w.count-t)
		f(t, y, x, n)
		t += n
	}
}

// products multiplies the transformed inputs by the weights, as 1×1 convolutions over tiles.
func (w *winoItem) products() {
	c := w.conv
	side, blocks, each := c.wino+2, w.blocks(), c.positionFloats()
	l := tileLoop{
		isa: c.isa, in: w.v, out: w.m, bias: zeros[:], unroll: c.unroll, pix: Lanes,
		n0: blocksOf(c.spec.In), n1: 1, n2: 1, n3: Lanes / c.unroll, n3Last: c.lastLanes() / c.unroll,
		step0: (w.count - 1) * Lanes, outBlock: w.count * Lanes,
	}
	l.clampTo(NoClamp, 2*Lanes)
	l.prepare()
	g := grid{rows: 1, width: w.count}
	for k := range side * side {
		g.src = k * l.n0 * w.count * Lanes
		for _, p := range c.panels[w.from:w.to] {
			l.lanes = p.lanes
			l.w = c.w[k*each+p.w:][:p.lanes*c.depth()]
			g.dst = (k*blocks + p.block - c.panels[w.from].block) * w.count * Lanes
			l.cover(&g)
		}
	}
}

// zeros is the bias of products.
var zeros [2 * Lanes]float32

// blocks is the blocks of outputs of the item.
func (w *winoItem) blocks() int {
	last := w.conv.panels[w.to-1]
	return last.block + blocksOf(last.lanes) - w.conv.panels[w.from].block
}
