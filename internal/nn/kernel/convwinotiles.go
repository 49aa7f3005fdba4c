package kernel

// winoLoop transforms a row of tiles of one block of channels. Offsets and steps are in floats.
type winoLoop struct {
	isa                       isa
	m                         int
	src, dst, res, bias       []float32 // res is nil where nothing is added
	tmp                       []float32 // (m+2)² registers
	srcRow, pos               int       // from row to row of the input; from position to position
	dstRow, resRow            int
	srcStep, dstStep, resStep int // from tile to tile
	count                     int
	lo, hi                    [Lanes]float32
}

// inputs transforms the inputs of the item's tiles.
func (w *winoItem) inputs() {
	m, side := w.conv.wino, w.conv.wino+2
	blocks := blocksOf(w.conv.spec.In)
	l := winoLoop{
		isa: w.conv.isa, m: m, tmp: w.tile, srcRow: w.in.PW * Lanes, pos: blocks * w.count * Lanes,
		srcStep: m * Lanes, dstStep: Lanes,
	}
	for b := range blocks {
		w.rows(func(t, ty, tx, n int) {
			y, x := ty*m-w.conv.spec.PadT, tx*m-w.conv.spec.PadL
			full := 0 // tiles that lie inside the map and its border
			if y+side <= w.in.H+w.in.Pad {
				full = min(n, max(0, (w.in.W+w.in.Pad-side-x)/m+1))
			}
			l.dst = w.v[(b*w.count+t)*Lanes:]
			if w.in.W+w.in.Pad < x+side {
				full = 0
			}
			if full > 0 {
				l.src, l.count = w.in.Data[w.in.Index(w.n, b*Lanes, y, x):], full
				l.input()
			}
			for i := full; i < n; i++ {
				e := l
				w.gather(w.edge, w.in, b, y, x+i*m, side, w.in.Pad)
				e.src, e.srcRow, e.dst, e.count = w.edge, side*Lanes, l.dst[i*Lanes:], 1
				e.input()
			}
		})
	}
}

// gather copies a square of a block, with zeros for what lies outside the map and so much border.
func (w *winoItem) gather(dst []float32, b *Blocked, block, y, x, side, border int) {
	clear(dst[:side*side*Lanes])
	n := min(side, b.W+border-x)
	for i := range min(side, b.H+border-y) {
		at := b.Index(w.n, block*Lanes, y+i, x)
		copy(dst[i*side*Lanes:][:n*Lanes], b.Data[at:])
	}
}

// outputs transforms the products of the item's tiles, adds bias and residual, and clamps.
func (w *winoItem) outputs() {
	m := w.conv.wino
	blocks := w.blocks()
	first := w.conv.panels[w.from].block
	for b := first; b < min(first+blocks, blocksOf(w.conv.spec.Out)); b++ {
		l := winoLoop{
			isa: w.conv.isa, m: m, tmp: w.tile, bias: w.conv.bias[b*Lanes:], pos: blocks * w.count * Lanes,
			srcStep: Lanes, dstStep: m * Lanes, dstRow: w.out.PW * Lanes,
		}
		for i := range min(Lanes, w.conv.spec.Out-b*Lanes) {
			l.lo[i], l.hi[i] = w.act.Lo, w.act.Hi
		}
		w.rows(func(t, ty, tx, n int) {
			y, x := ty*m, tx*m
			full := 0 // tiles that lie inside the map
			if y+m <= w.out.H {
				full = min(n, w.out.W/m-tx)
			}
			l.src = w.m[((b-first)*w.count+t)*Lanes:]
			if full > 0 {
				l.dst, l.count = w.out.Data[w.out.Index(w.n, b*Lanes, y, x):], full
				if w.res != nil {
					l.res, l.resRow, l.resStep = w.res.Data[w.res.Index(w.n, b*Lanes, y, x):], w.res.PW*Lanes, m*Lanes
				}
				l.output()
			}
			for i := max(0, full); i < n; i++ {
				w.edgeOutput(l, b, y, x+i*m, l.src[i*Lanes:])
			}
		})
	}
}

// edgeOutput transforms a tile that reaches over the map, beside it, and copies what lies inside.
func (w *winoItem) edgeOutput(l winoLoop, b, y, x int, src []float32) {
	m := w.conv.wino
	l.src, l.dst, l.dstRow, l.count = src, w.edge, m*Lanes, 1
	l.res = nil
	if w.res != nil {
		w.gather(w.added, w.res, b, y, x, m, 0)
		l.res, l.resRow = w.added, m*Lanes
	}
	l.output()
	n := min(m, w.out.W-x) * Lanes
	for i := range min(m, w.out.H-y) {
		copy(w.out.Data[w.out.Index(w.n, b*Lanes, y+i, x):][:n], w.edge[i*m*Lanes:])
	}
}
