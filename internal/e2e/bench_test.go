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
		const gl = document.querySelector("[data-view=stage] canvas").getContext("webgl2"), px = new Uint8Array(4);
		globalThis.__stroke = [];
		globalThis.__parts = []; // event handed over, activations there, drawn: ms after the event
		let from = 0, handed = 0, frames = 0;
		canvas.addEventListener("pointermove", e => { from = e.timeStamp; handed = performance.now(); frames = page.scene.stats().frames; }, {capture: true});
		page.acts.onChange(() => {
			if (from === 0) return;
			const t0 = from, t1 = handed, t2 = performance.now();
			from = 0;
			const drawn = () => {
				gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, px); // waits until the picture is there
				const t3 = performance.now();
				__stroke.push(t3 - t0);
				__parts.push([t1 - t0, t2 - t1, t3 - t2]);
			};
			if (page.scene.stats().frames > frames) drawn(); // at once
			else requestAnimationFrame(drawn); // asked for after the scene's own: runs after it
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
		eval[bool](p, `(async () => {
			const end = performance.now() + 500, before = globalThis.__seen ?? 0;
			while (__stroke.length === before && performance.now() < end) await new Promise(done => setTimeout(done, 1));
			globalThis.__seen = __stroke.length;
			return true;
		})()`)
	}
	last := at(sent)
	p.mouse(input.DispatchMouseEventTypeMouseReleased, last.x, last.y, leftButton)
	report(b, eval[[]float64](p, `__stroke`), sent)
	for i, part := range []string{"to-page-ms", "to-values-ms", "to-pixels-ms"} {
		times := eval[[]float64](p, fmt.Sprintf(`__parts.map(t => t[%d])`, i))
		slices.Sort(times)
		b.ReportMetric(times[len(times)/2], part)
	}
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
			gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, px); // the frame before has been drawn
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
