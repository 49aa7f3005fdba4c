package bench

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
)

// Roofline draws the steps of a result: what each computed, in GFLOP/s, over how much it computes for
// each byte that it must read or write at least once. Nothing can lie above the roof: to the left
// memory is the limit, to the right the processor; only Winograd's convolutions, which need fewer
// products than are counted, rise above it. Williams, Waterman and Patterson, CACM 52(4), 2009.
func Roofline(r *Result) template.HTML {
	p := newPlot(r)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="Roofline of %s: %d steps under a roof of %.0f GFLOP/s and %.1f GB/s">`,
		plotWidth, plotHeight, html.EscapeString(r.Model), len(r.Layers), r.Peak, r.Bandwidth)
	p.grid(&b)
	ridge := r.Peak / r.Bandwidth
	left := p.xLow
	fmt.Fprintf(&b, `<path class="roof" d="M%.1f %.1f L%.1f %.1f L%.1f %.1f"/>`,
		p.x(left), p.y(left*r.Bandwidth), p.x(ridge), p.y(r.Peak), p.x(p.xHigh), p.y(r.Peak))
	for _, l := range r.Layers {
		if l.MACs == 0 || l.Bytes == 0 {
			continue
		}
		at := 2 * float64(l.MACs) / float64(l.Bytes)
		radius := 2 + 10*math.Sqrt(l.MS/r.total())
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="%.1f"><title>%s: %s, %.3f ms, %.0f GFLOP/s</title></circle>`,
			p.x(at), p.y(l.GFLOPS), radius, html.EscapeString(l.Name), html.EscapeString(l.Kinds), l.MS, l.GFLOPS)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // numbers, and names that are escaped
}

// total is the time of all steps, in milliseconds.
func (r *Result) total() float64 {
	sum := 0.0
	for _, l := range r.Layers {
		sum += l.MS
	}
	return max(sum, 1e-9)
}

const (
	plotWidth, plotHeight = 720, 400
	plotLeft, plotBottom  = 60, 48
	plotMargin            = 12
)

// plot has two axes of powers of ten.
type plot struct{ xLow, xHigh, yLow, yHigh float64 }

// newPlot chooses the decades that hold the roof and all steps.
func newPlot(r *Result) plot {
	p := plot{xLow: 0.1, xHigh: r.Peak / r.Bandwidth * 10, yLow: r.Peak / 100, yHigh: r.Peak * 2}
	for _, l := range r.Layers {
		if l.MACs == 0 || l.Bytes == 0 || l.GFLOPS <= 0 {
			continue
		}
		at := 2 * float64(l.MACs) / float64(l.Bytes)
		p.xLow, p.xHigh = min(p.xLow, at), max(p.xHigh, at*1.2)
		p.yLow, p.yHigh = min(p.yLow, l.GFLOPS), max(p.yHigh, l.GFLOPS*1.2)
	}
	p.xLow, p.yLow = decade(p.xLow), decade(p.yLow)
	return p
}

// decade returns the power of ten at or below v.
func decade(v float64) float64 { return math.Pow(10, math.Floor(math.Log10(v))) }

func (p plot) x(v float64) float64 {
	return plotLeft + (plotWidth-plotLeft-plotMargin)*math.Log(v/p.xLow)/math.Log(p.xHigh/p.xLow)
}

func (p plot) y(v float64) float64 {
	v = max(v, p.yLow)
	return plotHeight - plotBottom - (plotHeight-plotBottom-plotMargin)*math.Log(v/p.yLow)/math.Log(p.yHigh/p.yLow)
}

func (p plot) grid(b *strings.Builder) {
	for v := p.xLow; v <= p.xHigh; v *= 10 {
		fmt.Fprintf(b, `<path class="grid" d="M%.1f %d V%d"/><text x="%.1f" y="%d" text-anchor="middle">%g</text>`,
			p.x(v), plotMargin, plotHeight-plotBottom, p.x(v), plotHeight-plotBottom+16, v)
	}
	for v := p.yLow; v <= p.yHigh; v *= 10 {
		fmt.Fprintf(b, `<path class="grid" d="M%d %.1f H%d"/><text x="%d" y="%.1f" text-anchor="end">%g</text>`,
			plotLeft, p.y(v), plotWidth-plotMargin, plotLeft-6, p.y(v)+4, v)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">operations for each byte</text>`, (plotLeft+plotWidth)/2, plotHeight-8)
	fmt.Fprintf(b, `<text transform="translate(14 %d) rotate(-90)" text-anchor="middle">GFLOP/s</text>`, (plotHeight-plotBottom)/2)
}
