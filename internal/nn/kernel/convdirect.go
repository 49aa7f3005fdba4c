package kernel

// packDirect lays the weights of each panel in the order of use: [block of inputs, or plane][row]
// [column][input of the block][output].
func (c *Conv) packDirect(weight []float32) {
	s := &c.spec
	per, taps := s.In/s.Groups, s.KH*s.KW
	lanes := Lanes
	if c.planar {
		lanes = 1
	}
	last := c.panels[len(c.panels)-1]
	c.w = Aligned(last.w + last.lanes*c.depth())
	for _, p := range c.panels {
		for o := p.block * Lanes; o < min(p.block*Lanes+p.lanes, s.Out); o++ {
			for i := range per {
				block, lane := i/lanes, i%lanes
				width := lanes // inputs of this block that are read
				if !c.planar && (block+1)*Lanes > c.inputs() {
					width = c.lastLanes()
				}
				for k := range taps {
					at := block*lanes*taps + k*width + lane
					c.w[p.w+at*p.lanes+o-p.block*Lanes] = weight[(o*per+i)*taps+k]
				}
			}
		}
	}
}

// loop returns what the tiles of a panel share, but for the input's steps.
func (c *Conv) loop(p panel, out, residual *Blocked, act Clamp) tileLoop {
	l := tileLoop{
		isa: c.isa, out: out.Data, w: c.w[p.w : p.w+p.lanes*c.depth()], bias: c.bias[p.block*Lanes:], lanes: p.lanes,
		outBlock: out.PH * out.PW * Lanes,
	}
	if residual != nil {
		l.res, l.resBlock = residual.Data, residual.PH*residual.PW*Lanes
	}
	l.clampTo(act, c.spec.Out-p.block*Lanes)
	return l
}

// target sets where the places of a panel go, for the rows from y on.
func (g *grid) target(p panel, n, y int, out, residual *Blocked) {
	g.dst, g.dstRow = out.Index(n, p.block*Lanes, y, 0), out.PW*Lanes
	if residual != nil {
		g.res, g.resRow = residual.Index(n, p.block*Lanes, y, 0), residual.PW*Lanes
	}
}

// rowGroups is how many groups of rows a panel is split into.
func (c *Conv) rowGroups(threads, n int) int {
	rows := c.groupRows(threads, n)
	return (c.spec.OutH + rows - 1) / rows
}

// groupRows is the rows of a group: an even number, since tiles at the ends of rows take two.
func (c *Conv) groupRows(threads, n int) int {
	groups := (wanted(threads) + n*len(c.panels) - 1) / (n * len(c.panels))
	rows := (c.spec.OutH + groups - 1) / groups
	return (rows + 1) / 2 * 2
}

// doDirect computes some rows of a panel.
func (c *Conv) doDirect(item, threads int, in, out, residual *Blocked, act Clamp) {
	s := &c.spec
	groups, rows := c.rowGroups(threads, in.N), c.groupRows(threads, in.N)
	y := item % groups * rows
	p := c.panels[item/groups%len(c.panels)]
	n := item / groups / len(c.panels)
	l := c.loop(p, out, residual, act)
	c.steps(&l, in)
	l.prepare()
	g := grid{
		rows: min(rows, s.OutH-y), width: s.OutW,
		src:    in.Index(n, p.group*s.In/s.Groups, y*s.SH-s.PadT, -s.PadL),
		srcRow: s.SH * in.PW * Lanes,
	}
	g.target(p, n, y, out, residual)
	if c.flat(in, out, residual) {
		g.rows, g.width = 1, g.rows*g.width
	}
	l.cover(&g)
}

// steps sets how the loops move over a blocked input.
func (c *Conv) steps(l *tileLoop, in *Blocked) {
	s := &c.spec
	l.in, l.unroll, l.pix = in.Data, c.unroll, s.SW*Lanes
	l.single = s.OutH*s.OutW == 1 && l.isa != portable && c.unroll == 8
	last := c.lastLanes()
	l.n0, l.n1 = blocksOf(s.In/s.Groups), s.KH
	row := s.KW * s.DW * Lanes // how far the columns of the kernel move
	if s.DW == 1 && last == Lanes {
		l.n2, l.n3, l.n3Last = 1, s.KW*Lanes/c.unroll, s.KW*Lanes/c.unroll
	} else {
		l.n2, l.n3, l.n3Last = s.KW, Lanes/c.unroll, last/c.unroll
		l.step2, l.step2Last = s.DW*Lanes-Lanes, s.DW*Lanes-last
	}
	l.step1 = s.DH*in.PW*Lanes - row
	l.step0 = in.PH*in.PW*Lanes - s.KH*s.DH*in.PW*Lanes
}

// flat says whether the rows lie behind one another without gaps, so that a 1×1 convolution may
// take them as one.
func (c *Conv) flat(in, out, residual *Blocked) bool {
	s := &c.spec
	return s.KH*s.KW == 1 && s.SH*s.SW == 1 && s.PadT+s.PadL == 0 && in.PW == s.OutW && out.PW == s.OutW &&
		(residual == nil || residual.PW == s.OutW)
}
