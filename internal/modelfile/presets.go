package modelfile

import (
	"math"
	"strings"

	"vizserver/internal/fault"
	"vizserver/internal/nn"
)

// preset is one way to prepare photos that many nets share.
type preset struct {
	name string
	// Before the crop the shorter side becomes size/share, rounded to the nearest pixel, or
	// down as timm does.
	share float64
	down  bool
	pre   nn.ImagePre // Size and Resize are set for the net; a Resize here holds for all that are not larger
}

var (
	imageNetMean = nn.TorchvisionPre.Mean
	imageNetStd  = nn.TorchvisionPre.Std
	halves       = [3]float32{0.5, 0.5, 0.5}
	ones         = [3]float32{1, 1, 1}
)

const kerasSource = "keras.applications.imagenet_utils.preprocess_input, mode %s; the size as keras.utils.load_img(target_size=…), bilinear for its nearest neighbour"

// presets lists them in the order of the help text.
var presets = []preset{
	{"torchvision", 224.0 / 256, false, nn.ImagePre{
		Resample: "bilinear", Range: 1, Mean: imageNetMean, Std: imageNetStd, Source: nn.TorchvisionPre.Source,
	}},
	{"torchvision-v2", 224.0 / 232, false, nn.ImagePre{
		Resample: "bilinear", Range: 1, Mean: imageNetMean, Std: imageNetStd,
		Source: "torchvision, weights IMAGENET1K_V2: resize_size=232",
	}},
	{"timm", 0.875, true, nn.ImagePre{
		Resample: "bicubic", Range: 1, Mean: imageNetMean, Std: imageNetStd,
		Source: "timm.data.constants: DEFAULT_CROP_PCT 0.875, IMAGENET_DEFAULT_MEAN and _STD; bicubic",
	}},
	{"inception", 0.875, true, nn.ImagePre{
		Resample: "bicubic", Range: 1, Mean: halves, Std: halves,
		Source: "timm.data.constants: IMAGENET_INCEPTION_MEAN and _STD; DEFAULT_CROP_PCT 0.875; bicubic",
	}},
	{"caffe", 224.0 / 256, false, nn.ImagePre{
		Resize: 256, Squash: true, Resample: "bilinear-raw", Range: 255, BGR: true, Mean: [3]float32{104, 117, 123}, Std: ones,
		Source: "Caffe: models/bvlc_googlenet/train_val.prototxt, mean_value; pictures of 256×256 as in examples/imagenet/create_imagenet.sh",
	}},
	{"keras-caffe", 1, false, nn.ImagePre{
		Squash: true, Resample: "bilinear", Range: 255, BGR: true, Mean: [3]float32{103.939, 116.779, 123.68}, Std: ones,
		Source: kerasMode("caffe"),
	}},
	{"keras-tf", 1, false, nn.ImagePre{
		Squash: true, Resample: "bilinear", Range: 1, Mean: halves, Std: halves, Source: kerasMode("tf"),
	}},
	{"keras-torch", 1, false, nn.ImagePre{
		Squash: true, Resample: "bilinear", Range: 1, Mean: imageNetMean, Std: imageNetStd, Source: kerasMode("torch"),
	}},
	{"unit", 1, false, nn.ImagePre{
		Squash: true, Resample: "bilinear", Range: 1, Std: ones, Source: "values 0…1, nothing else",
	}},
	{"raw", 1, false, nn.ImagePre{
		Squash: true, Resample: "bilinear", Range: 255, Std: ones, Source: "values 0…255, nothing else",
	}},
}

func kerasMode(mode string) string { return strings.Replace(kerasSource, "%s", mode, 1) }

// greyPresets are for nets of digits, one channel: 28×28 greys, 0 paper, 255 ink.
var greyPresets = []struct {
	name          string
	scale, offset float32
}{
	{"digits", 1, 0}, // 0…1
	{"digits-norm", 1 / 0.3081, -0.1307 / 0.3081}, // torch's examples/mnist/main.py: Normalize((0.1307,), (0.3081,))
}

// Presets returns the names that Prepare knows.
func Presets() []string {
	var names []string
	for _, p := range presets {
		names = append(names, p.name)
	}
	for _, p := range greyPresets {
		names = append(names, p.name)
	}
	return names
}

// Prepare sets how pictures become the input of a model: one of Preset's ways for a net of
// photos, or for one of digits (one channel, 28×28, or larger by a border)
//
//	digits       greys 0…1, ink is 1
//	digits-norm  the same, less the mean of MNIST, over its deviation
//
// The error is of kind fault.Invalid.
func Prepare(m *nn.Model, name string) error {
	in := m.Graph.InputValue().Shape
	for _, p := range greyPresets {
		if p.name != name {
			continue
		}
		const side = 28
		if in.C != 1 || in.H != in.W || in.H < side || in.H%2 != 0 {
			return fault.New(fault.Invalid, "preset %s is for 1×%d×%d and larger; the input of %s is %d×%d×%d", name, side, side, m.Name, in.C, in.H, in.W)
		}
		m.Image, m.Pre = nn.ImagePre{}, nn.Preprocess{Width: side, Height: side, Pad: (in.H - side) / 2, Scale: p.scale, Offset: p.offset}
		return nil
	}
	pre, err := Preset(name, in.H)
	if err != nil {
		return err
	}
	if in.C != 3 || in.H != in.W {
		return fault.New(fault.Invalid, "preset %s is for square photos; the input of %s is %d×%d×%d", name, m.Name, in.C, in.H, in.W)
	}
	m.Image, m.Pre = pre, nn.Preprocess{}
	return nil
}

// Preset returns a known way to prepare photos for a net that reads size×size pixels:
//
//	torchvision     shorter side to size·256/224, crop; mean and deviation of ImageNet
//	torchvision-v2  the same, to size·232/224
//	timm            the same, to size/0.875, bicubic
//	inception       to size/0.875, bicubic; −1…1
//	caffe           squashed to 256 (from 257 on to size·256/224), crop; BGR, 0…255 less the mean
//	keras-caffe     squashed to size; BGR, 0…255 less the mean
//	keras-tf        squashed to size; −1…1
//	keras-torch     squashed to size; mean and deviation of ImageNet
//	unit, raw       squashed to size; 0…1, 0…255
//
// The error is of kind fault.Invalid and names the presets.
func Preset(name string, size int) (nn.ImagePre, error) {
	for _, p := range presets {
		if p.name != name {
			continue
		}
		round := math.Round
		if p.down {
			round = math.Floor
		}
		pre := p.pre
		pre.Size = size
		if pre.Resize < size {
			pre.Resize = max(size, int(round(float64(size)/p.share)))
		}
		return pre, nil
	}
	return nn.ImagePre{}, fault.New(fault.Invalid, "there is no preset %.40q; did you mean %s?", name, fault.Nearest(name, Presets())).
		WithHint("there are %s", strings.Join(Presets(), ", "))
}
