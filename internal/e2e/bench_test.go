package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/input"
)

// BenchmarkStroke measures the way from the pen to changed pixels: from the
// pointer event's own time stamp to the end of the frame in which the net is
// drawn with the new activations, read back to the last pixel. One event at a
// time, b.N of them (-benchtime 300x). Run by scripts/bench/stroke.
func BenchmarkStroke(b *testing.B) {
	p := openDraw(b, "?net=lenet5-harley", options{})
	p.draw(mouse, []point{{60, 60}, {70, 60}})
	p.settled()
	with[bool](p, `
		const canvas = document.querySelector("canvas[role=application]");
		const probe = {layer: 0, channel: 0, y: 16, x: 16};
		globalThis.__stroke = [];
		let from = 0;
		canvas.addEventListener("pointermove", e => { from = e.timeStamp; }, {capture: true});
		page.acts.onChange(() => {
			if (from === 0) return;
			const t0 = from;
			from = 0;
			requestAnimationFrame(() => { // asked for after the scene's own: runs after it
				page.scene.readPixel(probe); // waits until the picture is there
				__stroke.push(performance.now() - t0);
			});
		}, page.signal);
		return true;`)
	r := p.pad().rect()
	at := func(i int) point { // a spiral over the pad
		k := i % 400
		x, y := 40+(k%40)*5, 60+(k/40)*16
		return point{r.X + float64(x)*r.W/padSize, r.Y + float64(y)*r.H/padSize}
	}
	start := at(0)
	p.mouse(input.DispatchMouseEventTypeMouseMoved, start.x, start.y, 0)
	p.mouse(input.DispatchMouseEventTypeMousePressed, start.x, start.y, leftButton)
	sent := 0
	for b.Loop() {
		sent++
		q := at(sent)
		p.mouse(input.DispatchMouseEventTypeMouseMoved, q.x, q.y, leftButton)
		eval[bool](p, fmt.Sprintf(`(async () => { const end = performance.now() + 500; while (__stroke.length < %d && performance.now() < end) await new Promise(done => setTimeout(done, 1)); return true; })()`, sent))
	}
	last := at(sent)
	p.mouse(input.DispatchMouseEventTypeMouseReleased, last.x, last.y, leftButton)
	report(b, eval[[]float64](p, `__stroke`), sent)
}

// BenchmarkOrbit measures a frame of the turning 3-D view, drawn to the last
// pixel. Run by scripts/bench/orbit.
func BenchmarkOrbit(b *testing.B) {
	p := openDraw(b, "?net=lenet5-harley&digit=0", options{})
	p.settled()
	p.still()
	b.ResetTimer()
	times := with[[]float64](p, fmt.Sprintf(`
		const canvas = document.querySelector("[data-view=stage] canvas"), gl = canvas.getContext("webgl2");
		const home = page.scene.camera(), px = new Uint8Array(4), times = [];
		for (let i = 0; i < %d; i++) {
			await new Promise(requestAnimationFrame);
			const pose = [...home];
			pose[0] += 0.01 * i;
			const t0 = performance.now();
			page.scene.setCamera(pose);
			page.scene.draw();
			gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, px);
			times.push(performance.now() - t0);
		}
		return times;`, min(b.N, 600)))
	report(b, times, len(times))
}

// report gives the distribution of times in milliseconds in place of the mean.
func report(b *testing.B, times []float64, want int) {
	b.Helper()
	if len(times) == 0 {
		b.Fatal("nothing was measured")
	}
	slices.Sort(times)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(times[0], "min-ms")
	b.ReportMetric(times[len(times)/2], "p50-ms")
	b.ReportMetric(times[len(times)*95/100], "p95-ms")
	b.ReportMetric(float64(len(times))/float64(max(want, 1)), "answered/event")
}
