package kernel

// A first layer has so few input channels that blocks of 16 would be mostly zeros. It reads planar
// memory instead: an item copies the rows that it needs, with zeros around them, and the loops run
// over planes, and rows and columns of the kernel.

// planarFloats bounds the copy of an item, so that it stays in the cache of one core.
const planarFloats = 64 << 10

// planarWidth is a row of the copy, with its padding and what tiles read behind it.
func (c *Conv) planarWidth() int {
	s := &c.spec
	width := max((s.OutW-1)*s.SW+(s.KW-1)*s.DW+1, s.KW*s.DW)
	return width + c.overrun()*s.SW
}

// inputRows is how many rows of the input so many rows of the output need.
func (c *Conv) inputRows(rows int) int { return (rows-1)*c.spec.SH + (c.spec.KH-1)*c.spec.DH + 1 }

// maxRows is the most rows of an item.
func (c *Conv) maxRows() int {
	s := &c.spec
	rows := planarFloats / (s.In * c.planarWidth() * s.SH)
	return max(2, min(rows, s.OutH))
}

func (c *Conv) planarScratch() int {
	return c.spec.In * c.inputRows(c.maxRows()) * c.planarWidth()
}

// planarRows is the rows of an item: an even number.
func (c *Conv) planarRows(threads, n int) int {
	groups := (wanted(threads) + n - 1) / n
	rows := min((c.spec.OutH+groups-1)/groups, c.maxRows())
	return min((rows+1)/2*2, c.maxRows())
}

func (c *Conv) planarGroups(threads, n int) int {
	rows := c.planarRows(threads, n)
	return (c.spec.OutH + rows - 1) / rows
}

// doPlanar computes some rows of all panels.
func (c *Conv) doPlanar(item, threads int, scratch []float32, in, out, residual *Blocked, act Clamp) {
	s := &c.spec
	groups, rows := c.planarGroups(threads, in.N), c.planarRows(threads, in.N)
	n, y := item/groups, item%groups*rows
	rows = min(rows, s.OutH-y)
	c.copyRows(scratch, in, n, y, rows)
	for _, p := range c.panels {
		l := c.loop(p, out, residual, act)
		c.planarSteps(&l, scratch, rows)
		l.prepare()
		g := grid{rows: rows, width: s.OutW, srcRow: s.SH * c.planarWidth()}
		g.target(p, n, y, out, residual)
		l.cover(&g)
	}
}

// copyRows copies the rows of the input under rows y…y+rows−1 of the output, with zeros around.
func (c *Conv) copyRows(dst []float32, in *Blocked, n, y, rows int) {
	s := &c.spec
	width := c.planarWidth()
	right := min(s.W, width-s.PadL) // columns that are read
	for ch := range s.In {
		plane := in.Data[(n*s.In+ch)*s.H*s.W:][:s.H*s.W]
		for r := range c.inputRows(rows) {
			row := dst[:width]
			dst = dst[width:]
			from := y*s.SH - s.PadT + r
			if from < 0 || from >= s.H || right <= 0 {
				clear(row)
				continue
			}
			clear(row[:s.PadL])
			copy(row[s.PadL:], plane[from*s.W:][:right])
			clear(row[s.PadL+right:])
		}
	}
}

// planarSteps sets how the loops move over the copied rows.
func (c *Conv) planarSteps(l *tileLoop, scratch []float32, rows int) {
	s := &c.spec
	width := c.planarWidth()
	l.in, l.unroll, l.pix = scratch, 1, s.SW
	l.n0, l.n1 = s.In, s.KH
	if s.DW == 1 {
		l.n2, l.n3 = 1, s.KW
	} else {
		l.n2, l.n3, l.step2 = s.KW, 1, s.DW-1
	}
	l.n3Last, l.step2Last = l.n3, l.step2
	l.step1 = s.DH*width - s.KW*s.DW
	l.step0 = (c.inputRows(rows) - s.KH*s.DH) * width
}
