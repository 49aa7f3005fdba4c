package e2e

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// unitInfo is what the server says about a unit, in exact float32.
type unitInfo struct {
	Value       float32
	Pre         *float32
	Bias        *float32
	Exact       bool
	ProductsSum float32
	Terms       []struct {
		Channel          int
		Inputs, Products []float32
		Weights          []float32
		Sum              float32
	}
	Pool *struct {
		Inputs []float32
		Winner *int
	}
}

// ask asks the server for a unit, through the page's own connection.
func (p *page) ask(u unit) unitInfo {
	p.tb.Helper()
	return with[unitInfo](p, `return await page.client.unit(`+u.js()+`);`)
}

// openPinned opens Harley's net with a test digit and a pinned unit.
func openPinned(t *testing.T, u unit, o options) *page {
	t.Helper()
	p := openDraw(t, fmt.Sprintf("?net=lenet5-harley&digit=0&unit=%d.%d.%d.%d", u.Layer, u.Channel, u.Y, u.X), o)
	p.settled()
	p.wait("the arithmetic", `document.querySelector("[data-view=inspector] [id=inspector-parts]:not([hidden])") !== null`)
	p.frames(3)
	return p
}

// panel gives the text of the panel of the pinned unit.
func (p *page) panel() string {
	p.tb.Helper()
	text := p.find("complementary", p.word("draw.unit")).text()
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "\u00a0", " ")), " ")
}

func TestHarley03_FormulasStandInThePanel(t *testing.T) {
	p := openPinned(t, unit{Layer: 1, Channel: 2, Y: 13, X: 13}, options{})
	panel := p.panel()
	for _, part := range []string{"1.7159", "tanh"} {
		if !strings.Contains(panel, part) {
			t.Errorf("the panel of a unit of C1 does not show %q: %s", part, panel)
		}
	}
	if m := netManifest(t, "lenet5-harley"); m.Layers[1].Activation == nil || abs(m.Layers[1].Activation.A-1.7159) > 1e-9 || abs(m.Layers[1].Activation.B-2.0/3) > 1e-6 {
		t.Errorf("the net's activation is %+v, want 1.7159·tanh(2/3·x)", m.Layers[1].Activation)
	}
	if curves := p.all("image", ""); !slices.ContainsFunc(curves, func(c control) bool {
		start, _, _ := strings.Cut(p.word("inspector.curve"), "{")
		return strings.HasPrefix(c.name, start)
	}) {
		t.Errorf("no curve of the function; the pictures are %v", p.names("image"))
	}
	with[bool](p, `page.store.set({pin: {layer: 0, channel: 0, y: 16, x: 16}}); return true;`)
	p.wait("the input's panel", `/1\.275/.test(document.querySelector("[data-view=inspector]").innerText)`)
	if panel = p.panel(); !strings.Contains(panel, "1.275") || !strings.Contains(panel, "0.1") {
		t.Errorf("the panel of the input does not show its scaling: %s", panel)
	}
}

// TestHarley23: the panel names layer, map and place, counted from 0.
func TestHarley23_PanelNamesLayerMapAndPlace(t *testing.T) {
	p := openPinned(t, unit{Layer: 3, Channel: 8, Y: 5, X: 4}, options{})
	for _, tc := range []struct {
		u    unit
		name string
	}{
		{unit{Layer: 3, Channel: 8, Y: 5, X: 4}, "C3 · map 8 · (5, 4)"},
		{unit{Layer: 1, Channel: 0, Y: 27, X: 0}, "C1 · map 0 · (27, 0)"},
		{unit{Layer: 4, Channel: 15, Y: 0, X: 4}, "S4 · map 15 · (0, 4)"},
		{unit{Layer: 5, Channel: 119}, "F5 · unit 119"},
		{unit{Layer: 7, Channel: 7}, "Output · 7"},
		{unit{Layer: 0, Y: 3, X: 9}, "Input · (3, 9)"},
	} {
		with[bool](p, `page.store.set({pin: `+tc.u.js()+`}); return true;`)
		p.find("heading", tc.name)
	}
}

// TestHarley24: for a convolution the input patch and the kernel as pictures, one
// pair for each connected map, in order; the pictures show the numbers.
func TestHarley24_PatchAndKernelForEachMap(t *testing.T) {
	u := unit{Layer: 3, Channel: 8, Y: 5, X: 4}
	p := openPinned(t, u, options{})
	var rows []string
	for _, name := range p.names("group") {
		if strings.HasPrefix(name, "S2 · ") {
			rows = append(rows, name)
		}
	}
	want := []string{"S2 · map 2", "S2 · map 3", "S2 · map 4", "S2 · map 5"} // column 8 of Table I
	if !slices.Equal(rows, want) {
		t.Errorf("rows for %q, want %q", rows, want)
	}
	info := p.ask(u)
	if len(info.Terms) != len(want) {
		t.Fatalf("%d terms, want %d", len(info.Terms), len(want))
	}
	_, signed := ramps(t)
	most := 0.0
	for _, term := range info.Terms {
		for _, w := range term.Weights {
			most = max(most, abs(float64(w)))
		}
	}
	for i, source := range want {
		p.find("image", p.word("inspector.input_of", "source", source))
		p.find("image", p.word("inspector.product_of", "source", source))
		kernel := p.find("image", p.word("inspector.kernel_of", "source", source))
		colours := callOn[[][]float64](kernel, `c => {
			const g = c.getContext("2d"), out = [];
			for (let y = 0; y < 5; y++) for (let x = 0; x < 5; x++)
				out.push([...g.getImageData(Math.floor((x + 0.5) * c.width / 5), Math.floor((y + 0.5) * c.height / 5), 1, 1).data]);
			return out;
		}`)
		for k, got := range colours {
			want := along(signed, (float64(info.Terms[i].Weights[k])/most+1)/2)
			if abs(got[0]-want[0])+abs(got[1]-want[1])+abs(got[2]-want[2]) > 18 {
				t.Errorf("%s: weight %d of %v is drawn %v, the ramp has %.0f", source, k, info.Terms[i].Weights[k], got, want)
			}
		}
	}
}

// number reads a figure of the page: a true minus, a plus, grouping.
func number(t *testing.T, figure string) float64 {
	t.Helper()
	clean := strings.NewReplacer("−", "-", "+", "", ",", "", "\u00a0", "", "\u202f", "", " ", "", "×", "").Replace(figure)
	v, err := strconv.ParseFloat(clean, 64)
	if err != nil {
		t.Errorf("%q is no number", figure)
		return math.NaN()
	}
	return v
}

// TestHarley25: the sums on the page add up to the last printed digit; the exact
// numbers behind them add up bit for bit; the output follows from the function;
// the best output is marked.
func TestHarley25_ArithmeticAddsUp(t *testing.T) {
	p := openPinned(t, unit{Layer: 1, Channel: 0, Y: 9, X: 9}, options{})
	for _, u := range []unit{
		{Layer: 1, Channel: 0, Y: 9, X: 9},
		{Layer: 1, Channel: 5, Y: 20, X: 14},
		{Layer: 3, Channel: 0, Y: 5, X: 5},
		{Layer: 3, Channel: 15, Y: 2, X: 8},
		{Layer: 5, Channel: 17},
		{Layer: 6, Channel: 99},
		{Layer: 7, Channel: 3},
	} {
		p.sums(t, u)
	}
	best, _ := p.guesses()
	with[bool](p, fmt.Sprintf(`page.store.set({pin: {layer: 7, channel: %d, y: 0, x: 0}}); return true;`, best))
	p.wait("the mark of the best", fmt.Sprintf(`document.querySelector("[data-view=inspector]").innerText.includes(%q)`, p.word("inspector.max")))
	with[bool](p, fmt.Sprintf(`page.store.set({pin: {layer: 7, channel: %d, y: 0, x: 0}}); return true;`, (best+1)%10))
	p.wait("no mark on another", fmt.Sprintf(`!document.querySelector("[data-view=inspector]").innerText.includes(%q)`, p.word("inspector.max")))
}

// name gives a unit of lenet5-harley its name on the page.
func (p *page) name(u unit) string {
	names := []string{p.word("stage.layer.input"), "C1", "S2", "C3", "S4", "F5", "F6", p.word("stage.layer.output")}
	switch place := fmt.Sprintf("(%d, %d)", u.Y, u.X); {
	case u.Layer == 0:
		return names[0] + " · " + place
	case u.Layer < 5:
		return fmt.Sprintf("%s · %s · %s", names[u.Layer], p.word("unit.map", "map", strconv.Itoa(u.Channel)), place)
	case u.Layer < 7:
		return fmt.Sprintf("%s · %s", names[u.Layer], p.word("unit.unit", "unit", strconv.Itoa(u.Channel)))
	}
	return fmt.Sprintf("%s · %d", names[7], u.Channel)
}

// sums checks one unit.
func (p *page) sums(t *testing.T, u unit) {
	t.Helper()
	with[bool](p, `page.store.set({pin: `+u.js()+`}); return true;`)
	info := p.ask(u)
	if info.Pre == nil || info.Bias == nil {
		t.Fatalf("%+v has no sum: %+v", u, info)
	}
	sum := *info.Bias
	for _, term := range info.Terms {
		for i := range term.Products {
			if product := term.Inputs[i] * term.Weights[i]; product != term.Products[i] {
				t.Errorf("%+v: %v × %v is said to be %v", u, term.Inputs[i], term.Weights[i], term.Products[i])
			}
			sum += term.Products[i]
		}
	}
	if sum != *info.Pre || !info.Exact {
		t.Errorf("%+v: the products and the bias add up to %v, the stored sum is %v (exact: %v)", u, sum, *info.Pre, info.Exact)
	}
	if want := 1.7159 * math.Tanh(2.0/3*float64(sum)); abs(float64(info.Value)-want) > 2e-6 {
		t.Errorf("%+v: the output is %v, the function of %v is %v", u, info.Value, sum, want)
	}

	exact := strings.TrimSpace(p.word("inspector.exact"))
	p.wait("the sums of "+fmt.Sprint(u), fmt.Sprintf(`(e => e.querySelector("h2").textContent === %q && e.innerText.includes(%q) && !e.hasAttribute("data-stale"))(document.querySelector("[data-view=inspector]"))`, p.name(u), exact))
	p.frames(2)
	lines := eval[[][]string](p, `[...document.querySelectorAll("[data-view=inspector] dl")].filter(l => l.getClientRects().length > 0).flatMap(l =>
		[...l.querySelectorAll("dt")].map(dt => [dt.innerText, dt.nextElementSibling.innerText])).filter(([, v]) => v.trim() !== "")`)
	rows := eval[[]string](p, `[...document.querySelectorAll("[data-view=inspector] [role=group] > div button[aria-expanded] .num")].filter(e => e.getClientRects().length > 0).map(e => e.textContent)`)
	total := 0.0
	for _, figure := range rows {
		total += number(t, figure)
	}
	value := func(figure string) float64 { return number(t, figure) }
	count := 0
	for _, term := range info.Terms {
		count += len(term.Products)
	}
	products := p.word("inspector.products", "count", strconv.Itoa(count))
	sawProducts, sawPre := false, false
	for _, line := range lines {
		words, figure := strings.Join(strings.Fields(line[0]), " "), line[1]
		switch {
		case words == products:
			sawProducts = true
			if got := value(figure); abs(got-total) > 1e-9 {
				t.Errorf("%+v: the lines above add up to %.6f, the page says %s", u, total, figure)
			}
			total = value(figure)
		case strings.HasPrefix(words, p.word("inspector.pre")):
			sawPre = true
			if got := value(figure); abs(got-total) > 1e-9 {
				t.Errorf("%+v: products and bias add up to %.6f on the page, it says %s", u, total, figure)
			}
			if digits := len(figure) - strings.LastIndex(figure, ".") - 1; abs(value(figure)-float64(*info.Pre)) > 0.51*math.Pow10(-digits) {
				t.Errorf("%+v: the page says %s, the number is %v", u, figure, *info.Pre)
			}
		default:
			total += value(figure)
		}
	}
	if !sawProducts || !sawPre {
		t.Errorf("%+v: no lines of the products or of the sum among %q", u, lines)
	}
}

// TestHarley26: an input unit shows how it was scaled.
func TestHarley26_InputShowsItsScaling(t *testing.T) {
	p := openPinned(t, unit{Layer: 0, Y: 16, X: 16}, options{})
	ink := with[unit](p, `
		let best = {layer: 0, channel: 0, y: 0, x: 0}, most = -9;
		for (let y = 0; y < 32; y++) for (let x = 0; x < 32; x++) {
			const v = page.acts.value({layer: 0, channel: 0, y, x});
			if (v > most) { most = v; best = {layer: 0, channel: 0, y, x}; }
		}
		page.store.set({pin: best});
		return best;`)
	p.find("heading", fmt.Sprintf("Input · (%d, %d)", ink.Y, ink.X))
	worked := regexp.MustCompile(`\((\d+)/255\) · ([\d.]+) − ([\d.]+) = ([−\d.]+)`)
	p.wait("the worked formula", `/\(\d+\/255\)/.test(document.querySelector("[data-view=inspector]").innerText)`)
	m := worked.FindStringSubmatch(p.panel())
	if m == nil {
		t.Fatalf("no worked formula in %s", p.panel())
	}
	raw, scale, less, x := number(t, m[1]), number(t, m[2]), number(t, m[3]), number(t, m[4])
	if scale != 1.275 || less != 0.1 || abs(raw/255*scale-less-x) > 1e-6 {
		t.Errorf("the page says %s", m[0])
	}
	if info := p.ask(ink); abs(float64(info.Value)-x) > 1e-7 {
		t.Errorf("the page says %v, the unit is %v", x, info.Value)
	}
	if raw < 200 {
		t.Errorf("the brightest pixel of a digit has the grey %v", raw)
	}
}

// TestHarley27: max pooling says so, and which of the four won.
func TestHarley27_PoolingShowsTheWinner(t *testing.T) {
	p := openPinned(t, unit{Layer: 2, Channel: 1, Y: 6, X: 7}, options{})
	for _, u := range []unit{{Layer: 2, Channel: 1, Y: 6, X: 7}, {Layer: 4, Channel: 3, Y: 1, X: 2}} {
		with[bool](p, `page.store.set({pin: `+u.js()+`}); return true;`)
		info := p.ask(u)
		if info.Pool == nil || info.Pool.Winner == nil || len(info.Pool.Inputs) != 4 {
			t.Fatalf("%+v: no pooling of four: %+v", u, info)
		}
		winner := *info.Pool.Winner
		if info.Pool.Inputs[winner] != slices.Max(info.Pool.Inputs) || info.Value != info.Pool.Inputs[winner] {
			t.Errorf("%+v: %d of %v is said to win %v", u, winner, info.Pool.Inputs, info.Value)
		}
		from := fmt.Sprintf("map %d · (%d, %d)", u.Channel, 2*u.Y+winner/2, 2*u.X+winner%2)
		start, _, _ := strings.Cut(p.word("inspector.max_of"), ":")
		p.wait("the winner's name", fmt.Sprintf(`document.querySelector("[data-view=inspector]").innerText.includes(%q)`, from))
		if panel := p.panel(); !strings.Contains(panel, start) {
			t.Errorf("%+v: the panel does not say %q: %s", u, start, panel)
		}
		won := 0
		for _, name := range p.names("button") {
			if strings.HasSuffix(name, ", "+p.word("inspector.wins")) {
				won++
				if !strings.Contains(name, from) {
					t.Errorf("%+v: %q is marked, the winner is %s", u, name, from)
				}
			}
		}
		if won != 1 {
			t.Errorf("%+v: %d of the four are marked as the largest", u, won)
		}
	}
}

// TestHarley28: the panel is docked: the pinned unit stays in sight beside it,
// in the window; Esc, the button and a second click on the unit close it.
func TestHarley28_PanelNeverCoversItsUnit(t *testing.T) {
	for _, o := range []options{{}, {width: 1920, height: 1080}, {width: 1000, height: 760}, {width: 390, height: 844, scale: 2, touch: true}} {
		t.Run(fmt.Sprintf("%dx%d", o.width, o.height), func(t *testing.T) {
			for _, u := range []unit{{Layer: 1, Channel: 5, Y: 14, X: 27}, {Layer: 3, Channel: 15, Y: 5, X: 9}, {Layer: 5, Channel: 119}} {
				p := openPinned(t, u, o)
				p.still()
				at, canvas := p.at(u), p.canvas()
				if at.x < canvas.X || at.x > canvas.X+canvas.W || at.y < canvas.Y || at.y > canvas.Y+canvas.H {
					t.Errorf("the pinned unit %+v is at %+v, the stage is %+v", u, at, canvas)
				}
				over := eval[string](p, fmt.Sprintf(`(e => !e || e.closest("[data-view=stage]") ? "" : e.outerHTML.slice(0, 160))(document.elementFromPoint(%g, %g))`, at.x, at.y))
				if over != "" && !o.touch {
					t.Errorf("over the pinned unit %+v lies %s", u, over)
				}
				panel := p.find("complementary", p.word("draw.unit"))
				if r := callOn[rect](panel, rectOf); r.X < -1 || r.X+r.W > eval[float64](p, `innerWidth`)+1 {
					t.Errorf("the panel leaves the window: %+v", r)
				}
			}
		})
	}
	u := unit{Layer: 3, Channel: 8, Y: 5, X: 4}
	p := openDraw(t, "?net=lenet5-harley&digit=0&view=flat", options{})
	p.settled()
	closed := `page.store.get().pin === null`
	p.pin(u)
	p.press(kb.Escape)
	p.wait("Esc to unpin", closed)
	p.still()
	p.pin(u)
	at := p.at(u)
	p.clickAt(at.x, at.y)
	p.wait("a second click to unpin", closed)
	p.still()
	p.pin(u)
	p.click("button", p.word("inspector.unpin"))
	p.wait("the button to unpin", closed)
	if on := eval[string](p, `document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.tagName`); on != p.word("stage.canvas") {
		t.Errorf("after unpinning the focus is on %s, want the net", on)
	}
}
