package imgio

// clean removes from a photograph's ink what is not the digit: specks, which would stretch the box
// that the recipe scales, and whatever reaches in from the rim (a shadow, the edge of the sheet, the
// table), where there is something else to keep. It works on 8-connected parts of grey ≥ 64.
func (p plane) clean() {
	parts := p.parts()
	largest, inner := 0, 0
	for _, part := range parts {
		largest = max(largest, part.mass)
		if !part.rim {
			inner = max(inner, part.mass)
		}
	}
	// A digit that runs over the edge is still the digit where all else is specks beside it.
	dropRim := inner*20 >= largest && inner > 0
	if dropRim {
		largest = inner
	}
	for _, part := range parts {
		if (dropRim && part.rim) || part.mass*30 < largest {
			for _, at := range part.pixels {
				p.erase(at)
			}
		}
	}
}

// part is a connected part of the ink.
type part struct {
	pixels []int
	mass   int // sum of the greys
	rim    bool
}

// parts finds the connected parts by flooding.
func (p plane) parts() []part {
	seen := make([]bool, len(p.greys))
	var all []part
	var stack []int
	for start, g := range p.greys {
		if g < inkGrey || seen[start] {
			continue
		}
		var one part
		stack = append(stack[:0], start)
		seen[start] = true
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			x, y := at%p.w, at/p.w
			one.pixels = append(one.pixels, at)
			one.mass += int(p.greys[at])
			one.rim = one.rim || x == 0 || y == 0 || x == p.w-1 || y == p.h-1
			p.eachNear(x, y, func(near int) {
				if p.greys[near] >= inkGrey && !seen[near] {
					seen[near] = true
					stack = append(stack, near)
				}
			})
		}
		all = append(all, one)
	}
	return all
}

// erase clears a pixel and the faint ones around it, which belong to its soft edge.
func (p plane) erase(at int) {
	p.greys[at] = 0
	p.eachNear(at%p.w, at/p.w, func(near int) {
		if p.greys[near] < inkGrey {
			p.greys[near] = 0
		}
	})
}

// eachNear calls do with the pixels around (x, y).
func (p plane) eachNear(x, y int, do func(at int)) {
	for ny := max(0, y-1); ny <= min(p.h-1, y+1); ny++ {
		for nx := max(0, x-1); nx <= min(p.w-1, x+1); nx++ {
			if nx != x || ny != y {
				do(ny*p.w + nx)
			}
		}
	}
}
