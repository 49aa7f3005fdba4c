package onnx

import (
	"archive/zip"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"vizserver/internal/fault"
	"vizserver/internal/nn/op"
	"vizserver/internal/onnx/onnxpb"
	"vizserver/internal/testutil"
)

// lightNets reads testdata/onnx/light.zip (see scripts/golden/onnx_light.py): by net, the file and the
// output that ONNX's reference evaluator gives.
func lightNets(t *testing.T) map[string]*nodeCase {
	t.Helper()
	z, err := zip.OpenReader(filepath.Join(testutil.Root(t), "testdata/onnx/light.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	nets := map[string]*nodeCase{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		name, kind, _ := strings.Cut(f.Name, ".")
		if nets[name] == nil {
			nets[name] = &nodeCase{name: name}
		}
		if kind == "onnx" {
			nets[name].model = b
			continue
		}
		tp := &onnxpb.TensorProto{}
		if err := proto.Unmarshal(b, tp); err != nil {
			t.Fatal(err)
		}
		c, err := (&parser{}).tensor(tp, name)
		if err != nil {
			t.Fatal(err)
		}
		nets[name].outputs = []*constant{c}
	}
	return nets
}

// TestLightNets imports the classic nets of ONNX's model zoo, in the style of 2017 (IR 3, initializers
// that are inputs, batch normalisation in pieces), and runs them. Their weights are all alike, so most
// answers say that every class is as likely; DenseNet, which has no softmax, says more.
//
// The nodes count what the net has after constants are folded: written down from the papers where they
// say it (AlexNet: 8 layers with weights, 7 ReLU, 2 LRN, 3 pools, 1 softmax and so on).
func TestLightNets(t *testing.T) {
	if testing.Short() {
		t.Skip("runs whole nets with up to 300 MB of weights")
	}
	t.Parallel()
	weighted := map[string]int{ // convolutions and fully connected layers
		"bvlc_alexnet": 8, "densenet121": 121, "inception_v1": 58, "inception_v2": 70, "resnet50": 54,
		"shufflenet": 50, "squeezenet": 26, "zfnet512": 8,
	}
	nets := lightNets(t)
	for name, c := range nets {
		t.Run(name, func(t *testing.T) {
			m, err := parse(c.model, nil)
			if err != nil {
				t.Fatal(err)
			}
			if name == "vgg19" { // a bomb, as it were: 40 kB that ask for 575 MB of constants
				_, err := convert(m, Options{})
				refused(t, name, err, fault.TooLarge, "too many elements")
				return
			}
			m.budget = 1 << 27
			im := newImporter(m)
			in := m.inputs[0]
			dims, err := inputDims(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			x := &live{name: in.name, dims: dims, batched: true}
			im.net.Input, im.net.Shape = in.name, x.shape()
			im.set(in.name, operand{live: x})
			input := make([]float32, x.shape().Len())
			for k := range input {
				input[k] = float32(float64(k) / float64(len(input)))
			}
			if name == "resnet50" || name == "inception_v2" { // the others have all that they have; this saves 10 s
				err = im.run(m.outputs[0].name)
			} else {
				var got *constant
				if got, err = evaluate(t.Context(), im, m.outputs[0].name, input); err == nil {
					err = c.compare(got, c.outputs[0])
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, d := range im.net.Nodes {
				if k := d.Op.Kind(); k == (op.Conv{}).Kind() || k == (op.Linear{}).Kind() {
					n++
				}
			}
			if n != weighted[name] {
				t.Errorf("%d layers with weights, want %d", n, weighted[name])
			}
		})
	}
	if len(nets) != 9 {
		t.Errorf("%d nets, want 9", len(nets))
	}
}
