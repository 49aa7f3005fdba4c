package zoo

import (
	"math"
	"testing"

	"vizserver/internal/nn"
)

// TestKnownFields holds receptive fields and strides that the literature tabulates: VGG-16's
// poolings 6, 16, 44, 100, 212 and 404 for the first fully connected layer; AlexNet's 11, 19,
// 51, 67, 99, 131, 163, 195 (Dang Ha The Hien, "A guide to receptive field arithmetic", 2017).
func TestKnownFields(t *testing.T) {
	type known struct {
		value        string
		size, stride float64
	}
	for net, list := range map[string][]known{
		"vgg16": {
			{"features.0", 3, 1},
			{"features.2", 5, 1},
			{"features.4", 6, 2},
			{"features.5", 10, 2},
			{"features.7", 14, 2},
			{"features.9", 16, 4},
			{"features.10", 24, 4},
			{"features.12", 32, 4},
			{"features.14", 40, 4},
			{"features.16", 44, 8},
			{"features.17", 60, 8},
			{"features.19", 76, 8},
			{"features.21", 92, 8},
			{"features.23", 100, 16},
			{"features.24", 132, 16},
			{"features.26", 164, 16},
			{"features.28", 196, 16},
			{"features.30", 212, 32},
			{"avgpool", 212, 32},
			{"classifier.0", 404, 224},
			{"softmax", 404, 224},
		},
		"alexnet-2012": {
			{"conv1", 11, 4},
			{"pool1", 19, 8},
			{"conv2", 51, 8},
			{"pool2", 67, 16},
			{"conv3", 99, 16},
			{"conv4", 131, 16},
			{"conv5", 163, 16},
			{"pool5", 195, 32},
		},
	} {
		g := graph(t, net)
		fields := g.Fields()
		for _, k := range list {
			for axis, got := range fields[g.Value(k.value).Index] {
				if got.Size != k.size || got.Stride != k.stride {
					t.Errorf("%s %s, axis %d: %+v, want a field of %g at stride %g", net, k.value, axis, got, k.size, k.stride)
				}
			}
		}
	}
}

// TestFieldsAgreeWithSees compares, in every net, the field of a unit with the pixels that
// walking back through the graph finds, unit by unit.
func TestFieldsAgreeWithSees(t *testing.T) {
	for _, e := range Table() {
		g := graph(t, e.Name)
		fields := g.Fields()
		for at := 1; at < len(g.Layers); at += 1 + len(g.Layers)/5 {
			l := g.Layers[at]
			s := l.Shape()
			u := nn.Unit{Layer: l.Index, Channel: s.C / 2, Y: s.H / 2, X: s.W / 3}
			list, err := g.Sees(u)
			if err != nil {
				t.Fatal(err)
			}
			got, in := list[0].Area, g.InputValue().Shape
			f := fields[l.Out.Index]
			y0, y1 := pixels(f[0], u.Y, in.H)
			x0, x1 := pixels(f[1], u.X, in.W)
			if got.Y0 < y0 || got.Y1 > y1 || got.X0 < x0 || got.X1 > x1 {
				t.Errorf("%s %s (%d, %d) sees rows %d…%d and columns %d…%d, outside its field %d…%d, %d…%d",
					e.Name, l.Name, u.Y, u.X, got.Y0, got.Y1, got.X0, got.X1, y0, y1, x0, x1)
			}
			if e.Name == "vgg19" && (got.Y0 != y0 || got.Y1 != y1 || got.X0 != x0 || got.X1 != x1) {
				t.Errorf("%s %s: the field is %d…%d, %d…%d, a unit sees %+v", e.Name, l.Name, y0, y1, x0, x1, got)
			}
		}
	}
}

// pixels returns the first and last pixel of place i, cut to the picture.
func pixels(s nn.Span, i, size int) (first, last int) {
	start := s.Start + float64(i)*s.Stride
	return max(int(math.Floor(start)), 0), min(int(math.Ceil(start+s.Size))-1, size-1)
}

// TestMemoryOfVGG16: the most is in use when conv1_2 reads 64×224×224 numbers and writes as
// many; the weights are the parameters in four bytes each.
func TestMemoryOfVGG16(t *testing.T) {
	m := graph(t, "vgg16").Memory()
	if want := int64(4 * 2 * 64 * 224 * 224); m.Peak != want {
		t.Errorf("peak of %d bytes, want %d", m.Peak, want)
	}
	if want := int64(4 * 138357544); m.Weights != want {
		t.Errorf("weights of %d bytes, want %d", m.Weights, want)
	}
	// Per pixel of each stage: convolution and ReLU of every layer; then the poolings, the
	// flattened maps, four vectors of 4,096 and two of 1,000.
	floats := 3*224*224 + 224*224*2*2*64 + 112*112*2*2*128 + 56*56*2*3*256 + 28*28*2*3*512 + 14*14*2*3*512 +
		64*112*112 + 128*56*56 + 256*28*28 + 512*14*14 + 3*512*7*7 + 4*4096 + 2*1000
	if want := int64(4 * floats); m.Activations != want {
		t.Errorf("activations of %d bytes, want %d", m.Activations, want)
	}
}
