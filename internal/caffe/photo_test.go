package caffe

import (
	"math"
	"strings"
	"testing"

	"vizserver/internal/caffe/caffepb"
	"vizserver/internal/nn"
)

// TestPhoto: how the layer of data prepares pictures becomes the net's preprocessing.
func TestPhoto(t *testing.T) {
	t.Parallel()
	bgr := func(size, resize int, scale float32, mean ...float32) nn.ImagePre {
		return nn.ImagePre{
			Size: size, Resize: resize, Squash: true, Resample: "bilinear-raw", Range: 255 * scale, BGR: true,
			Mean: [3]float32(mean), Std: [3]float32{1, 1, 1},
		}
	}
	crop := new(uint32(6))
	for _, c := range []struct {
		name   string
		change func(*caffepb.LayerParameter)
		want   nn.ImagePre
		source string
	}{
		{"says nothing", func(*caffepb.LayerParameter) {}, nn.ImagePre{}, ""},
		{"crop alone", func(l *caffepb.LayerParameter) {
			l.TransformParam = &caffepb.TransformationParameter{CropSize: crop}
		}, bgr(6, 256, 1, 0, 0, 0), `layer "d"`},
		{"mean and scale", func(l *caffepb.LayerParameter) {
			l.TransformParam = &caffepb.TransformationParameter{CropSize: crop, MeanValue: []float32{104, 117, 123}, Scale: new(float32(0.5))}
		}, bgr(6, 256, 0.5, 52, 58.5, 61.5), `layer "d"`},
		{"one mean", func(l *caffepb.LayerParameter) {
			l.TransformParam = &caffepb.TransformationParameter{CropSize: crop, MeanValue: []float32{128}}
		}, bgr(6, 256, 1, 128, 128, 128), `layer "d"`},
		{"mean picture", func(l *caffepb.LayerParameter) {
			l.TransformParam = &caffepb.TransformationParameter{MeanFile: new("mean.binaryproto")}
		}, bgr(6, 256, 1, imageNetMean[:]...), "its mean picture is not in the file"},
		{"as in 2013", func(l *caffepb.LayerParameter) {
			l.DataParam = &caffepb.DataParameter{MeanFile: new("mean.binaryproto"), Scale: new(float32(2))}
		}, bgr(6, 256, 2, 2*imageNetMean[0], 2*imageNetMean[1], 2*imageNetMean[2]), "its mean picture is not in the file"},
		{"scale of no number", func(l *caffepb.LayerParameter) {
			l.TransformParam = &caffepb.TransformationParameter{Scale: new(float32(math.NaN()))}
		}, nn.ImagePre{}, ""},
		{"infinite mean", func(l *caffepb.LayerParameter) {
			l.TransformParam = &caffepb.TransformationParameter{MeanValue: []float32{float32(math.Inf(1))}}
		}, nn.ImagePre{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := &caffepb.LayerParameter{Name: new("d"), Type: new("Data"), Top: []string{"data", "label"}}
			c.change(l)
			n := net(l, make1("a", "ReLU", "data", "x"))
			n.Input, n.InputShape = nil, nil
			d, err := Read(encode(t, n), Options{Input: [4]int{1, 3, 6, 6}})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(d.Image.Source, c.source) {
				t.Errorf("source %q", d.Image.Source)
			}
			if d.Image.Source = ""; d.Image != c.want {
				t.Errorf("got  %+v\nwant %+v", d.Image, c.want)
			}
		})
	}
}

// TestDataLayers: the size of the input comes from whatever layer of data says it, the TEST
// phase before TRAIN, and an option goes before the file.
func TestDataLayers(t *testing.T) {
	t.Parallel()
	phase := func(p caffepb.Phase) []*caffepb.NetStateRule { return []*caffepb.NetStateRule{{Phase: p.Enum()}} }
	u := func(v uint32) *uint32 { return &v }
	layer := func(kind string, change func(*caffepb.LayerParameter)) *caffepb.LayerParameter {
		l := &caffepb.LayerParameter{Name: new("d"), Type: &kind, Top: []string{"data", "label"}}
		change(l)
		return l
	}
	crop := func(n uint32) func(*caffepb.LayerParameter) {
		return func(l *caffepb.LayerParameter) { l.TransformParam = &caffepb.TransformationParameter{CropSize: &n} }
	}
	for name, c := range map[string]struct {
		layers []*caffepb.LayerParameter
		option [4]int
		want   nn.Shape
	}{
		"input": {[]*caffepb.LayerParameter{layer("Input", func(l *caffepb.LayerParameter) {
			l.InputParam = &caffepb.InputParameter{Shape: []*caffepb.BlobShape{{Dim: []int64{10, 3, 5, 7}}}}
		})}, [4]int{}, nn.Shape{N: 1, C: 3, H: 5, W: 7}},
		"memory": {[]*caffepb.LayerParameter{layer("MemoryData", func(l *caffepb.LayerParameter) {
			l.MemoryDataParam = &caffepb.MemoryDataParameter{BatchSize: u(9), Channels: u(3), Height: u(5), Width: u(7)}
		})}, [4]int{}, nn.Shape{N: 1, C: 3, H: 5, W: 7}},
		"dummy": {[]*caffepb.LayerParameter{layer("DummyData", func(l *caffepb.LayerParameter) {
			l.DummyDataParam = &caffepb.DummyDataParameter{Num: []uint32{9}, Channels: []uint32{3}, Height: []uint32{5}, Width: []uint32{7}}
		})}, [4]int{}, nn.Shape{N: 1, C: 3, H: 5, W: 7}},
		"dummy's shape": {[]*caffepb.LayerParameter{layer("DummyData", func(l *caffepb.LayerParameter) {
			l.DummyDataParam = &caffepb.DummyDataParameter{Shape: []*caffepb.BlobShape{{Dim: []int64{9, 3, 5, 7}}}}
		})}, [4]int{}, nn.Shape{N: 1, C: 3, H: 5, W: 7}},
		"crop": {[]*caffepb.LayerParameter{layer("Data", crop(9))}, [4]int{}, nn.Shape{N: 1, C: 3, H: 9, W: 9}},
		"both phases": {[]*caffepb.LayerParameter{
			layer("Data", func(l *caffepb.LayerParameter) { crop(9)(l); l.Include = phase(caffepb.Phase_TRAIN) }),
			layer("Data", func(l *caffepb.LayerParameter) { crop(8)(l); l.Include = phase(caffepb.Phase_TEST) }),
		}, [4]int{}, nn.Shape{N: 1, C: 3, H: 8, W: 8}},
		"option": {[]*caffepb.LayerParameter{layer("Data", crop(9))}, [4]int{4, 3, 6, 7}, nn.Shape{N: 1, C: 3, H: 6, W: 7}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// What only the other phase has is left out, and a ReLU in its place reads no label.
			train := make1("train", "Python", "conv", "nothing")
			train.Include = phase(caffepb.Phase_TRAIN)
			gone := make1("gone", "Python", "conv", "nothing")
			gone.Exclude = phase(caffepb.Phase_TEST)
			n := net(append(c.layers, conv(nil), train, gone)...)
			n.Input, n.InputShape = nil, nil
			d, err := Read(encode(t, n), Options{Input: c.option})
			if err != nil {
				t.Fatal(err)
			}
			if d.Shape != c.want || d.Output != "conv" {
				t.Errorf("got %v and the answer %q, want %v", d.Shape, d.Output, c.want)
			}
		})
	}
}
