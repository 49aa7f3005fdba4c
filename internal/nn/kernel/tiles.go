package kernel

// tileLoop computes output places of a panel: 8, 16 or 32 outputs whose weights lie together. A tile
// is two runs of pixels, of one row or of two, times the panel. Its sums stay in registers over
// four loops: blocks of inputs (n0), rows (n1) and columns (n2) of the kernel, and steps (n3) of
// unroll inputs each. Offsets and steps are in floats.
type tileLoop struct {
	isa          isa
	in, out, res []float32 // res is nil where nothing is added
	w            []float32 // [n0][n1][n2][n3][unroll][lanes]; n3 of the last block is n3Last
	bias         []float32
	lanes        int
	unroll       int  // 8, or 1
	pix          int  // from a pixel to the next in the input
	single       bool // the output is one place: sums run in another order, so it may not depend on a split

	n0, n1, n2, n3, n3Last         int
	step0, step1, step2, step2Last int // added to the input's place after a turn of the loop
	outBlock, resBlock             int // from a block of 16 outputs to the next
	lo, hi                         [2 * Lanes]float32

	args tileArgs // for the assembly: prepare fills it, but for what run says
}

// tileRun is a series of equal tiles: for each of their two rows of pixels its places, and which
// pixels are stored, from…to−1.
type tileRun struct {
	src, dst, res, from, to          [2]int
	count, srcStep, dstStep, resStep int
}

// grid is rows of output places, with the place of the first and the distance of rows.
type grid struct {
	rows, width            int
	src, dst, res          int
	srcRow, dstRow, resRow int
}

// halves returns how many pixels of a row a half tile has, in its two variants: what fills the
// registers, and what wastes less at the end of a row.
func (s isa) halves() (big, small int) {
	switch s {
	case avx512:
		return 7, 4
	case avx2:
		return 3, 2
	default:
		return 2, 2
	}
}

// overrun is how many pixels behind the last of a row a tile reads where the row is shorter than it.
func (s isa) overrun(width int) int {
	over := 0
	for _, list := range rowEnds[s] {
		for n := min(width, len(list)-1); n > 0; {
			over = max(over, list[n].half-width)
			n -= min(n, list[n].pixels())
		}
	}
	return over
}

// piece is a series of tiles, one for each row with its halves side by side, or one for two rows.
type piece struct {
	half int
	pair bool
}

func (p piece) pixels() int {
	if p.pair {
		return p.half
	}
	return 2 * p.half
}

// smallCost is what a pixel of a small tile costs, where one of a big tile costs 1: the fewer sums,
// the more loads and waiting for each.
var smallCost = [...]float64{portable: 1, avx2: 1.15, avx512: 1.05}

// rowEnds says for each set, for a row alone and for several, and for up to four halves of a big
// tile that are left, which piece comes next so that the whole costs least.
var rowEnds = [...][2][]piece{portable: rowEnd(portable), avx2: rowEnd(avx2), avx512: rowEnd(avx512)}

func rowEnd(s isa) (list [2][]piece) {
	big, small := s.halves()
	for several := range list {
		cost := make([]float64, 4*big)
		list[several] = make([]piece, 4*big)
		for n := 1; n < 4*big; n++ {
			for _, p := range []piece{{big, false}, {small, false}, {big, true}, {small, true}} {
				if p.pair && several == 0 {
					continue
				}
				c := float64(p.pixels()) + cost[max(0, n-p.pixels())]
				if p.half == small {
					c += float64(p.pixels()) * (smallCost[s] - 1)
				}
				if cost[n] == 0 || c < cost[n] {
					cost[n], list[several][n] = c, p
				}
			}
		}
	}
	return list
}

// clampTo sets the activation. Lanes at and behind left, where no channels are, become zero.
func (l *tileLoop) clampTo(act Clamp, left int) {
	for i := range l.lo {
		l.lo[i], l.hi[i] = 0, 0
		if i < left {
			l.lo[i], l.hi[i] = act.Lo, act.Hi
		}
	}
}

// shape is the set whose tiles have the pixels of this loop's: with 8 outputs, half a register of
// AVX-512 each, both sets have the same.
func (l *tileLoop) shape() isa {
	if l.lanes == halfPanel {
		return avx512
	}
	return l.isa
}

// cover computes all places of a grid with as few tiles as may be. No place is stored twice, since
// the residual may stand where the result goes.
func (l *tileLoop) cover(g *grid) {
	if l.single {
		var r tileRun
		l.half(&r, 0, g, 0, 0, 1, 1)
		l.half(&r, 1, g, 0, 0, 0, 1)
		r.count = 1
		l.run(1, &r)
		return
	}
	big, _ := l.shape().halves()
	x := max(0, g.width/(2*big)-1) * 2 * big
	if x > 0 {
		l.wide(g, 0, 0, x, big)
	}
	l.end(g, 0, x, g.width-x)
}

// end computes the last n pixels of the rows from y on, less than four halves of a big tile.
func (l *tileLoop) end(g *grid, y, x, n int) {
	list := rowEnds[l.shape()][min(1, g.rows-y-1)]
	for n > 0 {
		p := list[n]
		k := min(n, p.pixels())
		if p.pair {
			l.pairs(g, x, k, p.half)
		} else {
			l.wide(g, y, x, k, p.half)
		}
		x, n = x+k, n-k
	}
}

// half sets one half of a tile to the pixels x…x+n−1 of row y. Near the end of a row the tile
// stands further left, so that it reads no pixel behind the row, and stores its last pixels only.
func (l *tileLoop) half(r *tileRun, i int, g *grid, y, x, n, half int) {
	at := min(x, max(0, g.width-half))
	r.src[i] = g.src + y*g.srcRow + at*l.pix
	r.dst[i] = g.dst + y*g.dstRow + at*Lanes
	r.res[i] = g.res + y*g.resRow + at*Lanes
	r.from[i], r.to[i] = x-at, x-at+n
}

// wide computes pixels x…x+n−1 of the rows from y on, the two halves of a tile side by side.
func (l *tileLoop) wide(g *grid, y, x, n, half int) {
	var r tileRun
	set := func(y, n int) {
		l.half(&r, 0, g, y, x, min(n, half), half)
		if n > half {
			l.half(&r, 1, g, y, x+half, n-half, half)
		} else {
			l.half(&r, 1, g, y, x, 0, half)
		}
	}
	tiles := n / (2 * half)
	if tiles <= 1 {
		set(y, n)
		r.count, r.srcStep, r.dstStep, r.resStep = g.rows-y, g.srcRow, g.dstRow, g.resRow
		l.run(half, &r)
		return
	}
	for ; y < g.rows; y++ {
		set(y, 2*half)
		r.count, r.srcStep, r.dstStep, r.resStep = tiles, 2*half*l.pix, 2*half*Lanes, 2*half*Lanes
		l.run(half, &r)
	}
}

// pairs computes pixels x…x+n−1 of all rows, two rows with each tile.
func (l *tileLoop) pairs(g *grid, x, n, half int) {
	var r tileRun
	l.half(&r, 0, g, 0, x, n, half)
	l.half(&r, 1, g, 1, x, n, half)
	r.count, r.srcStep, r.dstStep, r.resStep = g.rows/2, 2*g.srcRow, 2*g.dstRow, 2*g.resRow
	l.run(half, &r)
	if g.rows%2 == 1 {
		l.end(g, g.rows-1, x, n)
	}
}
