package caffe

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"vizserver/internal/caffe/caffepb"
	"vizserver/internal/nn"
	"vizserver/internal/nn/op"
	"vizserver/internal/zoo"
)

// writer writes a net of the zoo as Caffe of 2014 saved one after training: the older form of
// layers, ReLU and dropout in place, a data layer of the TRAIN phase that says nothing but
// the side of its crop, accuracy and loss at the end.
type writer struct {
	t     *testing.T
	net   caffepb.NetParameter
	w     nn.Weights
	blobs map[*nn.Value]string
}

var v1Numbers = func() map[string]int32 {
	m := map[string]int32{}
	for n, name := range v1Types {
		m[name] = n
	}
	return m
}()

func (w *writer) add(name, kind string, bottoms, tops []string) *caffepb.V1LayerParameter {
	l := &caffepb.V1LayerParameter{Name: &name, Type: new(v1Numbers[kind]), Bottom: bottoms, Top: tops}
	w.net.Layers = append(w.net.Layers, l)
	return l
}

// blob adds weights in the four sizes of the time.
func (w *writer) blob(l *caffepb.V1LayerParameter, name string) {
	p, ok := w.w[name]
	if !ok {
		w.t.Fatalf("no weights %q", name)
	}
	d := append(slices.Repeat([]int{1}, 4-len(p.Dims)), p.Dims...)
	n := func(i int) *int32 { return new(int32(d[i])) }
	l.Blobs = append(l.Blobs, &caffepb.BlobProto{Num: n(0), Channels: n(1), Height: n(2), Width: n(3), Data: p.Data})
}

func (w *writer) node(n *nn.Node) {
	var bottoms []string
	for _, v := range n.Inputs {
		bottoms = append(bottoms, w.blobs[v])
	}
	top := n.Name
	u := func(v int) *uint32 { return new(uint32(v)) }
	add := func(kind string) *caffepb.V1LayerParameter {
		w.blobs[n.Output] = top
		return w.add(n.Name, kind, bottoms, []string{top})
	}
	switch o := n.Op.(type) {
	case op.Conv:
		l := add("Convolution")
		l.ConvolutionParam = &caffepb.ConvolutionParameter{
			NumOutput: u(o.Out), KernelSize: []uint32{*u(o.Kernel.H)}, Stride: []uint32{*u(max(o.Stride.H, 1))},
			Pad: []uint32{*u(o.Pad.H)}, Group: u(max(o.Groups, 1)),
		}
		w.blob(l, n.Name+".weight")
		w.blob(l, n.Name+".bias")
	case op.Linear:
		l := add("InnerProduct")
		l.InnerProductParam = &caffepb.InnerProductParameter{NumOutput: u(o.Out)}
		w.blob(l, n.Name+".weight")
		w.blob(l, n.Name+".bias")
	case op.ReLU:
		top = bottoms[0] // in place
		add("ReLU")
	case op.LRN:
		add("LRN").LrnParam = &caffepb.LRNParameter{
			LocalSize: u(o.Size), Alpha: new(float32(o.Alpha)), Beta: new(float32(o.Beta)), K: new(float32(o.K)),
		}
	case op.MaxPool:
		add("Pooling").PoolingParam = &caffepb.PoolingParameter{KernelSize: u(o.Kernel.H), Stride: u(o.Stride.H), Pad: u(o.Pad.H)}
	case op.GlobalAvgPool:
		add("Pooling").PoolingParam = &caffepb.PoolingParameter{
			Pool: caffepb.PoolingParameter_AVE.Enum(), KernelSize: u(n.Inputs[0].Shape.H), Stride: u(1),
		}
	case op.Concat:
		add("Concat")
	case op.Flatten: // InnerProduct does it
		w.blobs[n.Output] = bottoms[0]
	case op.Softmax:
		w.add("accuracy", "Accuracy", []string{bottoms[0], "label"}, []string{"accuracy"})
		bottoms = append(bottoms, "label")
		add("SoftmaxWithLoss")
	default:
		w.t.Fatalf("no Caffe layer for %T", o)
	}
}

// caffeModel writes a net of the zoo. Behind the value after it puts a head that helps in
// training alone.
func caffeModel(t *testing.T, g *nn.Graph, weights nn.Weights, after string) []byte {
	t.Helper()
	w := writer{t: t, w: weights, blobs: map[*nn.Value]string{g.InputValue(): "data"}}
	w.net.Name = new(g.Name)
	data := w.add("data", "Data", nil, []string{"data", "label"})
	data.Include = []*caffepb.NetStateRule{{Phase: caffepb.Phase_TRAIN.Enum()}}
	data.TransformParam = &caffepb.TransformationParameter{CropSize: new(uint32(g.InputValue().Shape.H))}
	for _, n := range g.Nodes {
		w.node(n)
		if n.Name == after {
			top := w.blobs[n.Output]
			w.add("drop", "Dropout", []string{top}, []string{top})
			c := int32(n.Output.Shape.Sample())
			l := w.add("loss1/classifier", "InnerProduct", []string{top}, []string{"loss1/classifier"})
			l.InnerProductParam = &caffepb.InnerProductParameter{NumOutput: new(uint32(2)), BiasTerm: new(false)}
			l.Blobs = []*caffepb.BlobProto{{
				Num: new(int32(1)), Channels: new(int32(1)), Height: new(int32(2)), Width: &c, Data: make([]float32, 2*c),
			}}
			w.add("loss1/loss1", "SoftmaxWithLoss", []string{"loss1/classifier", "label"}, []string{"loss1/loss1"})
		}
	}
	b, err := proto.Marshal(&w.net)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCaffeNetsOfTheZoo reads bvlc_alexnet and bvlc_googlenet as files of 2014 and demands the
// graph that zoo builds from their papers: the same operators on the same values, and the same
// bits in every activation.
func TestCaffeNetsOfTheZoo(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a file of 244 MB and runs both nets twice")
	}
	for name, after := range map[string]string{"alexnet-2012": "pool5", "googlenet-caffe": "inception_4a/output"} {
		t.Run(name, func(t *testing.T) {
			entry, err := zoo.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			g, err := entry.Graph()
			if err != nil {
				t.Fatal(err)
			}
			want := &nn.Model{Name: name, Graph: g, Weights: zoo.Seeded(g)}
			file := caffeModel(t, g, want.Weights, after)
			var before, behind runtime.MemStats
			runtime.ReadMemStats(&before)
			got := model(t, file, Options{})
			runtime.ReadMemStats(&behind)
			taken := behind.TotalAlloc - before.TotalAlloc
			t.Logf("a file of %d bytes takes %d bytes of memory to read", len(file), taken)
			if taken > uint64(len(file))+4<<20 {
				t.Errorf("reading a file of %d bytes allocated %d bytes: the weights were copied", len(file), taken)
			}
			sameRuns(t, got, want)
		})
	}
}

func sameRuns(t *testing.T, got, want *nn.Model) {
	t.Helper()
	if g, w := ops(got.Graph), ops(want.Graph); !slices.Equal(g, w) {
		t.Fatalf("the graphs differ:\n%v\n%v", g, w)
	}
	for _, kind := range []string{"inception", "branch"} {
		if g, w := blocks(got.Graph.Root, kind), blocks(want.Graph.Root, kind); g != w {
			t.Errorf("%d blocks of the kind %s, want %d", g, kind, w)
		}
	}
	input := make([]float32, want.Graph.InputValue().Shape.Len())
	for i := range input {
		input[i] = float32(i*7919%1999)/10 - 100
	}
	a, b := run(t, got, input), run(t, want, input)
	defer a.Release()
	defer b.Release()
	nodes := needed(want.Graph)
	for i, m := range got.Graph.Nodes {
		n := nodes[i]
		if n.Name != m.Name && n.Op != (op.Flatten{}) {
			t.Errorf("node %d is %q, want %q", i, m.Name, n.Name)
		}
		if !slices.Equal(read(t, a, m.Output), read(t, b, n.Output)) {
			t.Fatalf("the values of %s differ", n.Name)
		}
	}
}

// blocks counts the blocks of a kind.
func blocks(b *nn.Block, kind string) int {
	n := 0
	if b.Kind == kind {
		n = 1
	}
	for _, c := range b.Children {
		n += blocks(c, kind)
	}
	return n
}

// needed leaves out the nodes that lay a vector in a row: Caffe's reader makes none.
func needed(g *nn.Graph) []*nn.Node {
	return slices.DeleteFunc(slices.Clone(g.Nodes), func(n *nn.Node) bool {
		return n.Op == (op.Flatten{}) && vector(n.Inputs[0].Shape)
	})
}

// ops lists the operators with the values that they read.
func ops(g *nn.Graph) []string {
	place := map[*nn.Value]int{g.InputValue(): -1}
	for _, n := range g.Nodes { // those left out stand for their input
		place[n.Output] = -2
		if len(n.Inputs) > 0 {
			place[n.Output] = place[n.Inputs[0]]
		}
		if i := slices.Index(needed(g), n); i >= 0 {
			place[n.Output] = i
		}
	}
	var list []string
	for _, n := range needed(g) {
		var in []int
		for _, v := range n.Inputs {
			in = append(in, place[v])
		}
		list = append(list, fmt.Sprintf("%s%v %v", n.Op.Kind(), in, n.Output.Shape))
	}
	return list
}
