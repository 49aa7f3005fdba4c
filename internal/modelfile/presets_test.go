package modelfile_test

import (
	"strings"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/modelfile"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
	"vizserver/internal/zoo"
)

// TestPreset compares with the nets of the zoo, whose tables quote their authors.
func TestPreset(t *testing.T) {
	t.Parallel()
	for net, name := range map[string]string{
		"resnet50": "torchvision", "inception-v4": "inception", "senet154": "torchvision", "googlenet-caffe": "caffe",
	} {
		e, err := zoo.Find(net)
		if err != nil {
			t.Fatal(err)
		}
		got, err := modelfile.Preset(name, e.Image.Size)
		if err != nil {
			t.Fatal(err)
		}
		got.Source = e.Image.Source
		if got != e.Image {
			t.Errorf("%s as %s: %+v, want %+v", net, name, got, e.Image)
		}
	}
	for _, name := range modelfile.Presets() {
		if strings.HasPrefix(name, "digits") {
			continue
		}
		p, err := modelfile.Preset(name, 96)
		if err != nil || p.Size != 96 || p.Resize < 96 || p.Source == "" || p.Range == 0 || p.Std[2] == 0 || strings.Contains(p.Source, "%") {
			t.Errorf("%s: %+v %v", name, p, err)
		}
	}
	if p, err := modelfile.Preset("torchvision-v2", 224); err != nil || p.Resize != 232 {
		t.Errorf("%+v %v", p, err)
	}
	for size, resize := range map[int]int{227: 256, 256: 256, 299: 342} {
		if p, err := modelfile.Preset("caffe", size); err != nil || p.Resize != resize {
			t.Errorf("%+v %v", p, err)
		}
	}
	_, err := modelfile.Preset("keras_tf", 224)
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "did you mean keras-tf?") || !strings.Contains(fault.Hint(err), "caffe") {
		t.Errorf("%v", err)
	}
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	model := func(c, h, w int) *nn.Model {
		g := nn.NewGraph("x")
		g.Add("out", op.ReLU{}, g.Input("input", nn.Shape{N: 1, C: c, H: h, W: w}))
		if _, err := g.Build(); err != nil {
			t.Fatal(err)
		}
		return &nn.Model{Name: "x", Graph: g}
	}
	m := model(1, 32, 32)
	if err := modelfile.Prepare(m, "digits-norm"); err != nil || m.Pre.Pad != 2 || m.Pre.Value(255) < 2.8214 || m.Pre.Value(255) > 2.8216 {
		t.Errorf("%+v %v", m.Pre, err) // (1 − 0.1307)/0.3081
	}
	if err := modelfile.Prepare(model(3, 96, 96), "raw"); err != nil {
		t.Error(err)
	}
	for name, m := range map[string]*nn.Model{
		"digits": model(3, 32, 32), "digits-norm": model(1, 27, 27), "torchvision": model(1, 96, 96), "raw": model(3, 96, 64), "none": model(3, 96, 96),
	} {
		if err := modelfile.Prepare(m, name); fault.KindOf(err) != fault.Invalid || m.Image.Size != 0 || m.Pre.Width != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
