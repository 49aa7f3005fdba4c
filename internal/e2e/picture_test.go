package e2e

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// TestSavePNG: the button saves a picture of the net, not blank, named after it.
func TestSavePNG(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0", options{})
	p.settled()
	dir := t.TempDir()
	_, err := chromedp.CallBrowser(p.ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir,
		BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID,
	})
	must(t, err)
	p.click("button", p.word("stage.save"))
	var name string
	for end := time.Now().Add(patience); name == "" && time.Now().Before(end); {
		p.frames(5)
		files, err := filepath.Glob(filepath.Join(dir, "*.png"))
		must(t, err)
		if len(files) == 1 {
			name = files[0]
		}
	}
	if name == "" {
		t.Fatal("no PNG was saved")
	}
	if !strings.Contains(filepath.Base(name), "lenet5-harley") {
		t.Errorf("the picture is called %s", filepath.Base(name))
	}
	b, err := os.ReadFile(name)
	must(t, err)
	img, err := png.Decode(bytes.NewReader(b))
	must(t, err)
	canvas := p.canvas()
	if w := img.Bounds().Dx(); float64(w) < canvas.W-1 {
		t.Errorf("the picture is %d px wide, the stage %.0f", w, canvas.W)
	}
	colours := map[[3]uint32]bool{}
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y += 3 {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x += 3 {
			r, g, b, _ := img.At(x, y).RGBA()
			colours[[3]uint32{r >> 12, g >> 12, b >> 12}] = true
		}
	}
	if len(colours) < 12 {
		t.Errorf("the picture has %d colours: it is blank", len(colours))
	}
}

// TestFullScreen: the stage fills the screen and comes back.
func TestFullScreen(t *testing.T) {
	p := openDraw(t, "?net=lenet5-harley&digit=0", options{})
	p.settled()
	p.click("button", p.word("stage.full"))
	p.wait("full screen", `document.fullscreenElement !== null`)
	p.still()
	if found := p.picked(p.at(middle(3))); !sameUnit(found, middle(3)) {
		t.Errorf("in full screen the pointer finds %+v", found)
	}
	p.click("button", p.word("stage.full.leave"))
	p.wait("the page", `document.fullscreenElement === null`)
}

// TestWithoutWebGL: a browser without WebGL 2 gets a sentence, the answer and
// the text, and no error.
func TestWithoutWebGL(t *testing.T) {
	p := open(t, "/healthz", options{})
	p.before(`HTMLCanvasElement.prototype.getContext = (get => function (kind, ...rest) { return /webgl/.test(kind) ? null : get.call(this, kind, ...rest); })(HTMLCanvasElement.prototype.getContext);`)
	p.navigate("/draw?net=lenet5-harley")
	p.wait("the page", `page !== null && page.scene === null && page.store.get().connection === "open"`)
	if text := eval[string](p, `document.body.innerText`); !strings.Contains(text, "WebGL") {
		t.Error("the page does not say that it lacks WebGL 2")
	}
	p.draw(mouse, digits[1]...)
	p.settled()
	if first, _ := p.guesses(); first != 1 {
		t.Errorf("without WebGL a 1 is answered with %d", first)
	}
}
