package modelfile_test

import (
	"strings"
	"testing"

	"vizserver/internal/fault"
	"vizserver/internal/modelfile"
	"vizserver/internal/zoo"
)

// TestPreset compares with the nets of the zoo, whose tables quote their authors.
func TestPreset(t *testing.T) {
	t.Parallel()
	for net, name := range map[string]string{
		"resnet50": "torchvision", "inception-v4": "inception", "senet154": "torchvision",
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
		p, err := modelfile.Preset(name, 96)
		if err != nil || p.Size != 96 || p.Resize < 96 || p.Source == "" || p.Range == 0 || p.Std[2] == 0 || strings.Contains(p.Source, "%") {
			t.Errorf("%s: %+v %v", name, p, err)
		}
	}
	if p, err := modelfile.Preset("torchvision-v2", 224); err != nil || p.Resize != 232 {
		t.Errorf("%+v %v", p, err)
	}
	_, err := modelfile.Preset("keras_tf", 224)
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "did you mean keras-tf?") || !strings.Contains(fault.Hint(err), "caffe") {
		t.Errorf("%v", err)
	}
}
