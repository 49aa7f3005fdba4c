package caffe

import (
	"fmt"
	"math"

	"vizserver/internal/nn"
)

// database is the side to which Caffe's tools resize pictures before training
// (examples/imagenet/create_imagenet.sh).
const database = 256

// imageNetMean is the mean pixel of ImageNet in BGR, of Caffe's ilsvrc_2012_mean.npy.
var imageNetMean = [3]float32{104.00698793, 116.66876762, 122.67891434}

// photo is how the layer of data prepares photos: x = (v − mean)·scale, v = 0…255 in BGR. It is
// zero where the file has no such layer or the input is no square photo.
//
// A mean picture is not in the file; ImageNet's mean pixel stands for it.
func (w *wiring) photo(input nn.Shape) nn.ImagePre {
	if w.maker < 0 || input.C != 3 || input.H != input.W {
		return nn.ImagePre{}
	}
	l := &w.layers[w.maker]
	t := l.GetTransformParam()
	scale, mean, meanFile := t.GetScale(), t.GetMeanValue(), t.GetMeanFile()
	for _, old := range []interface {
		GetScale() float32
		GetMeanFile() string
	}{l.GetDataParam(), l.GetImageDataParam()} {
		if t == nil && (old.GetMeanFile() != "" || old.GetScale() != 1) {
			scale, meanFile = old.GetScale(), old.GetMeanFile()
		}
	}
	finite := func(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }
	if t == nil && scale == 1 && meanFile == "" || !(scale > 0) || !finite(scale) {
		return nn.ImagePre{}
	}
	source := fmt.Sprintf("Caffe: transform_param of layer %s", shown(l.GetName()))
	p := nn.ImagePre{
		Size: input.H, Resize: max(database, input.H), Squash: true, Resample: "bilinear-raw", Range: 255 * scale, BGR: true,
		Std: [3]float32{1, 1, 1},
	}
	switch {
	case len(mean) == 3:
		p.Mean = [3]float32(mean)
	case len(mean) == 1:
		p.Mean = [3]float32{mean[0], mean[0], mean[0]}
	case meanFile != "":
		p.Mean = imageNetMean
		source += "; its mean picture is not in the file: ImageNet's mean pixel"
	}
	for c, v := range p.Mean {
		if !finite(v * scale) {
			return nn.ImagePre{}
		}
		p.Mean[c] = v * scale
	}
	p.Source = source + fmt.Sprintf("; pictures of %d×%d as Caffe's tools make them", p.Resize, p.Resize)
	return p
}
