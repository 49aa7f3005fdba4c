package modelfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"vizserver/internal/caffe/caffepb"
	"vizserver/internal/modelfile"
	"vizserver/internal/nn"
)

// TestCaffePhotos: a Caffe model that says how its photos are prepared is believed; of one that
// does not, Caffe's own way is taken, and said.
func TestCaffePhotos(t *testing.T) {
	t.Parallel()
	kind := func(name, kind, bottom, top string) *caffepb.LayerParameter {
		l := &caffepb.LayerParameter{Name: &name, Type: &kind, Top: []string{top}}
		if bottom != "" {
			l.Bottom = []string{bottom}
		}
		return l
	}
	data := kind("d", "Data", "", "data")
	data.TransformParam = &caffepb.TransformationParameter{CropSize: new(uint32(5)), MeanValue: []float32{1, 2, 3}}
	deploy := kind("d", "Input", "", "data")
	deploy.InputParam = &caffepb.InputParameter{Shape: []*caffepb.BlobShape{{Dim: []int64{10, 3, 5, 5}}}}
	conv := kind("conv", "Convolution", "data", "conv")
	conv.ConvolutionParam = &caffepb.ConvolutionParameter{NumOutput: new(uint32(2)), KernelSize: []uint32{5}, BiasTerm: new(false)}
	conv.Blobs = []*caffepb.BlobProto{{Shape: &caffepb.BlobShape{Dim: []int64{2, 3, 5, 5}}, Data: make([]float32, 150)}}
	for name, c := range map[string]struct {
		input *caffepb.LayerParameter
		mean  [3]float32
		note  string
	}{
		"trained": {data, [3]float32{1, 2, 3}, ""},
		"deploy":  {deploy, [3]float32{104, 117, 123}, "the way of caffe, resized to 256 and cut to 5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := proto.Marshal(&caffepb.NetParameter{Layer: []*caffepb.LayerParameter{c.input, conv}})
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), name+".caffemodel")
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := modelfile.Open(t.Context(), path, modelfile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := f.Model.Image
			got.Source = ""
			if want := (nn.ImagePre{
				Size: 5, Resize: 256, Squash: true, Resample: "bilinear-raw", Range: 255, BGR: true, Mean: c.mean, Std: [3]float32{1, 1, 1},
			}); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if notes := strings.Join(f.Notes, "\n"); !strings.Contains(notes, c.note) || c.note == "" && strings.Contains(notes, "photos") {
				t.Errorf("notes: %s", notes)
			}
		})
	}
}
